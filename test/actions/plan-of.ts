/** Plans for the executor's tests, from objects as a server gave them. */
import type { Actor, Plan, PlannedAction, Resource } from '../../functions/actions/contracts.ts';
import { timedId } from '../../functions/actions/ids.ts';

export const resources = {
  configMap: { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespaced: true },
  secret: { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true },
  pod: { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true },
  job: { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespaced: true },
  service: { group: '', version: 'v1', resource: 'services', kind: 'Service', namespaced: true },
  volume: { group: '', version: 'v1', resource: 'persistentvolumes', kind: 'PersistentVolume', namespaced: false },
} satisfies Readonly<Record<string, Resource>>;

export interface Seen {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string; readonly resourceVersion: string };
}

export const ruleOf = ({ resource }: Resource): string => `unneeded-${resource}`;

/** The deletion of an object as it was seen; `more` laid over it. */
export function actionOn(resource: Resource, { metadata }: Seen, more: Partial<PlannedAction> = {}): PlannedAction {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    id: `${ruleOf(resource)}/${namespace ?? ''}/${name}`,
    kind: 'delete',
    object: {
      apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
      kind: resource.kind,
      ...(namespace !== undefined && { namespace }),
      name,
      uid,
      resourceVersion,
    },
    rule: ruleOf(resource),
    reason: 'nobody needs it',
    risk: 'low',
    state: 'planned',
    resource,
    propagationPolicy: 'Background',
    ...more,
  };
}

export const planOf = (clusterUid: string, actions: readonly PlannedAction[], more: Partial<Plan> = {}): Plan => ({
  schemaVersion: 1,
  id: timedId(Date.UTC(2026, 10, 24, 17, 30), '00000000000000aa'),
  operation: 'cleanup',
  kind: 'cleanup',
  cluster: 'test',
  clusterUid,
  configuration: 'c0ffee',
  createdAt: '2026-11-24T17:30:00Z',
  expiresAt: '2026-11-25T17:30:00Z',
  options: {},
  actions,
  ...more,
});

/** What the executor knows of the rules of `actionOn`; each still holds, unless told. */
export const actorsOf = (plan: Plan, recheck: Actor['recheck'] = () => undefined): ReadonlyMap<string, Actor> =>
  new Map(
    plan.actions.map(({ rule, kind, resource }) => [
      rule,
      {
        id: rule,
        does: kind,
        target: { group: resource.group, resource: resource.resource, kind: resource.kind, versions: [resource.version] },
        recheck,
      },
    ]),
  );

export const journalId = timedId(Date.UTC(2026, 10, 24, 18), '00000000000000bb');
