import { absent, type Proposal } from '../../actions/contracts.ts';
import { nodes, pods } from '../../cluster/kinds.ts';
import { textOf } from '../../health-check/wire.ts';
import { defineRule, ruleOptions } from '../contracts.ts';
import { endedPod, whyPodStays } from '../ended-pod.ts';
import { isLive, unreadable } from '../live-object.ts';

export default defineRule({
  id: 'pods-of-missing-nodes',
  title: 'Pods that ended on nodes that are gone',
  why: 'Nothing of them is left but their record, and it looks as if they had failed lately.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection',
  reads: { pods, nodes },
  target: pods,
  does: 'delete',
  options: ruleOptions({ enabled: true, minimumAgeHours: 1 }),
  start({ now, emit }) {
    const nodeNames = new Set<string>();
    const found: { readonly proposal: Proposal; readonly node: string }[] = [];
    return {
      see: {
        nodes({ metadata }) {
          if (metadata?.name) nodeNames.add(metadata.name);
        },
        pods(pod) {
          const node = textOf(pod.spec?.nodeName);
          const proposal = node === undefined ? undefined : endedPod(pod, now);
          if (node !== undefined && proposal) found.push({ proposal, node });
        },
      },
      finish() {
        // A list of no nodes at all says more of the list than of the nodes.
        if (nodeNames.size === 0) return;
        for (const { proposal, node } of found)
          if (!nodeNames.has(node))
            emit({ ...proposal, reason: `${proposal.reason}; its node ${node} is gone`, facts: { ...proposal.facts, nodeExists: false } });
      },
    };
  },
  // As kube-controller-manager does it: not in the list, waited for, and then a live 404 (pkg/controller/podgc/gc_controller.go).
  async recheck(fresh, { get }) {
    if (!isLive(pods, fresh)) return unreadable;
    const stays = whyPodStays(fresh);
    const node = textOf(fresh.spec?.nodeName);
    if (stays !== undefined || node === undefined) return stays ?? 'it was never given to a node';
    return (await get(nodes, node)) === absent ? undefined : `its node ${node} exists`;
  },
});
