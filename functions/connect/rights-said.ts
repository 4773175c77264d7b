/** How the rights are told: what is missing first, and what grants it. */
import { readersGroup } from '../cluster/roles.ts';
import { type Grantee, granting, grantingSecrets } from './granting.ts';
import { nameOf } from './needed-rights.ts';
import type { Right } from './rights.ts';
import type { Seen } from './step.ts';

/** The step for the rights as they were answered; it fails where one is missing that is not optional. */
export function rightsSaid(rights: readonly Right[], grantee: Grantee): Seen<true> {
  const asked = rights.filter(({ state }) => state === 'granted' || state === 'missing');
  const byChoice = asked.filter((right) => right.state === 'missing' && isSensitive(right));
  const missing = asked.filter((right) => right.state === 'missing' && !isSensitive(right));
  const facts = [
    ...missingLines(missing),
    ...listed('granted', rights, 'granted'),
    ...listed('not there, so not needed', rights, 'absent'),
    ...listed('out of reach, so not needed', rights, 'out-of-reach'),
    ...(byChoice.length > 0
      ? [`not granted, by choice: ${namesOf(byChoice)}, for ${checksOf(byChoice)}: ${grantingSecrets(grantee.namespaces)}`]
      : []),
  ];
  const needed = asked.length - byChoice.length;
  if (missing.length === 0) return { state: 'ok', message: `all ${needed} that are needed`, facts, value: true };
  const message = `${missing.length} of ${needed} ${missing.length === 1 ? 'is' : 'are'} missing`;
  const grants = granting(missing, grantee);
  const nowhere = !rights.some(({ verb, state }) => verb === 'list' && state === 'granted') && grantee.namespaces === undefined;
  const narrower = nowhere ? '. Are these credentials for some namespaces only? Say which: --namespace A,B' : '';
  const base = `infra/in-cluster/${grantee.namespaces ? 'namespace' : 'base'}`;
  const to = grants.commands.length > 0 ? '' : ` to this user, or make it a member of ${readersGroup} and apply ${base}`;
  if (missing.some(({ optional }) => !optional)) return { state: 'failed', message, facts, remedy: `grant it${to}${narrower}`, ...grants };
  const remedy = `every check runs, if with less to say; to have it all grant it${to}`;
  return { state: 'warning', message: `${message}, all optional`, facts, remedy, ...grants, value: true };
}

const isSensitive = (right: Right): boolean => right.verb === 'list' && right.sensitive;
const shown = 8;

/** A line a right; in several namespaces it is one. */
function missingLines(missing: readonly Right[]): readonly string[] {
  const same = [...Map.groupBy(missing, (right) => (right.verb === 'get' ? `get ${right.path}` : `list ${nameOf(right.read)}`))];
  const lines = same.slice(0, shown).map(([name, rights]) => {
    const places = rights.flatMap(({ namespace }) => namespace ?? []);
    const optional = rights.every((right) => right.optional) ? ' (optional)' : '';
    return `missing${optional}: ${name}${places.length > 0 ? ` in ${places.join(', ')}` : ''}, for ${checksOf(rights)}`;
  });
  return same.length > shown ? [...lines, `missing: ${same.length - shown} more; the rules below hold all`] : lines;
}

const checksOf = (rights: readonly Right[]): string => [...new Set(rights.flatMap(({ neededBy }) => neededBy))].join(', ');

/** `list nodes, pods; get /readyz`: in several namespaces a resource is named once. */
function namesOf(rights: readonly Right[]): string {
  const lists = [...new Set(rights.flatMap((right) => (right.verb === 'list' ? [nameOf(right.read)] : [])))].toSorted();
  const paths = rights.flatMap((right) => (right.verb === 'get' ? [right.path] : [])).toSorted();
  return [lists.length > 0 && `list ${lists.join(', ')}`, paths.length > 0 && `get ${paths.join(', ')}`].filter(Boolean).join('; ');
}

function listed(what: string, rights: readonly Right[], state: Right['state']): readonly string[] {
  const names = namesOf(rights.filter((right) => right.state === state));
  return names === '' ? [] : [`${what}: ${names}`];
}
