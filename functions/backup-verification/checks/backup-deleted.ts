import pLimit from 'p-limit';
import * as z from 'zod';
import { type Backup, phaseMeaning } from '../../velero/backup.ts';
import type { Asked, BucketFacts, PreviousVersion } from '../../velero/bucket/bucket-facts.ts';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { backupKey } from '../../velero/layout.ts';
import { keyInBucket } from '../../velero/store/location-name.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { bucketOf, day } from '../inventory/bucket.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

interface Options {
  readonly mostFiles: number;
}
interface Missing {
  readonly backup: Backup;
  readonly kind: 'metadata' | 'contents';
}

export default defineLocationCheck({
  id: 'backup-deleted',
  title: 'Files of backups that were deleted and can be brought back',
  why: 'In a bucket with versions a deleted file lies behind a delete marker: who knows it brings it back in a minute, until a lifecycle rule removes the old version for good.',
  upstream: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManagingDelMarkers.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.previousVersion, bucketRights.versioning],
  options: z.strictObject({
    mostFiles: z
      .int()
      .min(1)
      .default(100)
      .describe('Ask for the versions of at most so many missing files a run, those of the newest backups first'),
  }),
  async look(pass) {
    const bucket = bucketOf(pass);
    // Never turned on: nothing lies behind anything.
    if (bucket.versioning.state === 'unset') return;
    const missing = pass.location.backups.flatMap((backup) => missingOf(backup, pass.now));
    const asked = missing.slice(0, pass.options.mostFiles);
    const limit = pLimit(8);
    const answers = await Promise.all(
      asked.map(({ backup, kind }) => limit(() => bucket.previousVersion(backupKey(backup.name, kind), pass.signal))),
    );
    const voice = backupVoice(pass);
    asked.forEach((file, index) => {
      const answer = answers[index];
      if (answer?.state === 'set') sayRecoverable(voice, bucket, file, answer.value);
    });
    sayUnknown(pass, missing.length, answers);
  },
});

/** The two files without which nothing is restored. What Velero works on yet, or deletes as its time is up, is not missing. */
function missingOf(backup: Backup, now: number): readonly Missing[] {
  const { files, metadata } = backup;
  if (!files.metadata) return [{ backup, kind: 'metadata' }, ...(files.contents ? [] : [{ backup, kind: 'contents' } as const])];
  const isOver = metadata?.expiration !== undefined && Date.parse(metadata.expiration) < now;
  if (files.contents || isOver || (metadata && phaseMeaning(metadata.phase) === 'in-progress')) return [];
  return [{ backup, kind: 'contents' }];
}

function sayRecoverable(voice: BackupVoice, facts: BucketFacts, { backup, kind }: Missing, version: PreviousVersion): void {
  const key = keyInBucket(facts.prefix, backupKey(backup.name, kind));
  const markers = [version.markerVersionId, ...(version.olderMarkerVersionIds ?? [])];
  const until = goneAt(facts, key, version.deletedAt);
  voice.say(backup, {
    subject: `${kind} deleted`,
    // Without its metadata nothing of the backup is Velero's any more, which is what an interrupted delete of it leaves too.
    severity: kind === 'contents' && backup.files.metadata ? 'warning' : 'info',
    message: `has ${backupKey(backup.name, kind)} behind a delete marker: it was deleted${version.deletedAt ? ` at ${version.deletedAt}` : ''}, and its version of ${version.lastModified} (${version.size} bytes) is still there${until}`,
    remedy: `to bring it back take the delete marker away: ${markers.map((marker) => `aws s3api delete-object --bucket ${facts.bucket} --key '${key}' --version-id ${marker}`).join(' && ')}`,
    details: { versionId: version.versionId },
  });
}

/** A lifecycle rule counts from when a version ceased to be the current one. */
function goneAt({ lifecycle }: BucketFacts, key: string, deletedAt = ''): string {
  const rules = lifecycle.state === 'set' ? lifecycle.value : [];
  const days = rules.flatMap(({ enabled, prefix, narrowed, noncurrentExpirationDays }) =>
    enabled && !narrowed && key.startsWith(prefix) && noncurrentExpirationDays !== undefined ? [noncurrentExpirationDays] : [],
  );
  const at = Date.parse(deletedAt) + Math.min(...days) * day;
  return Number.isFinite(at) ? `, until a lifecycle rule removes it about ${new Date(at).toISOString().slice(0, 10)}` : '';
}

function sayUnknown(pass: CheckPass<Options>, missing: number, answers: readonly Asked<PreviousVersion>[]): void {
  const unknown = answers.flatMap((answer) => (answer.state === 'unknown' ? [answer] : []));
  const [first] = unknown;
  if (first) {
    const reason = `of ${unknown.length} missing files nobody knows whether they can be brought back: ${first.reason}`;
    pass.unknown({ reason, remedy: first.remedy });
  }
  if (missing <= answers.length) return;
  pass.unknown({
    reason: `${missing} files are missing, and only the ${answers.length} of the newest backups were asked for`,
    remedy: 'raise mostFiles, or look at the whole bucket: aws s3api list-object-versions',
  });
}
