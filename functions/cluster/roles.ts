/** RBAC as objects: the least that lets reads and paths through. What is generated into infra/in-cluster and what a missing right is answered with. */
import type { Read } from '../scan/contracts.ts';

/** The group that the roles of infra/in-cluster are bound to; an EKS access entry or a kubeconfig's user belongs to it. */
export const readersGroup = 'nightshift:readers';

/** The group that the roles for writing are bound to: another identity than the one that reads. */
export const writersGroup = 'nightshift:writers';

/** One rule of a Role; https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** Whom a role is bound to. */
export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly apiGroup: 'rbac.authorization.k8s.io'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string };

/** A Role or ClusterRole, or its binding. */
export interface RbacObject {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'ClusterRole' | 'ClusterRoleBinding' | 'Role' | 'RoleBinding';
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly apiGroup: string; readonly kind: string; readonly name: string };
  readonly subjects?: readonly Subject[];
}

export const group = (name: string): Subject => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name });

/** The subject that is the user of this name: ServiceAccounts have names of their own form. */
export const subjectOf = (user: string): Subject => {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return namespace !== undefined && name !== undefined
    ? { kind: 'ServiceAccount', namespace, name }
    : { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user };
};

/** The rules that let `reads` be listed, one an API group, sorted: the same reads in any order give the same rules. */
export const listRules = (reads: readonly Pick<Read, 'group' | 'resource'>[]): Rule[] => rulesFor(reads, ['list']);

/** The same for any verbs. */
export const rulesFor = (reads: readonly Pick<Read, 'group' | 'resource'>[], verbs: readonly string[]): Rule[] =>
  [...Map.groupBy(reads, (read) => read.group)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([apiGroup, ofGroup]) => ({
      apiGroups: [apiGroup],
      resources: [...new Set(ofGroup.map(({ resource }) => resource))].sort(),
      // Each its own: YAML would name shared ones by anchors.
      verbs: [...verbs],
    }));

/** A query is no part of a nonResourceURL. */
export const withoutQuery = (path: string): string => path.replace(/\?.*$/, '');

/** The rule that lets paths which are no resources be got; none where there are none. */
export const pathRules = (paths: readonly string[]): Rule[] =>
  paths.length === 0 ? [] : [{ nonResourceURLs: [...new Set(paths.map(withoutQuery))].sort(), verbs: ['get'] }];

/** What a role and its binding are made of. */
export interface Grant {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
  readonly subjects: readonly Subject[];
}

/** The two objects of a grant; a Role without a namespace is for whoever applies it to choose one. */
export const roleAndBinding = (
  { name, namespace, labels, rules, subjects }: Grant,
  kind: 'ClusterRole' | 'Role' = namespace === undefined ? 'ClusterRole' : 'Role',
): readonly [RbacObject, RbacObject] => {
  const metadata = { name, ...(namespace !== undefined && { namespace }), ...(labels && { labels }) };
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      subjects,
    },
  ];
};
