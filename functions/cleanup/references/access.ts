/** RBAC: whom bindings name, and which objects roles open by name. */
import { textOf } from '../../health-check/wire.ts';
import { everywhere, type ReferenceSet, referredKinds } from './reference-set.ts';
import { fieldsOf, itemsOf, placeOf, textsOf } from './shape.ts';

const user = /^system:serviceaccount:([^:]+):([^:]+)$/;
/** All ServiceAccounts of a namespace. The group of all of the cluster (`system:serviceaccounts`) names none: every cluster binds it. */
const group = /^system:serviceaccounts:([^:]+)$/;
/** OpenShift binds this to the group of each namespace: it lets images be pulled, and tells nothing of who uses an account. */
const boundInEach = 'system:image-puller';

/** RoleBinding and ClusterRoleBinding; a subject's own namespace counts, wherever the binding is. */
export const noteBinding = (object: unknown, references: ReferenceSet): void => {
  const { namespace } = placeOf(object);
  const { subjects, roleRef } = fieldsOf(object);
  for (const subject of itemsOf(subjects)) {
    const name = textOf(subject.name) ?? '';
    if (subject.kind === 'ServiceAccount') references.add('ServiceAccount', textOf(subject.namespace) ?? namespace, name);
    const [, place = '', account] = user.exec(name) ?? [];
    if (subject.kind === 'User') references.add('ServiceAccount', place, account);
    const [, ofNamespace] = group.exec(name) ?? [];
    if (subject.kind === 'Group' && ofNamespace !== undefined && fieldsOf(roleRef).name !== boundInEach)
      references.addNamespace('ServiceAccount', ofNamespace);
  }
};

const kindsByResource = new Map([
  ['configmaps', 'ConfigMap'],
  ['secrets', 'Secret'],
  ['persistentvolumeclaims', 'PersistentVolumeClaim'],
  ['serviceaccounts', 'ServiceAccount'],
] as const);
const isKnown = (resource: string): resource is Parameters<typeof kindsByResource.get>[0] =>
  [...kindsByResource.keys()].some((each) => each === resource);

/** Role and ClusterRole: what is opened to a program by its name is read over the API, and by nothing that a pod's specification shows. */
export const noteRole = (object: unknown, references: ReferenceSet): void => {
  const namespace = placeOf(object).namespace || everywhere;
  for (const rule of itemsOf(fieldsOf(object).rules)) {
    const names = textsOf(rule.resourceNames);
    if (names.length === 0) continue;
    const kinds = textsOf(rule.resources).flatMap((resource) => {
      if (resource === '*') return referredKinds;
      // Subresources: serviceaccounts/token.
      const [plural = ''] = resource.split('/');
      const kind = isKnown(plural) ? kindsByResource.get(plural) : undefined;
      return kind ? [kind] : [];
    });
    for (const kind of kinds) for (const name of names) references.add(kind, namespace, name);
  }
};
