import * as z from 'zod';
import { inWords } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { startedAt } from '../../velero/backup.ts';
import { StoreError } from '../../velero/store/object-store.ts';
import { type Repository, readRepository } from '../../velero/volumes/read-repositories.ts';
import { repositoryProblems } from '../../velero/volumes/repository-problems.ts';
import { type ClaimedRepository, sayUnread, volumesOf } from '../content/backup-volumes.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';

const restoreFromElsewhere =
  'take a copy of the bucket that still has it (replication, previous versions); else delete the BackupRepository object so that Velero begins a new one, and back up again now';

const remedyFor = (hidden: string | undefined): string =>
  hidden
    ? 'delete the delete markers below that folder (aws s3api list-object-versions, then delete-object with the version of each marker)'
    : restoreFromElsewhere;

async function lookAt(claimed: ClaimedRepository, opened: OpenedBackup, pass: CheckPass): Promise<Repository | undefined> {
  try {
    return await readRepository(pass.location.store, claimed.name, pass.signal);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const reason = `the repository ${claimed.folder} could not be looked at: ${error.message}`;
    pass.unknown({ backup: opened.backup.name, reason, remedy: error.remedy });
    return undefined;
  }
}

/** Velero's first file of a repository: where a delete marker hides it, so are the others. */
const firstFile = ({ name: { type }, folder }: ClaimedRepository): string => `${folder}${type === 'kopia' ? 'kopia.repository' : 'config'}`;

async function recoverable(claimed: ClaimedRepository, { location, signal }: CheckPass): Promise<string | undefined> {
  const key = firstFile(claimed);
  const previous = await location.bucket?.previousVersion(key, signal);
  return previous?.state === 'set' ? `${key} is still there behind a delete marker (version ${previous.value.versionId})` : undefined;
}

async function sayMissing(missing: readonly ClaimedRepository[], opened: OpenedBackup, pass: CheckPass): Promise<void> {
  const [first] = missing;
  if (!first) return;
  const hidden = await recoverable(first, pass);
  const folders = some(missing.map(({ folder }) => folder));
  const lost = missing.flatMap(({ claims }) => claims);
  const noun = missing.length === 1 ? 'the repository' : `${missing.length} repositories`;
  pass.emit({
    object: pass.about(opened.backup),
    subject: 'missing',
    severity: 'critical',
    message: `${noun} with the data of its volumes ${missing.length === 1 ? 'is' : 'are'} not in the bucket: ${folders}${hidden ? `; ${hidden}` : ''}`,
    remedy: remedyFor(hidden),
    members: lost,
    details: { backup: opened.backup.name, repositories: missing.length, claims: lost.length },
    backup: opened.backup.name,
  });
}

async function say(claimed: ClaimedRepository, repository: Repository, opened: OpenedBackup, pass: CheckPass): Promise<void> {
  const { backup } = opened;
  const { damage, oddities, unknown } = repositoryProblems(repository, claimed.snapshotIds, claimed.bytes);
  const about = { object: pass.about(backup), members: claimed.claims, backup: backup.name };
  const details = { backup: backup.name, objects: repository.objects, bytes: repository.bytes, emptyObjects: repository.empty.count };
  if (damage.length > 0) {
    const hidden = damage.some((what) => what.startsWith(`${firstFile(claimed)} is missing`))
      ? await recoverable(claimed, pass)
      : undefined;
    const message = `the repository with the data of its volumes is damaged: ${[...damage, ...(hidden ? [hidden] : [])].join('; ')}`;
    pass.emit({ ...about, subject: claimed.folder, severity: 'critical', message, remedy: remedyFor(hidden), details });
  } else if (oddities.length > 0) {
    const remedy = 'look at the bucket for what deletes objects there: lifecycle rules, hands, replication';
    pass.emit({ ...about, subject: claimed.folder, severity: 'warning', message: oddities.join('; '), remedy, details });
  }
  for (const each of unknown) pass.unknown({ backup: backup.name, ...each });
  if (damage.length === 0 && unknown.length === 0) pass.mark(backup.name, 'ok', proofOf(claimed, repository, opened, pass.now));
}

/** What the listing proves, and no more: kopia's manifests lie encrypted in its packs. */
function proofOf({ folder, snapshotIds }: ClaimedRepository, repository: Repository, { backup }: OpenedBackup, now: number): string {
  if (repository.type === 'restic') return `${folder} is whole by its listing and has all ${snapshotIds.length} snapshots by name`;
  const { newestWrite } = repository;
  const written = newestWrite !== undefined && newestWrite >= startedAt(backup) ? `, last written ${inWords(now - newestWrite)} ago` : '';
  return `${folder} is whole by its listing (${repository.objects} objects${written})`;
}

export default defineArchiveCheck({
  id: 'volume-repository',
  title: 'Repositories of volume data that are missing or damaged',
  why: 'The data of volumes lies beside the backups in a kopia or restic repository: where it is gone every backup still says Completed, and none restores its volumes.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.3/pkg/repository/udmrepo/kopialib/repo_init.go',
  level: 'content',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const volumes = volumesOf(opened);
    return {
      see: volumes.see,
      async finish(end) {
        const whole = !isNotWhole(end, opened, pass);
        await sayUnread(volumes, opened, pass, 'which repositories have the data of its volumes');
        const missing: ClaimedRepository[] = [];
        for (const claimed of await volumes.repositories(whole)) {
          const repository = await lookAt(claimed, opened, pass);
          if (repository?.objects === 0) missing.push(claimed);
          else if (repository) await say(claimed, repository, opened, pass);
        }
        await sayMissing(missing, opened, pass);
        for (const { claim, verdict } of await volumes.verdicts(whole)) {
          if (verdict.state !== 'moved' || verdict.dataMover === undefined) continue;
          const reason = `the data of ${claim.namespace}/${claim.name} was moved by ${verdict.dataMover}: where it lies is not known`;
          pass.unknown({ backup: opened.backup.name, reason, remedy: 'look with the tool of that data mover' });
        }
      },
    };
  },
});
