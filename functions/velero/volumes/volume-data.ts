/**
 * Is the data of each claim in a backup? By the companion files and the objects in the archive: Velero's phase says nothing about it. Pure.
 * Rules: velero internal/volume/volumes_information.go (who writes what), pkg/restore/restore.go and actions (what a restore needs of it).
 */
import type { Companion, ItemOperation, PodVolumeBackup, VolumeInfo, VolumeSnapshot } from '../companions/companion-files.ts';
import { type Evidence, evidenceOf } from './volume-evidence.ts';
import { type Claim, claimKey, type VolumeObjects } from './volume-objects.ts';

/** A repository in the location: `kopia/NAMESPACE/` or `restic/NAMESPACE/`. */
export interface RepositoryName {
  readonly type: 'kopia' | 'restic';
  readonly namespace: string;
}

export type VolumeVerdict =
  /** In a repository of the location; without one where another's data mover has it. `empty`: there was nothing to move. */
  | {
      readonly state: 'moved';
      readonly by: 'data upload' | 'pod volume backup';
      readonly repository?: RepositoryName;
      readonly dataMover?: string;
      readonly snapshotId?: string;
      readonly empty: boolean;
      /** That were moved, by Velero's own count. */
      readonly bytes?: number;
      /** What is odd about it, though Velero calls it whole. */
      readonly doubt?: string;
    }
  /** In the provider's own snapshot: outside the bucket. */
  | { readonly state: 'snapshot'; readonly by: 'csi' | 'native'; readonly where: string; readonly handle: string }
  /**
   * Left out, and Velero says why. `mountsAgain`: the file system outside the cluster that a restore mounts again as it is then. `wish`: asked for of this volume, of the backup as a whole
   * (no snapshots), or by nobody.
   */
  | { readonly state: 'skipped'; readonly reason: string; readonly wish: 'volume' | 'backup' | 'nobody'; readonly mountsAgain?: string }
  /** It was tried, and there is nothing to restore from. */
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'none'; readonly reason: string; readonly mountsAgain?: string }
  /** Pending or Lost: there is no volume; or one that ends with its pod. */
  | { readonly state: 'no-data'; readonly reason: string }
  | { readonly state: 'unknown'; readonly reason: string; readonly remedy: string };

export interface ClaimVerdict {
  readonly claim: Claim;
  readonly verdict: VolumeVerdict;
}

/** What is known of a backup's volumes. */
export interface VolumeSources {
  readonly backup: string;
  /** As the backup's spec has them. */
  readonly snapshotVolumes?: boolean | undefined;
  readonly defaultVolumesToFsBackup?: boolean | undefined;
  readonly resourcePolicy?: string | undefined;
  readonly objects: VolumeObjects;
  /** The archive was read to its end. */
  readonly whole: boolean;
  readonly volumeInfo: Companion<readonly VolumeInfo[]>;
  readonly podVolumeBackups: Companion<readonly PodVolumeBackup[]>;
  readonly volumeSnapshots: Companion<readonly VolumeSnapshot[]>;
  readonly itemOperations: Companion<readonly ItemOperation[]>;
}

/** A verdict for each claim that the archive holds, by namespace and name. */
export function volumeVerdicts(sources: VolumeSources): readonly ClaimVerdict[] {
  const evidence = evidenceOf(sources);
  const { claims } = sources.objects;
  return [...claims.values()]
    .toSorted((a, b) => (claimKey(a.namespace, a.name) < claimKey(b.namespace, b.name) ? -1 : 1))
    .map((claim) => ({ claim, verdict: verdictOf(claim, sources, evidence) }));
}

const best: readonly VolumeVerdict['state'][] = ['moved', 'snapshot', 'unknown'];
const rest: readonly VolumeVerdict['state'][] = ['failed', 'skipped'];

function verdictOf(claim: Claim, sources: VolumeSources, evidence: Evidence): VolumeVerdict {
  const found = evidence(claim);
  const oneOf = (states: typeof best) => states.map((state) => found.find((each) => each.state === state)).find(Boolean);
  const told = oneOf(best);
  if (told) return told;
  // Whatever was tried: its data ends with the pod, and the next one begins empty.
  if (claim.ephemeral) return { state: 'no-data', reason: 'its pod owns it (an ephemeral volume)' };
  const without = oneOf(rest);
  if (without) return withMount(without, claim, sources);
  if (claim.phase !== undefined && claim.phase !== 'Bound') return { state: 'no-data', reason: `it is ${claim.phase}, without a volume` };
  if (claim.phase === undefined && claim.volumeName === undefined) return { state: 'no-data', reason: 'it has no volume' };
  return unreadOf(sources) ?? withMount({ state: 'none', reason: whyNone(claim, sources) }, claim, sources);
}

/** File systems that are there without the cluster: by the volume's source, and by the CSI driver. */
const sharedSources = new Set(['nfs', 'cephfs', 'glusterfs', 'azureFile']);
const sharedDrivers =
  /^(efs|fsx|s3)\.csi\.aws\.com$|^fsx\.openzfs\.csi\.aws\.com$|^(nfs|smb)\.csi\.k8s\.io$|^file\.csi\.azure\.com$|^filestore\.csi\.storage\.gke\.io$|(^|\.)cephfs\.csi\.ceph\.com$/;

/** A volume without a copy of its data comes back as it is where its policy is Retain (velero pkg/restore/restore.go). */
function withMount(verdict: VolumeVerdict, { volumeName }: Claim, { objects }: VolumeSources): VolumeVerdict {
  const { source = '', driver = '', reclaimPolicy } = objects.volumes.get(volumeName ?? '') ?? {};
  const isShared = sharedSources.has(source) || sharedDrivers.test(driver);
  if (!isShared || reclaimPolicy !== 'Retain' || (verdict.state !== 'none' && verdict.state !== 'skipped')) return verdict;
  return { ...verdict, mountsAgain: driver || source };
}

/** What was not found may be in what could not be read. */
function unreadOf({ whole, volumeInfo, podVolumeBackups, volumeSnapshots }: VolumeSources): VolumeVerdict | undefined {
  for (const companion of [volumeInfo, podVolumeBackups, volumeSnapshots]) {
    if (companion.state === 'damaged' || companion.state === 'unknown') {
      return { state: 'unknown', reason: companion.message, remedy: companion.remedy };
    }
  }
  if (whole) return undefined;
  return { state: 'unknown', reason: 'the archive was not read to its end', remedy: 'look at what is said of the archive' };
}

/** Why Velero took no data of it, as far as the backup tells. */
function whyNone(claim: Claim, { objects, snapshotVolumes }: VolumeSources): string {
  const volume = objects.volumes.get(claim.volumeName ?? '');
  const users = [...objects.pods].filter(
    ([pod, { claims }]) => pod.startsWith(`${claim.namespace}/`) && Object.values(claims).includes(claim.name),
  );
  // velero pkg/podvolume/backupper.go, isHostPathVolume: a warning in the log, and no trace in the files.
  if (volume?.source === 'hostPath') return 'its volume is a hostPath, which Velero does not back up';
  if (users.length === 0) return 'no pod uses it, so no file-system backup reaches it, and no snapshot was taken';
  if (users.every(([, { phase }]) => phase !== undefined && phase !== 'Running')) return 'no pod that uses it was running';
  if (snapshotVolumes === false) return 'the backup takes no snapshots (snapshotVolumes: false), and no file-system backup was taken';
  return 'no snapshot, data upload or file-system backup was taken of it';
}
