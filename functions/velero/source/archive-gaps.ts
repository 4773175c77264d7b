/** What damage of an archive means for the kinds in it: a kind is whole only if nothing is wrong with any of its members. */
import type { ArchiveEnd, ArchiveProblem } from '../archive/archive-facts.ts';
import { groupResource, parseArchivePath } from '../archive/archive-path.ts';

/** Why the objects of a kind are not whole, in words; undefined where they are. */
export type GapOf = (kind: { readonly group: string; readonly resource: string }) => string | undefined;

const said = ({ place, message }: ArchiveProblem): string => `its archive is damaged: ${place}: ${message}`;

/** Damage at a member's path concerns its kind, all other damage each kind. */
export function archiveGaps({ whole, problems, problemCounts }: ArchiveEnd): GapOf {
  const byKind = new Map<string, string>();
  let everywhere: string | undefined;
  for (const problem of problems) {
    if (problem.harmless) continue;
    const at = problem.fatal ? undefined : parseArchivePath(problem.place);
    if (at === undefined) everywhere ??= said(problem);
    else if (!byKind.has(groupResource(at))) byKind.set(groupResource(at), said(problem));
  }
  if (!whole && byKind.size === 0) everywhere ??= 'its archive was not read to its end';
  everywhere ??= overflow(problems, problemCounts);
  return (kind) => everywhere ?? byKind.get(groupResource(kind));
}

/** Not every problem is kept, and harmless ones make room for others: where none of them is left, those that are not told of may concern any kind. */
function overflow(problems: ArchiveEnd['problems'], counts: ArchiveEnd['problemCounts']): string | undefined {
  for (const [kind, count] of Object.entries(counts)) {
    const kept = problems.filter((problem) => problem.kind === kind);
    if (count > kept.length && !kept.some(({ harmless }) => harmless)) return `its archive is damaged in ${count} places (${kind})`;
  }
  return undefined;
}
