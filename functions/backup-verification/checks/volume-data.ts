import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import { glob } from '../../report/glob.ts';
import type { ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import type { ClaimVerdict, VolumeVerdict } from '../../velero/volumes/volume-data.ts';
import type { Claim } from '../../velero/volumes/volume-objects.ts';
import { claimRef, volumesOf } from '../content/backup-volumes.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';

interface Options {
  readonly withoutData: readonly string[];
}

/** Verdicts that need somebody: what to call it, how grave it is, and what to do. `cause` is in the finding's identity. */
interface Trouble {
  readonly cause: string;
  readonly severity: 'critical' | 'warning' | 'info';
  /** After `the data of N claims`. */
  readonly what: string;
  /** Of this one claim. */
  readonly reason: string;
  readonly remedy: string;
}

const allow = 'or name it in withoutData of this check, if a restore may begin without it';

const leftOut = {
  volume: {
    cause: 'left out on request',
    severity: 'info',
    what: 'was left out on request',
    remedy: `leave it so, ${allow}`,
  },
  backup: {
    cause: 'no snapshots',
    severity: 'warning',
    what: 'was left out, as the backup takes no snapshots (snapshotVolumes: false) and no file-system backup of it',
    remedy: `set defaultVolumesToFsBackup or snapshotVolumes where the data matters, ${allow}`,
  },
  nobody: {
    cause: 'left out',
    severity: 'critical',
    what: 'was left out by Velero, though nobody asked for that',
    remedy: `see why (velero backup describe --details) and include the volume, ${allow}`,
  },
} as const;

/** Its owner keeps it elsewhere: there is no copy in the backup, and nothing is lost with the cluster. */
const shared = (driver: string): Trouble => ({
  cause: 'shared file system',
  severity: 'warning',
  what: 'is not in the backup; a restore mounts the file system outside the cluster again, with what is on it then',
  reason: driver,
  remedy: `have that file system backed up where it is (AWS Backup, snapshots of the NFS server), ${allow}`,
});

function troubleOf(verdict: VolumeVerdict): Trouble | undefined {
  const { state } = verdict;
  if (state === 'none' && verdict.mountsAgain !== undefined) return shared(verdict.mountsAgain);
  if (state === 'skipped' && verdict.wish === 'nobody' && verdict.mountsAgain !== undefined) return shared(verdict.mountsAgain);
  if (state === 'none') {
    const what = 'is not in the backup, expected a snapshot, a data upload or a file-system backup';
    const remedy = `include the volume (defaultVolumesToFsBackup, the pod's annotation backup.velero.io/backup-volumes, or CSI snapshots), ${allow}`;
    return { cause: 'no data', severity: 'critical', what, reason: verdict.reason, remedy };
  }
  if (state === 'failed') {
    const remedy =
      'look at velero backup describe --details and make a new backup; the last one that has the data is what is left to restore from';
    return { cause: 'failed', severity: 'critical', what: 'was to be backed up and cannot be restored', reason: verdict.reason, remedy };
  }
  if (state === 'skipped') return { ...leftOut[verdict.wish], reason: verdict.reason };
  if (state === 'moved' && verdict.doubt !== undefined) {
    const remedy = 'look at velero backup describe --details; restore this volume once to see what comes';
    return { cause: 'doubtful', severity: 'warning', what: 'was moved, but the records do not add up', reason: verdict.doubt, remedy };
  }
  return undefined;
}

const nameOf = ({ namespace, name }: Claim): string => `${namespace}/${name}`;
const claims = (count: number): string => (count === 1 ? '1 claim' : `${count} claims`);

function judge(opened: OpenedBackup, pass: CheckPass<Options>, verdicts: readonly ClaimVerdict[], isCut: boolean): void {
  const { backup } = opened;
  const allowed = pass.options.withoutData.map(glob);
  const isAllowed = (claim: Claim) => allowed.some((matches) => matches(nameOf(claim)));
  const troubled = verdicts.flatMap(({ claim, verdict }) => {
    const trouble = troubleOf(verdict);
    const excused = (verdict.state === 'none' || verdict.state === 'skipped') && isAllowed(claim);
    return trouble && !excused ? [{ claim, trouble }] : [];
  });
  for (const [cause, members] of Map.groupBy(troubled, ({ trouble }) => trouble.cause)) {
    const [first] = members;
    if (!first) continue;
    const { severity, what, reason, remedy } = first.trouble;
    pass.emit({
      object: pass.about(backup),
      subject: cause,
      severity,
      message: `the data of ${claims(members.length)} ${what}: ${some([`${nameOf(first.claim)} (${reason})`, ...members.slice(1).map(({ claim }) => nameOf(claim))])}`,
      remedy,
      members: members.map(({ claim }) => claimRef(claim)),
      details: { backup: backup.name, claims: members.length, ofClaims: verdicts.length },
      backup: backup.name,
    });
  }
  for (const [reason, members] of Map.groupBy(
    verdicts.filter(({ verdict }) => verdict.state === 'unknown'),
    ({ verdict }) => (verdict.state === 'unknown' ? verdict.reason : ''),
  )) {
    const verdict = members[0]?.verdict;
    const remedy = verdict?.state === 'unknown' ? verdict.remedy : '';
    pass.unknown({ backup: backup.name, reason: `whether the data of ${claims(members.length)} is there is not known: ${reason}`, remedy });
  }
  // Of one that is cut the claims behind are not known.
  if (!isCut) pass.mark(backup.name, 'ok', summaryOf(verdicts, isAllowed));
}

const words: readonly (readonly [VolumeVerdict['state'], string])[] = [
  ['moved', 'moved into the bucket'],
  ['snapshot', 'in snapshots outside the bucket'],
  ['skipped', 'left out'],
  ['failed', 'failed'],
  ['none', 'without data'],
  ['no-data', 'have nothing to back up'],
  ['unknown', 'not known'],
];

/** Every claim has its place in it. */
function summaryOf(verdicts: readonly ClaimVerdict[], isAllowed: (claim: Claim) => boolean): string {
  if (verdicts.length === 0) return 'there are no volume claims in it';
  const counts = words.flatMap(([state, what]) => {
    const of = verdicts.filter(({ verdict }) => verdict.state === state);
    if (of.length === 0) return [];
    const excused = state === 'none' ? of.filter(({ claim }) => isAllowed(claim)).length : 0;
    return [`${of.length} ${what}${excused > 0 ? ` (${excused} allowed)` : ''}`];
  });
  return `${claims(verdicts.length)}: ${counts.join(', ')}`;
}

export default defineArchiveCheck({
  id: 'volume-data',
  title: 'Volume claims whose data is not in the backup',
  why: 'A backup says Completed whether or not the data of its volumes is in it: the restored application then starts empty, or not at all.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.3/internal/volume/volumes_information.go',
  level: 'content',
  reads: {},
  options: z.strictObject({
    withoutData: z
      .array(z.string())
      .default([])
      .describe('Claims that may be backed up without their data: NAMESPACE/NAME with * and ?, such as `*/cache-*`'),
  }),
  start(opened, pass) {
    const volumes = volumesOf(opened);
    return {
      see: volumes.see,
      async finish(end: ArchiveEnd) {
        const isCut = isNotWhole(end, opened, pass);
        judge(opened, pass, await volumes.verdicts(!isCut), isCut);
      },
    };
  },
});
