import * as z from 'zod';
import { type ArgoApplication, argoApplications } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refTo, type Wire } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { because, listOf, some, textOf } from '../wire.ts';

type Application = Wire<ArgoApplication>;

/** The resources that make it unhealthy; only those of the cluster that Argo CD runs in can be a cause here. */
const unhealthyResources = ({ status }: Application) =>
  listOf(status?.resources)
    .filter(({ health }) => ['Degraded', 'Missing', 'Unknown'].includes(health?.status ?? ''))
    .map(({ group, version, kind, namespace, name }) => ({
      group: textOf(group),
      version: textOf(version),
      kind: textOf(kind),
      namespace: textOf(namespace),
      name: textOf(name),
    }));

const isHere = ({ spec }: Application): boolean =>
  spec?.destination?.server === 'https://kubernetes.default.svc' || spec?.destination?.name === 'in-cluster';

/** Since when its health is what it is; the last operation where an older Argo CD does not tell. */
const healthSince = ({ status }: Application): number | undefined =>
  timeOf(status?.health?.lastTransitionTime) ?? timeOf(status?.operationState?.finishedAt) ?? timeOf(status?.operationState?.startedAt);

const healthMessages: Readonly<Record<string, string>> = {
  Degraded: 'degraded',
  Missing: 'resources of it are missing in the cluster',
  Unknown: 'its health cannot be told',
  Progressing: 'progressing without an end',
};

export default defineCheck({
  id: 'argocd-application-unhealthy',
  title: 'Argo CD Applications that are not healthy',
  why: 'What runs is not what Git says, or does not work, and later changes do not arrive.',
  upstream: 'https://argo-cd.readthedocs.io/en/stable/operator-manual/health/',
  reads: { argoApplications },
  // An Application’s health follows its pods, and is Progressing whenever they are started again.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z
      .number()
      .min(0)
      .default(10)
      .describe('Leave Applications alone that are degraded or missing resources for less than this'),
    progressingMinutes: z
      .number()
      .min(0)
      .default(60)
      .describe('Leave Applications alone that are progressing or unknown for less than this'),
  }),
  start({ options, now, emit, link }) {
    const judgeHealth = (application: Application, object: Ref): void => {
      const health = application.status?.health;
      // With a manual sync policy that is a choice, as of previews.
      const neverSynced = health?.status === 'Missing' && !application.status?.operationState;
      const state = textOf(health?.status) ?? '';
      const says = neverSynced
        ? 'never synced, so nothing of it is in the cluster'
        : Object.hasOwn(healthMessages, state) && healthMessages[state];
      if (!says) return;
      const isBad = health?.status === 'Degraded' || health?.status === 'Missing';
      const since = healthSince(application);
      // A bad state without a time is believed to be an old one; a passing one is not.
      const old = isOlder(since, minutes(isBad ? options.graceMinutes : options.progressingMinutes), now) || (isBad && since === undefined);
      if (!old) return;
      const resources = unhealthyResources(application);
      const names = resources.map(({ kind, name }) => `${kind ?? 'a resource'} ${name ?? ''}`.trim());
      emit({
        object,
        subject: 'health',
        severity: neverSynced ? 'info' : 'warning',
        message: `${says}${forHowLong(since, now)}${names.length > 0 ? `: ${some(names)}` : because(health?.message)}`,
        remedy: `argocd app get ${object.name}, or ${kubectl(object, `get applications.argoproj.io ${object.name} -o yaml`)}`,
        ...startedAt(since),
        details: { health: state },
      });
      if (!isHere(application)) return;
      for (const { group, version, kind, namespace, name } of resources) {
        if (!kind || !name) continue;
        const apiVersion = group ? `${group}/${version ?? ''}` : (version ?? 'v1');
        link({
          effect: object,
          cause: { apiVersion, kind, ...(namespace ? { namespace } : {}), name },
          because: 'it is one of its resources',
        });
      }
    };

    const judgeSync = ({ status }: Application, object: Ref): void => {
      const operation = status?.operationState;
      // What is in sync again was healed by a later one.
      const failed = (operation?.phase === 'Failed' || operation?.phase === 'Error') && status?.sync?.status !== 'Synced';
      const errors = listOf(status?.conditions).filter(({ type }) => textOf(type)?.endsWith('Error'));
      const comparison = errors.find(() => status?.sync?.status === 'Unknown');
      if (!failed && !comparison) return;
      const since = timeOf(comparison?.lastTransitionTime) ?? timeOf(operation?.finishedAt);
      if (!isOlder(since ?? 0, minutes(options.graceMinutes), now)) return;
      emit({
        object,
        subject: 'sync',
        severity: 'warning',
        message: comparison
          ? `cannot be compared with Git (${comparison.type})${because(comparison.message)}`
          : `its last sync failed${because(operation?.message)}`,
        remedy: `argocd app get ${object.name} --show-operation, or ${kubectl(object, `get applications.argoproj.io ${object.name} -o yaml`)}`,
        ...startedAt(since),
      });
    };

    return {
      see: {
        argoApplications(application) {
          const object = refTo(argoApplications, application.metadata);
          judgeHealth(application, object);
          judgeSync(application, object);
        },
      },
    };
  },
});
