import type { Proposal } from '../../actions/contracts.ts';
import { horizontalPodAutoscalers, replicaSets } from '../../cluster/kinds.ts';
import { inWords } from '../../health-check/age.ts';
import { refKey, refTo } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { declaredSince, isOwned } from '../since.ts';

export default defineRule({
  id: 'unused-replica-sets',
  title: 'ReplicaSets of zero pods that nobody owns',
  why: 'They are left behind when a Deployment is deleted without its ReplicaSets, and hide what really runs.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/',
  reads: { replicaSets, autoscalers: horizontalPodAutoscalers },
  options: ruleOptions({ enabled: true, minimumAgeHours: 168 }),
  target: replicaSets,
  does: 'report',
  start({ now, emit }) {
    const found: Proposal[] = [];
    const scaled = new Set<string>();
    return {
      see: {
        replicaSets({ metadata, spec, status }) {
          // Those that a Deployment owns are its history, which it keeps by its own limit (kor #341, #467).
          if (isOwned(metadata) || spec?.replicas !== 0 || (status?.replicas ?? 0) > 0) return;
          const known = proposed(replicaSets, metadata);
          if (!known) return;
          const since = declaredSince(metadata);
          const long = since === undefined ? '' : `, unchanged for ${inWords(now - since)}`;
          found.push({
            ...known,
            reason: `scaled to zero, and no Deployment owns it${long}`,
            since,
            facts: { replicas: 0, owners: 0 },
            risk: 'medium',
          });
        },
        autoscalers({ metadata, spec }) {
          const { kind, name } = spec?.scaleTargetRef ?? {};
          if (kind === 'ReplicaSet') scaled.add(refKey(refTo(replicaSets, { namespace: metadata?.namespace ?? null, name: name ?? null })));
        },
      },
      finish() {
        for (const proposal of found) if (!scaled.has(refKey(proposal.object))) emit(proposal);
      },
    };
  },
});
