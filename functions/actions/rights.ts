/** What applying a plan would lack: each right is asked for with the credentials that write, and nothing is written. */
import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { stringify } from 'yaml';
import { answerError } from '../cluster/answer-errors.ts';
import { clean } from '../cluster/clean.ts';
import { group, type Rule, roleAndBinding, type Subject, subjectOf, writersGroup } from '../cluster/roles.ts';
import { type AccessReview, reviewPath } from '../cluster/self-review.ts';
import type { PlannedAction } from './contracts.ts';
import { fieldOf, type Writer } from './writer.ts';

/** One right. Without a namespace: in the whole cluster, or of what is in none. */
export interface WriteRight {
  readonly verb: 'get' | 'delete' | 'patch' | 'create';
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
}

export interface MissingRights {
  readonly missing: readonly WriteRight[];
  /** RBAC that grants just these, to be applied as it is; empty where none is missing. */
  readonly manifest: string;
}

const keyOf = ({ verb, group: ofGroup, resource, namespace }: WriteRight) => `${namespace ?? ''}/${ofGroup}/${resource}/${verb}`;

/** What carrying out these actions takes, each once: reading what is written to, and knowing the cluster. */
export function rightsFor(actions: readonly PlannedAction[]): readonly WriteRight[] {
  const rights = actions.flatMap(({ kind, object: { namespace }, resource: { group: ofGroup, resource } }) =>
    (['get', kind] as const).map((verb) => ({ verb, group: ofGroup, resource, ...(namespace !== undefined && { namespace }) })),
  );
  const all: readonly WriteRight[] = [{ verb: 'get', group: '', resource: 'namespaces' }, ...rights];
  return [...new Map(all.map((right) => [keyOf(right), right])).values()];
}

/**
 * Which of them the writer has not. Asked for in the whole cluster first, and in single namespaces only where that is refused; refused in all of
 * them it is one right for the cluster, unless only `namespaces` are looked after.
 * Throws ClusterError where the server does not say.
 */
export async function missingRights(
  writer: Pick<Writer, 'postReview' | 'host'>,
  needed: readonly WriteRight[],
  { namespaces, signal }: { readonly namespaces?: readonly string[] | undefined; readonly signal?: AbortSignal } = {},
): Promise<MissingRights> {
  const limit = pLimit(3);
  const isAllowed = (right: WriteRight) => limit(() => ask(writer, right, signal));
  const byKind = Map.groupBy(needed, ({ namespace: _, ...right }) => keyOf(right));
  const missing = await Promise.all(
    [...byKind.values()].map(async (rights) => {
      const [first] = rights;
      if (!first) return [];
      const { namespace: _, ...everywhere } = first;
      if (await isAllowed(everywhere)) return [];
      const within = rights.filter(({ namespace }) => namespace !== undefined);
      if (within.length === 0) return [everywhere];
      const allowed = await Promise.all(within.map(isAllowed));
      return allowed.some(Boolean) || namespaces ? within.filter((_right, index) => !allowed[index]) : [everywhere];
    }),
  );
  const all = missing.flat();
  return { missing: all, manifest: all.length === 0 ? '' : manifestOf(all, await whoAmI(writer, signal)) };
}

async function ask({ postReview, host }: Pick<Writer, 'postReview' | 'host'>, right: WriteRight, signal?: AbortSignal): Promise<boolean> {
  const review: AccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: right },
  };
  const answer = await postReview(review, signal);
  if (answer.status !== 201) throw answerError(answer, host, reviewPath(review));
  return fieldOf(fieldOf(answer.body, 'status'), 'allowed') === true;
}

/** Servers older than 1.28 do not say: the role is then bound to the group. */
async function whoAmI({ postReview }: Pick<Writer, 'postReview'>, signal?: AbortSignal): Promise<Subject> {
  const { status, body } = await postReview({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, signal);
  const user = fieldOf(fieldOf(body, 'status'), 'userInfo');
  const [name, groups] = [fieldOf(user, 'username'), fieldOf(user, 'groups')];
  if (status !== 201 || typeof name !== 'string' || (Array.isArray(groups) && groups.includes(writersGroup))) return group(writersGroup);
  return subjectOf(clean(name));
}

/** A ClusterRole, or a Role a namespace, each with its binding. */
function manifestOf(missing: readonly WriteRight[], subject: Subject): string {
  const places = [...Map.groupBy(missing, ({ namespace }) => namespace)].map(([namespace, rights]) => ({
    namespace,
    rules: rulesOf(rights),
  }));
  // Named by what it holds: a role of a fixed name would, applied another day, take away what it granted before.
  const digest = createHash('sha256')
    .update(JSON.stringify([places, subject]))
    .digest('hex')
    .slice(0, 8);
  const objects = places.flatMap(({ namespace, rules }) =>
    roleAndBinding({ name: `nightshift-write-${digest}`, rules, subjects: [subject], ...(namespace !== undefined && { namespace }) }),
  );
  return objects.map((object) => stringify(object)).join('---\n');
}

function rulesOf(rights: readonly WriteRight[]): Rule[] {
  const byResource = [...Map.groupBy(rights, ({ group: ofGroup, resource }) => `${ofGroup}/${resource}`)];
  return byResource
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, [first, ...more]]) => ({
      apiGroups: [first?.group ?? ''],
      resources: [first?.resource ?? ''],
      verbs: [first, ...more].flatMap((right) => right?.verb ?? []).toSorted(),
    }));
}
