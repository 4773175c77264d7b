import type { Proposal } from '../../actions/contracts.ts';
import {
  deployments,
  horizontalPodAutoscalers,
  type Metadata,
  metadataOf,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../cluster/kinds.ts';
import { forHowLong, timeOf } from '../../health-check/age.ts';
import { conditionOf } from '../../health-check/wire.ts';
import { type Read, refKey, refTo, type Wire } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { declaredSince, isOwned, latest } from '../since.ts';

/** What can be scaled of Kubernetes' own. Of any other kind nobody here knows what exists, and its autoscalers are left alone. */
const scalable = { deployments, statefulSets, replicaSets, replicationControllers } as const;

/** KEDA makes autoscalers of its own, and labels them: https://keda.sh/docs/latest/concepts/scaling-deployments/ */
const kedaLabel = 'scaledobject.keda.sh/name';

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');

export default defineRule({
  id: 'horizontal-pod-autoscalers-without-target',
  title: 'HorizontalPodAutoscalers of a workload that is gone',
  why: 'They scale nothing and fill the events with failures, and they would take hold of the next workload of that name.',
  upstream: 'https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/',
  reads: {
    autoscalers: horizontalPodAutoscalers,
    deployments: metadataOf(deployments),
    statefulSets: metadataOf(statefulSets),
    replicaSets: metadataOf(replicaSets),
    replicationControllers: metadataOf(replicationControllers),
  },
  options: ruleOptions({ enabled: true, minimumAgeHours: 24 }),
  target: horizontalPodAutoscalers,
  does: 'report',
  start({ now, emit }) {
    const found: { readonly target: string; readonly proposal: Proposal }[] = [];
    const existing = new Set<string>();
    const note =
      (read: Read) =>
      ({ metadata }: Wire<Metadata>) => {
        existing.add(refKey(refTo(read, metadata)));
      };
    return {
      see: {
        autoscalers({ metadata, spec, status }) {
          const { apiVersion, kind, name } = spec?.scaleTargetRef ?? {};
          if (!apiVersion || !kind || !name || isOwned(metadata) || metadata?.labels?.[kedaLabel] !== undefined) return;
          const read = Object.values(scalable).find((each) => each.kind === kind && each.group === groupOf(apiVersion));
          const known = proposed(horizontalPodAutoscalers, metadata);
          if (!read || !known) return;
          const able = conditionOf(status?.conditions, 'AbleToScale');
          const failing = able?.status === 'False' ? timeOf(able.lastTransitionTime) : undefined;
          const since = latest(declaredSince(metadata), failing);
          found.push({
            target: refKey(refTo(read, { namespace: metadata?.namespace ?? null, name })),
            proposal: {
              ...known,
              reason: `its target ${kind} ${name} does not exist${failing === undefined ? '' : `, and it could not scale${forHowLong(failing, now)}`}`,
              since,
              facts: { targetKind: kind, targetName: name },
              risk: 'medium',
            },
          });
        },
        deployments: note(deployments),
        statefulSets: note(statefulSets),
        replicaSets: note(replicaSets),
        replicationControllers: note(replicationControllers),
      },
      finish() {
        for (const { target, proposal } of found) if (!existing.has(target)) emit(proposal);
      },
    };
  },
});
