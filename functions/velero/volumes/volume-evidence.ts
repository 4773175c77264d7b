/** What each of a backup's records says of a claim's data, and whether the records agree. Pure. */
import type { Companion, ItemOperation, PodVolumeBackup, VolumeInfo } from '../companions/companion-files.ts';
import type { RepositoryName, VolumeSources, VolumeVerdict } from './volume-data.ts';
import { type Claim, type ClaimSnapshot, claimKey, type DataUpload, type SnapshotContent, type VolumeObjects } from './volume-objects.ts';

/** All that the records say of one claim: often one verdict, none where nothing was found. */
export type Evidence = (claim: Claim) => readonly VolumeVerdict[];

const failed = (reason: string): VolumeVerdict => ({ state: 'failed', reason });
const listIn = <T>(companion: Companion<readonly T[]>): readonly T[] => (companion.state === 'read' ? companion.value : []);

/** Looks everything up once. */
export function evidenceOf(sources: VolumeSources): Evidence {
  const infos = Map.groupBy(listIn(sources.volumeInfo), ({ pvcNamespace, pvcName }) => claimKey(pvcNamespace, pvcName));
  const records = recordsOf(sources);
  return (claim) => {
    const key = claimKey(claim.namespace, claim.name);
    const told = (infos.get(key) ?? []).map((info) => verdictOfInfo(info, claim, records, sources));
    // Velero leaves one out of volumeinfo where it cannot find the claim any more; before 1.13 there is none.
    return told.some(({ state }) => state !== 'skipped') ? told : [...told, ...verdictsOfRecords(claim, records, sources)];
  };
}

/** The records beside volumeinfo, by what they are looked up by. */
interface Records {
  readonly podBackups: ReadonlyMap<string, readonly PodVolumeBackup[]>;
  readonly uploads: ReadonlyMap<string, readonly DataUpload[]>;
  readonly operations: ReadonlyMap<string, readonly ItemOperation[]>;
}

function recordsOf({ backup, objects, podVolumeBackups, itemOperations }: VolumeSources): Records {
  const claimsByUid = new Map([...objects.claims].flatMap(([key, { uid }]): [string, string][] => (uid === undefined ? [] : [[uid, key]])));
  const podBackups = Map.groupBy(listIn(podVolumeBackups), ({ podNamespace, podName, volume, pvcUid }) => {
    const claim = objects.pods.get(claimKey(podNamespace, podName))?.claims[volume ?? ''];
    return claim === undefined ? (claimsByUid.get(pvcUid ?? '') ?? '') : claimKey(podNamespace, claim);
  });
  const operations = Map.groupBy(listIn(itemOperations), ({ item }) =>
    item.group === '' && item.resource === 'persistentvolumeclaims' ? claimKey(item.namespace, item.name) : '',
  );
  const named = new Set(
    listIn(itemOperations).flatMap(({ postOperationItems }) =>
      postOperationItems.filter(isDataUpload).map(({ namespace, name }) => claimKey(namespace, name)),
    ),
  );
  // Where Velero's own namespace is backed up the archive also holds the DataUploads of other backups.
  const own = objects.uploads.filter((upload) => named.has(claimKey(upload.namespace, upload.name)) || isLabelled(upload.backup, backup));
  const uploads = Map.groupBy(own, ({ sourceNamespace, sourceClaim }) => claimKey(sourceNamespace, sourceClaim));
  return { podBackups, uploads, operations };
}

const isDataUpload = ({ group, resource }: { readonly group: string; readonly resource: string }): boolean =>
  group === 'velero.io' && resource === 'datauploads';

/** A label value has at most 63 characters: Velero cuts what is longer to 57 and adds 6 of its hash (pkg/label/label.go, GetValidName). */
const isLabelled = (label: string | undefined, value: string): boolean =>
  label === value || (label !== undefined && value.length > 63 && label.slice(0, 57) === value.slice(0, 57));

/** Two ids of one operation; either may be cut as a label is. */
const isSameOperation = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && (one === other || (one.length >= 63 && one.slice(0, 57) === other.slice(0, 57)));

