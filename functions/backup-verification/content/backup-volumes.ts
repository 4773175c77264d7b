/** The volumes of a backup that is looked into, gathered once for all checks that want to know of them. */
import type { Ref } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import type { Companion, PodVolumeBackup } from '../../velero/companions/companion-files.ts';
import { repositoryFolder } from '../../velero/volumes/read-repositories.ts';
import { type ClaimVerdict, type RepositoryName, volumeVerdicts } from '../../velero/volumes/volume-data.ts';
import { whereOf } from '../../velero/volumes/volume-evidence.ts';
import { type Claim, volumeObjectCollector } from '../../velero/volumes/volume-objects.ts';
import type { CheckPass, OpenedBackup } from '../contracts.ts';

/** A repository that has data of this backup, by the backup's own account. */
export interface ClaimedRepository {
  readonly name: RepositoryName;
  /** `kopia/shop/`. */
  readonly folder: string;
  /** Without those of volumes that were empty. */
  readonly snapshotIds: readonly string[];
  /** That volumes moved there in this backup, by Velero's own count. */
  readonly bytes: number;
  readonly claims: readonly Ref[];
}

export interface BackupVolumes {
  /** To be shown every object of the archive; what it was shown already changes nothing. */
  see(object: ArchivedObject): void;
  /** After the pass. `whole`: the archive was read to its end. */
  verdicts(whole: boolean): Promise<readonly ClaimVerdict[]>;
  repositories(whole: boolean): Promise<readonly ClaimedRepository[]>;
  /** Files that could not be read, so that repositories may be claimed which nobody knows of. */
  unread(): Promise<readonly { readonly reason: string; readonly remedy: string }[]>;
}

/** Says as unknown what the files that could not be read leave open: `what wrote the data of its volumes`. */
export async function sayUnread(volumes: BackupVolumes, { backup }: OpenedBackup, pass: CheckPass, what: string): Promise<void> {
  for (const { reason, remedy } of await volumes.unread())
    pass.unknown({ backup: backup.name, reason: `${what} is not known: ${reason}`, remedy });
}

const byBackup = new WeakMap<OpenedBackup, BackupVolumes>();

/** The same for every check that asks for this opened backup. */
export function volumesOf(opened: OpenedBackup): BackupVolumes {
  const known = byBackup.get(opened);
  if (known) return known;
  const volumes = gather(opened);
  byBackup.set(opened, volumes);
  return volumes;
}

function gather({ metadata, companions }: OpenedBackup): BackupVolumes {
  const collector = volumeObjectCollector();
  let judged: Promise<readonly ClaimVerdict[]> | undefined;
  const judge = async (whole: boolean): Promise<readonly ClaimVerdict[]> => {
    const { snapshotVolumes, defaultVolumesToFsBackup, resourcePolicy } = metadata.spec;
    return volumeVerdicts({
      backup: metadata.name,
      snapshotVolumes,
      defaultVolumesToFsBackup,
      resourcePolicy,
      objects: collector.objects(),
      whole,
      volumeInfo: await companions.volumeInfo(),
      podVolumeBackups: await companions.podVolumeBackups(),
      volumeSnapshots: await companions.volumeSnapshots(),
      itemOperations: await companions.itemOperations(),
    });
  };
  const verdicts = (whole: boolean) => {
    judged ??= judge(whole);
    return judged;
  };
  return {
    see: collector.see,
    verdicts,
    repositories: async (whole) => claimedBy(await verdicts(whole), await companions.podVolumeBackups()),
    async unread() {
      const read: readonly Companion<unknown>[] = [await companions.volumeInfo(), await companions.podVolumeBackups()];
      return read.flatMap((each) =>
        each.state === 'damaged' || each.state === 'unknown' ? [{ reason: each.message, remedy: each.remedy }] : [],
      );
    },
  };
}

function claimedBy(verdicts: readonly ClaimVerdict[], podVolumeBackups: Companion<readonly PodVolumeBackup[]>): ClaimedRepository[] {
  const found = new Map<string, { name: RepositoryName; snapshotIds: Set<string>; claims: Ref[]; bytes: number }>();
  const at = (name: RepositoryName) => {
    const folder = repositoryFolder(name);
    const repository = found.get(folder) ?? { name, snapshotIds: new Set<string>(), claims: [], bytes: 0 };
    found.set(folder, repository);
    return repository;
  };
  for (const { claim, verdict } of verdicts) {
    if (verdict.state !== 'moved' || !verdict.repository || verdict.snapshotId === undefined) continue;
    const repository = at(verdict.repository);
    repository.snapshotIds.add(verdict.snapshotId);
    repository.bytes += verdict.bytes ?? 0;
    repository.claims.push(claimRef(claim));
  }
  // Volumes that are no claims (emptyDir) are moved too.
  for (const each of podVolumeBackups.state === 'read' ? podVolumeBackups.value : []) {
    const where = whereOf(each);
    if (each.phase !== 'Completed' || each.snapshotId === undefined || !('repository' in where)) continue;
    const repository = at(where.repository);
    if (!repository.snapshotIds.has(each.snapshotId)) repository.bytes += each.totalBytes ?? 0;
    repository.snapshotIds.add(each.snapshotId);
  }
  return [...found].map(([folder, { snapshotIds, ...more }]) => ({ folder, snapshotIds: [...snapshotIds], ...more }));
}

export const claimRef = ({ namespace, name }: Claim): Ref => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
