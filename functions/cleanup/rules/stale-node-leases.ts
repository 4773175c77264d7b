import type { Proposal } from '../../actions/contracts.ts';
import { leases, metadataOf, nodes } from '../../cluster/kinds.ts';
import { forHowLong, timeOf } from '../../health-check/age.ts';
import { listOf } from '../../health-check/wire.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { latest } from '../since.ts';

const namespace = 'kube-node-lease';

export default defineRule({
  id: 'stale-node-leases',
  title: 'Heartbeats of nodes that are gone',
  why: 'They are made without their node as owner when a kubelet starts before its node is registered, and then nothing takes them away.',
  upstream: 'https://kubernetes.io/docs/concepts/architecture/leases/#node-heart-beats',
  reads: { leases: { ...leases, namespace }, nodes: metadataOf(nodes) },
  options: ruleOptions({ enabled: true, minimumAgeHours: 1 }),
  target: leases,
  does: 'report',
  start({ now, emit }) {
    const existing = new Set<string>();
    const found: Proposal[] = [];
    return {
      see: {
        nodes({ metadata }) {
          if (metadata?.name) existing.add(metadata.name);
        },
        leases({ metadata, spec }) {
          // A kubelet's lease has its node's name and is held by it: anything else there is somebody's lock. pkg/kubelet/kubelet.go
          const isOfNode =
            spec?.holderIdentity === metadata?.name && listOf(metadata?.ownerReferences).every(({ kind }) => kind === 'Node');
          const known = proposed(leases, metadata);
          if (!isOfNode || !known) return;
          const since = latest(timeOf(spec?.renewTime), timeOf(spec?.acquireTime), timeOf(metadata?.creationTimestamp));
          found.push({
            ...known,
            reason: `there is no such node, and nobody has renewed it${forHowLong(since, now)}`,
            since,
            facts: { renewed: since === undefined ? 'never' : new Date(since).toISOString() },
            risk: 'low',
          });
        },
      },
      finish() {
        for (const proposal of found) if (!existing.has(proposal.object.name)) emit(proposal);
      },
    };
  },
});