function verdictOfInfo(info: VolumeInfo, claim: Claim, records: Records, sources: VolumeSources): VolumeVerdict {
  if (info.skipped) return skipped(info.skippedReason ?? '', sources);
  const { backupMethod, snapshotDataMoved, csi } = info;
  if (backupMethod === 'PodVolumeBackup') return podBackupOfInfo(info, claim, records, sources);
  if (backupMethod === 'CSISnapshot' && snapshotDataMoved) return uploadOfInfo(info, claim, records, sources);
  if (backupMethod === 'CSISnapshot') {
    const operation = operationOf(claim, records);
    if (info.result === 'failed') return failed(`its CSI snapshot failed${operation?.error ? ` (${operation.error})` : ''}`);
    const handle = csi?.snapshotHandle ?? '';
    if (handle === '' || handle === 'unknown') return failed('its CSI snapshot has no handle, so no restore can find it');
    const lost = lostSnapshot(claim, sources);
    if (lost !== undefined) return failed(lost);
    return { state: 'snapshot', by: 'csi', where: csi?.driver ?? 'an unknown CSI driver', handle };
  }
  if (backupMethod === 'NativeSnapshot') return nativeOfInfo(info, sources);
  const remedy = 'update Nightshift: a newer Velero wrote this backup';
  return { state: 'unknown', reason: `volumeinfo calls its backup method ${backupMethod ?? 'nothing'}, which is not known`, remedy };
}

/** A claim is restored from the VolumeSnapshot, and that from its content, both out of the archive (velero pkg/restore/actions/csi). */
function lostSnapshot({ namespace, name }: Claim, { backup, objects, whole }: VolumeSources): string | undefined {
  if (!whole) return undefined;
  const own = (objects.snapshots.get(claimKey(namespace, name)) ?? []).filter((each) => isLabelled(each.backup, backup));
  if (own.length === 0) return 'its VolumeSnapshot is not in the archive, and only through it is a CSI snapshot restored';
  if (own.some((snapshot) => contentOf(snapshot, objects)?.handle !== undefined)) return undefined;
  return `the VolumeSnapshotContent ${own[0]?.contentName ?? 'of its VolumeSnapshot'} is not in the archive, or has no snapshotHandle`;
}

/** By the name that either has of the other: restores go by the content's. */
const contentOf = ({ key, contentName }: ClaimSnapshot, { contents }: VolumeObjects): SnapshotContent | undefined =>
  contents.get(contentName ?? '') ?? contents.values().find(({ snapshot }) => snapshot === key);

const operationOf = (claim: Claim, { operations }: Records): ItemOperation | undefined =>
  operations.get(claimKey(claim.namespace, claim.name))?.find(({ error, phase }) => error || phase !== 'Completed');

function nativeOfInfo({ native, result, pvName }: VolumeInfo, { volumeSnapshots }: VolumeSources): VolumeVerdict {
  const handle = native?.snapshotHandle ?? '';
  if (result === 'failed' || native?.phase === 'Failed' || handle === '') return failed('its native snapshot failed');
  // Restores look it up in this file (velero pkg/restore/pv_restorer.go).
  const listed = volumeSnapshots.state !== 'read' || volumeSnapshots.value.some((each) => each.providerSnapshotId === handle);
  if (!listed) return failed(`its native snapshot ${handle} of ${pvName ?? 'its volume'} is missing in volumesnapshots.json.gz`);
  return { state: 'snapshot', by: 'native', where: native?.volumeAz || 'the provider', handle };
}

function podBackupOfInfo({ podVolume, result }: VolumeInfo, claim: Claim, records: Records, sources: VolumeSources): VolumeVerdict {
  const { podVolumeBackups } = sources;
  const handle = podVolume?.snapshotHandle;
  const own = records.podBackups.get(claimKey(claim.namespace, claim.name)) ?? [];
  const all = own.length > 0 ? own : listIn(podVolumeBackups);
  const record =
    all.find((each) => isSameVolume(podVolume, each)) ?? all.find(({ snapshotId }) => snapshotId !== undefined && snapshotId === handle);
  if (record) {
    if (handle !== undefined && record.snapshotId !== handle && record.phase === 'Completed') {
      return failed(`volumeinfo names the snapshot ${handle}, podvolumebackups ${record.snapshotId ?? 'none'}`);
    }
    return verdictOfPodBackup(record, sources);
  }
  if (result === 'failed' || (podVolume?.phase !== undefined && podVolume.phase !== 'Completed')) {
    return failed(`its pod volume backup is ${podVolume?.phase ?? 'failed'}`);
  }
  if (podVolumeBackups.state === 'damaged' || podVolumeBackups.state === 'unknown') {
    return { state: 'unknown', reason: podVolumeBackups.message, remedy: podVolumeBackups.remedy };
  }
  // Restores go by the PodVolumeBackups that sync makes of that file, not by volumeinfo.
  return failed('its PodVolumeBackup is missing in podvolumebackups.json.gz, which restores need');
}

