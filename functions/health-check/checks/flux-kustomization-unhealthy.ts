import * as z from 'zod';
import { fluxKustomizations } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refTo } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { because, conditionOf } from '../wire.ts';

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
  ...[...message.matchAll(/dependency '([^'/]+)\/([^']+)' is not ready/g)].map(([, namespace, name]) => ({
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
  reads: { fluxKustomizations },
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(10).describe('Leave Kustomizations alone that failed for less than this'),
    progressingMinutes: z.number().min(0).default(60).describe('Leave Kustomizations alone that are being reconciled for less than this'),
  }),
  start({ options, now, emit, link }) {
    return {
      see: {
        fluxKustomizations({ metadata, spec, status }) {
          if (spec?.suspend) return;
          const ready = conditionOf(status?.conditions, 'Ready');
          if (ready?.status === 'True') return;
          const stalled = conditionOf(status?.conditions, 'Stalled')?.status === 'True';
          const failed = stalled || ready?.status === 'False';
          const since = timeOf(ready?.lastTransitionTime) ?? timeOf(metadata?.creationTimestamp);
          if (!isOlder(since, minutes(failed ? options.graceMinutes : options.progressingMinutes), now)) return;
          const object = refTo(fluxKustomizations, metadata);
          const reason = ready?.reason ? ` (${ready.reason})` : '';
          emit({
            object,
            severity: 'warning',
            message: !ready
              ? `no controller has looked at it${forHowLong(since, now)}`
              : `${failed ? `not ready${stalled ? ', and not tried again' : ''}` : 'being reconciled without an end'}${forHowLong(since, now)}${reason}${because(ready.message)}`,
            remedy: kubectl(object, `describe kustomizations.kustomize.toolkit.fluxcd.io ${object.name}`),
            ...startedAt(since),
            details: { reason: ready?.reason ?? '' },
          });
          for (const { cause, because: why } of causesIn(ready?.message ?? '')) link({ effect: object, cause, because: why });
        },
      },
    };
  },
});
