/** The RBAC rules that would let a refused request through, as YAML to be applied as it is printed. */
import type { Read } from '../scan/contracts.ts';
import { group, readersGroup, subjectOf, withoutQuery } from './roles.ts';

/** A name may be all digits, or null. */
const quoted = (text: string) => `"${text}"`;

const heading = 'kubectl apply the missing right:';

/**
 * What to apply so that these reads of one resource are allowed: a ClusterRole, or a Role in the namespace of each that has one. `said` is the
 * server's 403, which names who asked.
 */
export function rightToList(reads: Read | readonly Read[], said: string): string {
  const grants = [reads].flat().map(({ group, resource, namespace }) => {
    const rules = [`- apiGroups: [${quoted(group)}]`, `  resources: [${quoted(resource)}]`, '  verbs: ["list"]'];
    return grant(`nightshift-list-${[resource, group].filter(Boolean).join('.')}`, namespace, rules, said);
  });
  return [heading, grants.join('\n---\n')].join('\n');
}

/** The same for a path that is no resource, such as /readyz. */
export function rightToGet(path: string, said: string): string {
  const plain = withoutQuery(path);
  const rules = [`- nonResourceURLs: [${quoted(plain)}, ${quoted(`${plain}/*`)}]`, '  verbs: ["get"]'];
  return [heading, grant(`nightshift-get${plain.replaceAll(/[^a-z0-9]+/g, '-')}`.replace(/-$/, ''), undefined, rules, said)].join('\n');
}

function grant(name: string, namespace: string | undefined, rules: readonly string[], said: string): string {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const metadata = (indent: string) => [
    `${indent}name: ${name}`,
    ...(namespace === undefined ? [] : [`${indent}namespace: ${quoted(namespace)}`]),
  ];
  const role = ['apiVersion: rbac.authorization.k8s.io/v1', `kind: ${kind}`, 'metadata:', ...metadata('  '), 'rules:', ...rules];
  const binding = ['apiVersion: rbac.authorization.k8s.io/v1', `kind: ${kind}Binding`, 'metadata:', ...metadata('  ')];
  const roleRef = ['roleRef:', '  apiGroup: rbac.authorization.k8s.io', `  kind: ${kind}`, `  name: ${name}`];
  return [...role, '---', ...binding, ...roleRef, 'subjects:', ...subject(said)].join('\n');
}

/** A 403 says `User "name" cannot list resource ...`. */
function subject(said: string): readonly string[] {
  const user = /User \\?"([^"\\]+)\\?"/.exec(said)?.[1];
  const found = user === undefined ? group(readersGroup) : subjectOf(user);
  const place = found.kind === 'ServiceAccount' ? `namespace: ${quoted(found.namespace)}` : `apiGroup: ${found.apiGroup}`;
  return [`- kind: ${found.kind}`, `  ${place}`, `  name: ${quoted(found.name)}`];
}