const isSameVolume = (told: VolumeInfo['podVolume'], { podName, podNamespace, volume }: PodVolumeBackup): boolean =>
  told?.podName === podName && told?.podNamespace === podNamespace && told?.volumeName === volume && podName !== undefined;

function verdictOfPodBackup(record: PodVolumeBackup, { objects, whole }: VolumeSources): VolumeVerdict {
  const { phase, message, snapshotId, podNamespace = '', podName = '', bytesDone, totalBytes } = record;
  const by = 'pod volume backup';
  if (phase !== 'Completed') return failed(`its pod volume backup is ${phase ?? 'without a phase'}${message ? ` (${message})` : ''}`);
  const empty = snapshotId === undefined;
  if (empty && !isEmptyVolume(message)) return failed('its pod volume backup is Completed without a snapshot');
  // The restore's init container is put into the pod: no pod, no data (velero pkg/restore/actions/pod_volume_restore_action.go).
  if (whole && !objects.pods.has(claimKey(podNamespace, podName))) {
    return failed(`its data is restored through the pod ${podNamespace}/${podName}, which is not in the archive`);
  }
  const doubt = cutShort(bytesDone, totalBytes);
  return {
    state: 'moved',
    by,
    ...whereOf(record),
    empty,
    ...(snapshotId !== undefined && { snapshotId }),
    ...(doubt !== undefined && { doubt }),
    ...(totalBytes !== undefined && { bytes: totalBytes }),
  };
}

/** The repository that a pod volume backup is in; none where the location's `resticRepoPrefix` puts it somewhere else. */
export function whereOf({ uploaderType, podNamespace: namespace = '', repoIdentifier }: PodVolumeBackup): Whereabouts {
  const type = uploaderOf(uploaderType);
  const isHere = type === 'kopia' || repoIdentifier === undefined || repoIdentifier.endsWith(`/restic/${namespace}`);
  return isHere ? { repository: { type, namespace } } : { dataMover: 'restic, outside this location' };
}
type Whereabouts = { readonly repository: RepositoryName } | { readonly dataMover: string };

/** Before 1.10 there was restic alone, and no field for it. */
const uploaderOf = (uploaderType: string | undefined): RepositoryName['type'] => (uploaderType === 'kopia' ? 'kopia' : 'restic');

/** velero pkg/controller: `volume was empty so no snapshot was taken`, `... no data was upload`. */
const isEmptyVolume = (message: string | undefined): boolean => message?.startsWith('volume was empty') ?? false;

const cutShort = (done: number | undefined, total: number | undefined): string | undefined =>
  total !== undefined && (done ?? 0) < total ? `it counts ${done ?? 0} of ${total} bytes as moved` : undefined;

function uploadOfInfo(info: VolumeInfo, claim: Claim, records: Records, sources: VolumeSources): VolumeVerdict {
  const { operationId, snapshotHandle = '', phase, size } = info.dataMovement ?? {};
  const uploads = records.uploads.get(claimKey(claim.namespace, claim.name)) ?? [];
  const upload = uploads.find((each) => isSameOperation(each.operationId, operationId)) ?? (uploads.length === 1 ? uploads[0] : undefined);
  if (!upload) return withoutUpload(phase, claim, records, sources);
  const verdict = verdictOfUpload(upload, claim, records);
  if (verdict.state !== 'moved' || verdict.snapshotId === undefined) return verdict;
  // Velero 1.13, which writes no size, never completes it (since 1.14: pkg/backup/backup.go, updateVolumeInfos).
  if (snapshotHandle === '')
    return size === undefined ? verdict : { ...verdict, doubt: 'volumeinfo was not completed: it names no snapshot' };
  if (snapshotHandle === verdict.snapshotId) return verdict;
  return failed(`volumeinfo names the snapshot ${snapshotHandle}, the DataUpload in the archive ${verdict.snapshotId}`);
}

function withoutUpload(phase: string | undefined, claim: Claim, records: Records, { whole }: VolumeSources): VolumeVerdict {
  const operation = operationOf(claim, records);
  if (operation) return failed(`its data upload is ${operation.phase ?? 'unfinished'}${operation.error ? ` (${operation.error})` : ''}`);
  if (phase !== undefined && phase !== 'Completed') return failed(`its data upload is ${phase}`);
  if (whole) return failed('its DataUpload is not in the archive, and only through it is moved data restored');
  return { state: 'unknown', reason: 'the archive was not read to its end', remedy: 'look at what is said of the archive' };
}

