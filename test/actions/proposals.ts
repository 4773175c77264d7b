/** Proposals, rules and what else a plan is made of, for tests. */
import type { GuardedMetadata, Proposal } from '../../functions/actions/contracts.ts';
import { guardSettings } from '../../functions/actions/guards/settings.ts';
import type { PlanInput, PlanningRule } from '../../functions/actions/make-plan.ts';
import { ruleOptions } from '../../functions/cleanup/contracts.ts';
import { events, jobs, persistentVolumes, pods, secrets } from '../../functions/cluster/kinds.ts';
import type { Read } from '../../functions/scan/contracts.ts';

export const now = Date.parse('2026-11-24T17:30:00Z');
export const hour = 3_600_000;

export const ruleOf = (id: string, target: Read, over: Partial<PlanningRule> = {}): PlanningRule => ({
  id,
  target,
  does: 'delete',
  options: ruleOptions({ enabled: true, minimumAgeHours: 24 }),
  ...over,
});
export const rules = [
  ruleOf('finished-jobs', jobs),
  ruleOf('terminated-pods', pods),
  ruleOf('pods-of-missing-nodes', pods),
  ruleOf('old-events', events, { limitsByNamespace: true }),
  ruleOf('reclaim-released-volumes', persistentVolumes, { does: 'patch' }),
  ruleOf('delete-volumes', persistentVolumes),
  ruleOf('unused-secrets', secrets, { does: 'report' }),
];

export const proposal = (
  rule: string,
  name: string,
  over: Partial<Proposal> = {},
  metadata: GuardedMetadata = {},
): Proposal & { rule: string } => {
  const target = rules.find(({ id }) => id === rule)?.target ?? pods;
  const namespace = target === persistentVolumes ? undefined : (metadata.namespace ?? 'shop');
  const version = target.versions[0];
  return {
    rule,
    object: {
      apiVersion: target.group ? `${target.group}/${version}` : version,
      kind: target.kind,
      ...(namespace !== undefined && { namespace }),
      name,
      uid: `uid-${target.kind}-${namespace}-${name}`,
      resourceVersion: '7',
    },
    reason: 'finished 2 days ago',
    since: now - 48 * hour,
    facts: { condition: 'Complete' },
    risk: 'low',
    metadata: namespace === undefined ? withoutNamespace(metadata) : { ...metadata, namespace },
    ...over,
  };
};
export const input = (proposals: PlanInput['proposals'], over: Partial<PlanInput> = {}): PlanInput => ({
  proposals,
  rules,
  options: {},
  totals: new Map([
    ['batch/jobs', 100],
    ['/pods', 100],
    ['/persistentvolumes', 100],
    ['/events/shop', 100],
    ['/events/pay', 100],
  ]),
  namespaces: new Map([
    ['shop', {}],
    ['pay', {}],
    ['kube-system', {}],
  ]),
  settings: guardSettings(),
  identity: { cluster: 'prod', clusterUid: 'c-uid', configuration: 'c0ffee' },
  now,
  runId: '0123456789abcdef',
  ...over,
});

const withoutNamespace = ({ namespace: _, ...metadata }: GuardedMetadata): GuardedMetadata => metadata;
