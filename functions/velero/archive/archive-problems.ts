/** What is wrong with one archive, collected: all are counted, the first of each kind are kept, those that cost something before harmless ones. */
import type { ArchiveEnd, ArchiveProblem } from './archive-facts.ts';

const kept = 100;

export interface Problems {
  add(problem: ArchiveProblem): void;
  /** Counts more of a kind, of which nobody knows the places. */
  count(kind: ArchiveProblem['kind'], more: number): void;
  readonly list: readonly ArchiveProblem[];
  readonly counts: ArchiveEnd['problemCounts'];
  hasFatal(): boolean;
}

export function collectProblems(): Problems {
  const list: ArchiveProblem[] = [];
  const counts: Partial<Record<ArchiveProblem['kind'], number>> = {};
  const count = (kind: ArchiveProblem['kind'], more: number): number => {
    const sum = (counts[kind] ?? 0) + more;
    counts[kind] = sum;
    return sum;
  };
  return {
    list,
    counts,
    count(kind, more) {
      if (more > 0) count(kind, more);
    },
    hasFatal: () => list.some(({ fatal }) => fatal),
    add(problem) {
      if (count(problem.kind, 1) <= kept) {
        list.push(problem);
        return;
      }
      if (problem.harmless) return;
      const spare = list.findIndex(({ kind, harmless }) => kind === problem.kind && harmless);
      if (spare >= 0) list[spare] = problem;
    },
  };
}
