import type { Proposal } from '../../actions/contracts.ts';
import { podDisruptionBudgets } from '../../cluster/kinds.ts';
import { lastChange } from '../../health-check/last-change.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { customMentions, noteMentions } from '../custom-mentions.ts';
import { type Requirement, requirementsOf } from '../label-selector.ts';
import { overCustomResources } from '../over-custom-resources.ts';
import { podTargetReads, podTargets } from '../pod-targets.ts';
import { declaredSince, isOwned, latest } from '../since.ts';

const rule = defineRule({
  id: 'pod-disruption-budgets-without-target',
  title: 'PodDisruptionBudgets that protect nothing',
  why: 'Whoever reads them believes that something is protected; and they would hold up the drain of nodes for the next pods with these labels.',
  upstream: 'https://kubernetes.io/docs/tasks/run-application/configure-pdb/',
  reads: { budgets: podDisruptionBudgets, ...podTargetReads },
  options: ruleOptions({ enabled: true, minimumAgeHours: 168 }),
  target: podDisruptionBudgets,
  does: 'report',
  start({ emit, shared }) {
    const targets = shared(podTargets);
    const mentions = shared(customMentions);
    const found: { readonly requirements: readonly Requirement[] | undefined; readonly proposal: Proposal }[] = [];
    return {
      see: {
        ...targets.see,
        budgets({ metadata, spec, status }) {
          const { selector } = spec ?? {};
          const requirements = selector ? requirementsOf(selector) : undefined;
          // One that is not understood may select anything, and an empty one is meant for whatever comes into its namespace.
          if (isOwned(metadata) || (selector && !requirements) || requirements?.length === 0) return;
          const known = proposed(podDisruptionBudgets, metadata);
          if (!known) return;
          found.push({
            requirements,
            proposal: {
              ...known,
              reason: selector ? 'its selector matches no pod, and nothing that makes pods' : 'it has no selector, and so protects no pod',
              // Its controller writes down how many pods it is to count: its last word is not younger than they are gone.
              since: latest(declaredSince(metadata), lastChange(metadata, 'status')),
              facts: { expectedPods: status?.expectedPods ?? 0, hasSelector: Boolean(selector) },
              risk: 'medium',
            },
          });
        },
      },
      finish() {
        for (const { requirements, proposal } of found) {
          const { namespace } = proposal.object;
          if (requirements && (targets.isAny(namespace, requirements) || mentions.isOperated(namespace, requirements))) continue;
          emit(proposal);
        }
      },
    };
  },
});

export default overCustomResources(rule, noteMentions);