function verdictOfUpload(upload: DataUpload, claim: Claim, records: Records): VolumeVerdict {
  const { phase, message, snapshotId, dataMover, sourceNamespace, bytesDone, totalBytes } = upload;
  const operation = operationOf(claim, records);
  const why = message ?? operation?.error;
  if (phase !== 'Completed') return failed(`its data upload is ${phase ?? 'without a phase'} in the archive${why ? ` (${why})` : ''}`);
  const empty = snapshotId === undefined;
  if (empty && !isEmptyVolume(message)) return failed('its data upload is Completed without a snapshot');
  const doubt = cutShort(bytesDone, totalBytes);
  const where = dataMover === 'velero' ? { repository: { type: 'kopia', namespace: sourceNamespace } as const } : { dataMover };
  return {
    state: 'moved',
    by: 'data upload',
    ...where,
    empty,
    ...(snapshotId !== undefined && { snapshotId }),
    ...(doubt !== undefined && { doubt }),
    ...(totalBytes !== undefined && { bytes: totalBytes }),
  };
}

/** Where volumeinfo says nothing of it: the files that older versions wrote, and the objects in the archive. */
function verdictsOfRecords(claim: Claim, records: Records, sources: VolumeSources): readonly VolumeVerdict[] {
  const { backup, objects, volumeSnapshots } = sources;
  const key = claimKey(claim.namespace, claim.name);
  const native = listIn(volumeSnapshots).filter((each) => each.persistentVolumeName !== undefined);
  return [
    ...(records.podBackups.get(key) ?? []).map((each) => verdictOfPodBackup(each, sources)),
    ...(records.uploads.get(key) ?? []).map((each) => verdictOfUpload(each, claim, records)),
    ...native
      .filter(({ persistentVolumeName }) => persistentVolumeName === claim.volumeName)
      .map(({ phase, providerSnapshotId: handle = '' }): VolumeVerdict => {
        if (phase !== 'Completed' || handle === '') return failed(`its native snapshot is ${phase ?? 'without a phase'}`);
        return { state: 'snapshot', by: 'native', where: 'the provider', handle };
      }),
    ...(objects.snapshots.get(key) ?? [])
      .filter((each) => isLabelled(each.backup, backup))
      .map((snapshot): VolumeVerdict => {
        const { handle, driver } = contentOf(snapshot, objects) ?? {};
        if (handle === undefined) return failed('its CSI snapshot has no handle in the archive, so no restore can find it');
        return { state: 'snapshot', by: 'csi', where: driver ?? 'an unknown CSI driver', handle };
      }),
  ];
}

/** velero pkg/backup/item_backupper.go: what the volume itself, or a policy, asks for. */
const asked = /resource polic|exclude-from-backup=true/i;
/** Said of every volume that no file-system backup was asked for, annotation or not; only where all are backed up so was it taken out. */
const optedOut = /opted out due to annotation in pod/;
/** One text for many causes: no snapshots at all (the second, until 1.13), a policy, or a file-system backup in its place. */
const notMet = /not satisfy the criteria for VolumePolicy or the legacy snapshot way|backup has volume snapshots disabled/;

/** Velero gives a reason for each way in which it did not get the data, `WAY: reason;` each: only all of them together tell whose wish it was. */
function skipped(skippedReason: string, sources: VolumeSources): VolumeVerdict {
  const { snapshotVolumes, defaultVolumesToFsBackup, resourcePolicy } = sources;
  const parts = skippedReason
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean);
  const reason = parts.join('; ') || 'Velero gives no reason';
  const isAsked = (part: string) => asked.test(part) || (defaultVolumesToFsBackup === true && optedOut.test(part));
  const others = parts.filter((part) => !isAsked(part) && !notMet.test(part) && !optedOut.test(part));
  if (others.length > 0 || parts.length === 0) return { state: 'skipped', reason, wish: 'nobody' };
  // Neither way, though snapshots are on: so says the action custom or skip of a policy (internal/volumehelper/volume_policy_helper.go).
  const isPolicy =
    resourcePolicy !== undefined && snapshotVolumes !== false && [notMet, optedOut].every((why) => parts.some((part) => why.test(part)));
  if (isPolicy) return { state: 'skipped', reason: `resource policy ${resourcePolicy}`, wish: 'volume' };
  const wish = parts.some(isAsked) ? 'volume' : snapshotVolumes === false ? 'backup' : 'nobody';
  return { state: 'skipped', reason, wish };
}
