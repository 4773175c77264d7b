import type { Proposal } from '../../actions/contracts.ts';
import { nodes, pods } from '../../cluster/kinds.ts';
import { textOf } from '../../health-check/wire.ts';
import { defineRule, ruleOptions } from '../contracts.ts';
import { endedPod, whyPodStays } from '../ended-pod.ts';
import { isLive, unreadable } from '../live-object.ts';

export default defineRule({
  id: 'terminated-pods',
  title: 'Pods that failed, were evicted, or ran once and are done',
  why: 'Nobody deletes evicted pods, failed pods of ReplicaSets or bare pods that are done before there are 12,500 of them; they hide what fails now.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection',
  reads: { pods, nodes: { ...nodes, optional: true } },
  target: pods,
  does: 'delete',
  options: ruleOptions({ enabled: true, minimumAgeHours: 24 }),
  start({ now, emit, isWhole }) {
    const nodeNames = new Set<string>();
    const found: { readonly proposal: Proposal; readonly node: string | undefined }[] = [];
    return {
      see: {
        nodes({ metadata }) {
          if (metadata?.name) nodeNames.add(metadata.name);
        },
        pods(pod) {
          const proposal = endedPod(pod, now);
          if (proposal) found.push({ proposal, node: textOf(pod.spec?.nodeName) });
        },
      },
      finish() {
        // Those of nodes that are gone are the rule pods-of-missing-nodes', which waits for less; it says nothing either where nodes are unknown.
        const nodesKnown = isWhole('nodes') && nodeNames.size > 0;
        for (const { proposal, node } of found) if (!nodesKnown || node === undefined || nodeNames.has(node)) emit(proposal);
      },
    };
  },
  recheck: (fresh) => (isLive(pods, fresh) ? whyPodStays(fresh) : unreadable),
});
