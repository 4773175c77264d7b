import * as z from 'zod';
import type { Severity } from '../../scan/contracts.ts';
import type { ArchiveEnd, ArchiveProblem } from '../../velero/archive/archive-facts.ts';
import { backupKey } from '../../velero/layout.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

type Kind = ArchiveProblem['kind'];

/** What each is for whoever restores, where it is not harmless. */
const meanings: Readonly<Record<Kind, string>> = {
  truncated: 'is cut',
  corrupt: 'is damaged: a restore aborts or brings back wrong bytes',
  'trailing-data': 'has data behind its end, which restores do not read',
  'bad-member': 'has members that make a restore abort or are passed over by it',
  'not-json': 'holds objects that cannot be read and will not be restored',
  'wrong-name': 'holds objects under the names of others',
  'twin-differs': 'holds two copies of the same objects that differ: one of them was changed',
  'twin-missing': 'lacks the copies of objects that restores read: they will not be restored',
  duplicate: 'holds the same paths twice',
  'format-version': 'does not say which format it has',
  'too-large': 'is beyond the limits',
};
/** Of problems that a restore reads past. */
const harmlessMeanings: Partial<Record<Kind, string>> = {
  'bad-member': 'holds files that Velero does not write',
  'twin-missing': 'lacks second copies of objects: only a restore by API group versions reads them',
};
/** A wrong path restored twice, or the same one: nothing is lost, but Velero does not write it so. */
const onlyOdd: ReadonlySet<Kind> = new Set(['duplicate']);
/** What we do not read is not damaged. */
const unknowns: ReadonlySet<Kind> = new Set(['too-large', 'format-version']);

const cutAt = ({ place, message }: ArchiveProblem): string => `its archive is cut at ${place}: what lay behind is lost (${message})`;

/** A flipped bit can make the packed data run on to the end of the file: what they give is then wrong, and they seem cut. */
const isOfCut = ({ problems }: ArchiveEnd, kind: Kind): boolean =>
  kind === 'bad-member' &&
  problems.some((problem) => problem.kind === 'truncated') &&
  problems.every((problem) => problem.kind !== kind || problem.fatal);

/** A copy that cannot be read differs from the other one, which is the same fault. */
const isToldOf = ({ problems }: ArchiveEnd, at: string): boolean =>
  problems.some(({ kind, place }) => place === at && (kind === 'not-json' || kind === 'wrong-name'));

const examples = (problems: readonly ArchiveProblem[], count: number, most: number): string => {
  const told = problems.slice(0, most).map(({ place, message }) => `${place}: ${message}`);
  return count > told.length ? `${told.join('; ')}; and ${count - told.length} more` : told.join('; ');
};

export default defineArchiveCheck({
  id: 'archive-damaged',
  title: 'Damaged archives',
  why: 'A tarball that is cut, rotten or changed makes a restore abort, or bring back less than it says.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.1/pkg/archive/extractor.go',
  level: 'content',
  reads: {},
  options: z.strictObject({
    examples: z.number().int().min(1).max(20).default(3).describe('How many places of each fault to name'),
  }),
  start: (opened, pass) => {
    const voice = backupVoice(pass);
    return {
      finish(end) {
        const kinds = new Set(end.problems.map(({ kind }) => kind));
        // Wrong bytes have all kinds of consequences.
        const isRotten = kinds.has('corrupt');
        for (const kind of kinds)
          if ((!isRotten || kind === 'corrupt' || unknowns.has(kind)) && !isOfCut(end, kind)) judge(pass, voice, opened, end, kind);
        judgeTimes(voice, opened, end);
        if (end.whole && end.problems.length === 0)
          pass.mark(
            opened.backup.name,
            'ok',
            `its archive was read to the end: ${end.members} members, ${end.objects} objects, SHA-256 ${end.sha256}`,
          );
      },
    };
  },
});

function judge(pass: CheckPass<{ examples: number }>, voice: BackupVoice, { backup }: OpenedBackup, end: ArchiveEnd, kind: Kind): void {
  const ofKind = end.problems.filter((problem) => problem.kind === kind);
  const problems = kind === 'twin-differs' ? ofKind.filter(({ place }) => !isToldOf(end, place)) : ofKind;
  if (problems.length === 0) return;
  const grave = problems.filter(({ harmless }) => !harmless);
  const [first] = problems;
  const count = (end.problemCounts[kind] ?? problems.length) - (ofKind.length - problems.length);
  const shown = examples(grave.length > 0 ? grave : problems, count, pass.options.examples);
  if (unknowns.has(kind) && grave.length > 0) {
    const remedy =
      kind === 'format-version'
        ? 'use a newer Nightshift, which knows this format'
        : 'look at the archive by hand: it is more than Nightshift reads';
    pass.unknown({
      backup: backup.name,
      reason: `its archive ${kind === 'too-large' ? meanings[kind] : 'has another format'}: ${shown}`,
      remedy,
    });
    return;
  }
  const severity: Severity = grave.length > 0 && !onlyOdd.has(kind) ? 'critical' : 'warning';
  const meaning = grave.length > 0 ? meanings[kind] : (harmlessMeanings[kind] ?? meanings[kind]);
  const key = backupKey(backup.name, 'contents');
  const [wrong] = end.problems.filter((problem) =>
    kind === 'corrupt' ? problem.kind !== kind : kind === 'truncated' && isOfCut(end, problem.kind),
  );
  const firstWrong = wrong ? `; what came out of it is wrong at ${wrong.place}` : '';
  voice.say(backup, {
    subject: kind,
    severity,
    message: kind === 'truncated' && first ? `${cutAt(first)}${firstWrong}` : `its archive ${meaning} (${shown}${firstWrong})`,
    remedy:
      severity === 'critical'
        ? `if the bucket keeps versions, compare and bring back the previous version of ${key}; else take a new backup`
        : `find out who wrote ${key}: Velero does not write it so`,
    details: { count, members: end.members, packedBytes: end.packedBytes, ...(end.sha256 && { sha256: end.sha256 }) },
  });
}

/** Velero stamps every member with the moment in which it wrote it. */
function judgeTimes(voice: BackupVoice, { backup, metadata }: OpenedBackup, { oddTimes }: ArchiveEnd): void {
  const [first] = oddTimes;
  if (first === undefined) return;
  const span = `${metadata.startTimestamp ?? '?'} to ${metadata.completionTimestamp ?? '?'}`;
  voice.say(backup, {
    subject: 'times',
    severity: 'warning',
    message: `its archive has members that were not written when the backup was made (${span}): ${first}${oddTimes.length > 1 ? ' and others' : ''}`,
    remedy: `find out who wrote ${backupKey(backup.name, 'contents')}: it may have been packed again, or replaced`,
  });
}
