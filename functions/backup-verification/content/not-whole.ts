/** Of an archive that was not read to its end nothing may be said to be missing, and nothing to be there. */
import type { ArchiveEnd, ArchiveProblem } from '../../velero/archive/archive-facts.ts';
import type { CheckPass, OpenedBackup } from '../contracts.ts';

/** What kept it from being read comes first: wrong bytes in the middle may have been read past. */
const graver = ({ fatal, kind }: ArchiveProblem): number => (fatal ? 0 : kind === 'too-large' ? 1 : 2);

/** Says that this check could not conclude, where that is so. */
export function isNotWhole(end: ArchiveEnd, { backup }: OpenedBackup, pass: CheckPass): boolean {
  if (end.whole) return false;
  const [first] = end.problems.toSorted((one, other) => graver(one) - graver(other)).filter(({ harmless }) => !harmless);
  const why = first ? ` (${first.place}: ${first.message})` : '';
  const reason = `its archive could not be read to its end${why}: what it lacks cannot be told`;
  pass.unknown({ backup: backup.name, reason, remedy: 'see what archive-damaged says of it' });
  return true;
}
