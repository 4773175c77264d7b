import * as z from 'zod';
import { clusterRoles, metadataOf } from '../../cluster/kinds.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, presentInCluster, sawWhole, sayMissing } from '../restorability/absences.ts';
import { isBuiltIn, platformOf } from '../restorability/baseline.ts';
import { fieldsAt, nameOf, placeOf, refOf } from '../restorability/fields.ts';

const roles = { ...metadataOf(clusterRoles), optional: true } as const;
const group = 'rbac.authorization.k8s.io';
const clusterRole = { kind: 'ClusterRole', resource: 'clusterroles', group, namespaced: false } as const;
const role = { kind: 'Role', resource: 'roles', group, namespaced: true } as const;

/** The role that a binding names; undefined for what is none. */
function roleOf(
  object: ArchivedObject,
): { readonly kind: 'ClusterRole' | 'Role'; readonly namespace?: string; readonly name: string } | undefined {
  const isBinding = [`rolebindings.${group}`, `clusterrolebindings.${group}`].includes(groupResource(object));
  const ref = isBinding ? fieldsAt(object.body, 'roleRef') : {};
  const name = nameOf(ref.name);
  if (name === undefined) return undefined;
  if (ref.kind === 'ClusterRole') return { kind: 'ClusterRole', name };
  return ref.kind === 'Role' && object.namespace !== undefined ? { kind: 'Role', namespace: object.namespace, name } : undefined;
}

export default defineArchiveCheck({
  id: 'missing-role',
  title: 'Roles that bindings name and the backup lacks',
  why: 'Whoever is bound to it has no rights: operators and controllers start, and are refused what they do.',
  upstream: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  level: 'restorability',
  reads: { roles },
  options: z.strictObject({}),
  start(opened, pass) {
    const platform = platformOf(opened);
    const needs = { ClusterRole: collectNeeds(), Role: collectNeeds() };
    const present = new Set<string>();
    return {
      see(object) {
        if ([`roles.${group}`, `clusterroles.${group}`].includes(groupResource(object))) present.add(placeOf(object));
        const needed = roleOf(object);
        if (!needed || isBuiltIn(needed.kind, needed, platform)) return;
        const { kind, ...named } = needed;
        needs[kind].add({ ...named, by: refOf(object), how: 'roleRef', effect: 'degraded', worked: true, isControlled: false });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const inCluster = presentInCluster(pass.location.cluster, roles);
        for (const kind of [clusterRole, role]) {
          const missing = needs[kind.kind].all().filter((wanted) => !present.has(placeOf(wanted)));
          sayMissing(
            opened,
            pass,
            kind,
            missing.map((wanted) => ({
              ...wanted,
              inCluster: kind.namespaced ? ('unasked' as const) : inCluster(wanted.name),
              consequence: 'the binding comes, and gives no rights',
              remedy: `see whether the cluster has it: kubectl ${wanted.namespace === undefined ? '' : `-n ${wanted.namespace} `}get ${kind.resource} ${wanted.name}; if so have it backed up, else delete the binding`,
            })),
          );
        }
      },
    };
  },
});
