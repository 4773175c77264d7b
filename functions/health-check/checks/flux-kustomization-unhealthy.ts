import * as z from 'zod';
import { type FluxKustomization, fluxKustomizations } from '../../cluster/kinds.ts';
import { defineCheck, type Read, type Ref, refTo, type Wire } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { durationOf } from '../cron-schedule.ts';
import { kubectl } from '../kubectl.ts';
import { because, conditionOf, listOf, textOf } from '../wire.ts';

/** What is read beside the fields of kinds.ts: meta/v1.Snapshot in status.history, newest first, since Flux 2.7. */
interface RetriedKustomization extends FluxKustomization {
  spec?: FluxKustomization['spec'] & { retryInterval?: string };
  status?: FluxKustomization['status'] & {
    history?: { firstReconciled?: string; lastReconciled?: string; lastReconciledStatus?: string }[];
  };
}
type Kustomization = Wire<RetriedKustomization>;
const kustomizations = fluxKustomizations as Read<RetriedKustomization>;

const succeeded = 'ReconciliationSucceeded';

/**
 * Since when its tries fail, and how, by its history. Ready does not tell: each try sets it to Unknown, and its time anew (runtime/conditions/setter.go of
 * fluxcd/pkg), so that it is never older than the interval.
 */
const failingOf = ({ status }: Kustomization): { readonly since: number; readonly reason: string } | undefined => {
  const snapshots = listOf(status?.history);
  const [newest] = snapshots;
  const began = timeOf(newest?.firstReconciled);
  const reason = textOf(newest?.lastReconciledStatus);
  if (!reason || reason === succeeded || began === undefined) return undefined;
  // One snapshot holds all tries that ended alike, be there a success between them.
  const successes = snapshots.flatMap(({ lastReconciledStatus, lastReconciled }) =>
    lastReconciledStatus === succeeded ? (timeOf(lastReconciled) ?? []) : [],
  );
  return { since: Math.max(began, ...successes), reason };
};

/** Half of what lies between two tries, in ms: a failure can seldom be seen to be older. */
const halfInterval = ({ spec }: Kustomization): number => {
  try {
    return durationOf(textOf(spec?.retryInterval) ?? textOf(spec?.interval) ?? '') / 2;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};

/** Kinds that Flux names in `timeout waiting for: [Deployment/shop/web status: 'InProgress']`, with their groups. */
const groups: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  Pod: 'v1',
};

/** The objects that its message says it waits for: another Kustomization, or workloads of its own. */
const causesIn = (message: string): readonly { readonly cause: Ref; readonly because: string }[] => [
  ...[...message.matchAll(/dependency '([^'/]+)\/([^']+)'/g)].map(([, namespace, name]) => ({
    cause: refTo(fluxKustomizations, { namespace: namespace ?? '', name: name ?? '' }),
    because: 'it depends on it',
  })),
  ...[...message.matchAll(/\b([A-Z][A-Za-z]+)\/([a-z0-9-]+)\/([a-z0-9.-]+) status: '/g)].flatMap(
    ([, kind = '', namespace = '', name = '']) => {
      const apiVersion = groups[kind];
      return apiVersion ? [{ cause: { apiVersion, kind, namespace, name }, because: 'its health check waits for it' }] : [];
    },
  ),
];

export default defineCheck({
  id: 'flux-kustomization-unhealthy',
  title: 'Flux Kustomizations that are not ready',
  why: 'What runs is not what Git says, and later changes do not arrive.',
  upstream: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#conditions',
  reads: { kustomizations },
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(10).describe('Leave Kustomizations alone that failed for less than this'),
    progressingMinutes: z.number().min(0).default(60).describe('Leave Kustomizations alone that are being reconciled for less than this'),
  }),
  start({ options, now, emit, link }) {
    return {
      see: {
        kustomizations(kustomization) {
          const { metadata, spec, status } = kustomization;
          if (spec?.suspend || metadata?.deletionTimestamp) return;
          const ready = conditionOf(status?.conditions, 'Ready');
          if (ready?.status === 'True') return;
          const stalled = conditionOf(status?.conditions, 'Stalled')?.status === 'True';
          const failing = failingOf(kustomization);
          const failed = stalled || ready?.status === 'False' || failing !== undefined;
          const since = failing?.since ?? timeOf(ready?.lastTransitionTime) ?? timeOf(metadata?.creationTimestamp);
          const seldomOlder = failing === undefined ? halfInterval(kustomization) : Number.POSITIVE_INFINITY;
          const grace = failed ? Math.min(minutes(options.graceMinutes), seldomOlder) : minutes(options.progressingMinutes);
          if (!isOlder(since, grace, now)) return;
          const object = refTo(fluxKustomizations, metadata);
          const isTrying = failing !== undefined && ready?.status !== 'False';
          const reason = isTrying ? failing.reason : (textOf(ready?.reason) ?? '');
          const state = failed ? `not ready${stalled ? ', and not tried again' : ''}` : 'being reconciled without an end';
          // While it is tried again Ready says nothing of what went wrong.
          const why = isTrying ? ', and being tried again' : because(ready?.message);
          emit({
            object,
            severity: 'warning',
            message: `${ready ? state : 'no controller has looked at it'}${forHowLong(since, now)}${reason && ` (${reason})`}${ready ? why : ''}`,
            remedy: kubectl(object, `describe kustomizations.kustomize.toolkit.fluxcd.io ${object.name}`),
            ...startedAt(since),
            details: { reason },
          });
          for (const cause of causesIn(textOf(ready?.message) ?? '')) link({ effect: object, ...cause });
        },
      },
    };
  },
});
