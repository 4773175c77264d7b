/** What grants the rights that are missing: the command, and the exact rules as RBAC to be applied as it is printed. */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { group, listRules, pathRules, readersGroup, roleAndBinding, type Subject, subjectOf } from '../cluster/roles.ts';
import type { Identity } from './identity.ts';
import type { Right } from './rights.ts';

/** Who is to be granted, and where. */
export interface Grantee {
  readonly identity: Identity;
  /** On EKS: the command that puts the caller into the group. */
  readonly entry: string | undefined;
  readonly namespaces: readonly string[] | undefined;
}

/** The commands, and the manifest of just what is missing. Secrets are not in it: they are granted apart, by choice. */
export function granting(missing: readonly Right[], grantee: Grantee): { readonly commands: readonly string[]; readonly manifest: string } {
  const inGroup = belongsToReaders(grantee.identity);
  const entry = inGroup ? undefined : grantee.entry;
  return {
    commands:
      entry === undefined && !inGroup ? [] : [...(entry === undefined ? [] : [entry]), applied('base', 'namespace', grantee.namespaces)],
    manifest: missingRules(missing, entry === undefined && !inGroup ? subjectOf(grantee.identity.user ?? '') : group(readersGroup)),
  };
}

/** The command that grants Secrets, by choice. */
export const grantingSecrets = (namespaces: readonly string[] | undefined): string =>
  namespaces === undefined
    ? applied('secrets', 'secrets', undefined)
    : `helm upgrade --install nightshift infra/in-cluster/chart --set secrets.enabled=true --set 'namespaces={${namespaces.join(',')}}'`;

/** One that does not say whom it takes us for is taken to know the group. */
const belongsToReaders = ({ user, groups }: Identity): boolean => user === undefined || groups.includes(readersGroup);

function applied(clusterWide: string, inNamespace: string, namespaces: readonly string[] | undefined): string {
  if (namespaces === undefined) return `kubectl apply -k infra/in-cluster/${clusterWide}`;
  if (namespaces.length === 1) return `kubectl apply -n ${namespaces[0]} -k infra/in-cluster/${inNamespace}`;
  return `for namespace in ${namespaces.join(' ')}; do kubectl apply -n $namespace -k infra/in-cluster/${inNamespace}; done`;
}

/** A ClusterRole with what is missing everywhere, a Role with what is missing in a namespace, each with its binding. */
function missingRules(missing: readonly Right[], subject: Subject): string {
  const places = [...Map.groupBy(missing, ({ namespace }) => namespace)].map(([namespace, rights]) => ({
    namespace,
    rules: [
      ...listRules(rights.flatMap((right) => (right.verb === 'list' ? [right.read] : []))),
      ...pathRules(rights.flatMap((right) => (right.verb === 'get' ? [right.path] : []))),
    ],
  }));
  // Named by what it holds: a role of a fixed name would, applied another day, take away what it granted before.
  const digest = createHash('sha256')
    .update(JSON.stringify([places, subject]))
    .digest('hex')
    .slice(0, 8);
  const objects = places.flatMap(({ namespace, rules }) =>
    roleAndBinding({ name: `nightshift-read-${digest}`, rules, subjects: [subject], ...(namespace !== undefined && { namespace }) }),
  );
  return objects.map((object) => stringify(object)).join('---\n');
}
