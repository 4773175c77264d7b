/** What a source that is narrowed to some namespaces cannot show, in the words of the report. */
import type { Read } from './contracts.ts';

const nameOf = ({ group, resource }: Read): string => (group === '' ? resource : `${resource}.${group}`);

/** `only the namespaces shop and payments are looked at`. */
export const onlyThese = (namespaces: readonly string[]): string =>
  namespaces.length === 1
    ? `only the namespace ${namespaces[0]} is looked at`
    : `only the namespaces ${namespaces.slice(0, -1).join(', ')} and ${namespaces.at(-1)} are looked at`;

/** Why the objects of `read` are out of reach, or undefined where they are not. `namespaced` tells what discovery says of the resource. */
export function outOfReach(read: Read, namespaces: readonly string[] | undefined, namespaced: boolean): string | undefined {
  if (namespaces === undefined) return undefined;
  if (!namespaced) return `${onlyThese(namespaces)}; ${nameOf(read)} are in no namespace`;
  if (read.namespace === undefined || namespaces.includes(read.namespace)) return undefined;
  return `${onlyThese(namespaces)}; ${nameOf(read)} are read in ${read.namespace}`;
}
