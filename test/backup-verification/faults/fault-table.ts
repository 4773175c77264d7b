/**
 * The faults of Velero backups that are known (docs/backup-verification.md; each was met by somebody, or read in Velero's source), and the test that
 * plants each of them, with its false alarm beside it. What no reader of a bucket can tell is listed too, with the reason.
 */

/** Where it is planted: the file (without .test.ts) and a title in it; `no alarm` likewise. */
interface Planted {
  readonly fault: string;
  readonly tests: readonly (readonly [file: string, title: string])[];
  readonly noAlarm: readonly (readonly [file: string, title: string])[];
}
/** No test of its own can be had, and why. */
interface Untold {
  readonly fault: string;
  readonly why: string;
}

export const planted: readonly Planted[] = [
  {
    fault: 'killed during upload',
    tests: [
      ['folders', 'was never uploaded: Velero was killed'],
      ['folders', 'is waited for longer than Velero may work'],
      ['folders', 'is gone: a delete was interrupted, or a hand did it'],
    ],
    noAlarm: [['folders', 'no alarm: Velero is at it']],
  },
  {
    fault: 'interrupted delete, hand delete',
    tests: [
      ['folders', 'but a tarball: an interrupted delete'],
      ['folders', 'and tarball: the rest of one'],
    ],
    noAlarm: [
      ['folders', 'no alarm: it is younger than an hour'],
      ['folders', 'but a log: it could not be encoded'],
    ],
  },
  {
    fault: 'sync removes CRs whose directory is gone',
    tests: [['schedules', 'before its time: Velero’s synchronisation removed it from the cluster too']],
    noAlarm: [['schedules', 'no alarm: it had expired']],
  },
  {
    fault: 'GC not running, BSL read-only, delete errors',
    tests: [['schedules', 'as Velero’s garbage collection does not get on']],
    noAlarm: [['schedules', 'no alarm: for two days, in a location that is read only, or with no cluster left to remove it']],
  },
  {
    fault: 'truncated / bit-rotten tar.gz',
    tests: [
      ['archive-cut', 'at each of 20 places'],
      ['archive-cut', 'in the header: nothing can be unpacked'],
      ['archive-cut', 'in the checksum or the length of the trailer: all of it was read, and is not to be trusted'],
      ['archive-cut', 'anywhere else: never a pass, never more than one alarm, always a place'],
      ['archive-cut', 'in the header of a member'],
    ],
    noAlarm: [
      ['archive-cut', 'whose body is cut on the way: it is asked for again from there'],
      ['bucket', 'rewritten between the listing and the read: 412'],
    ],
  },
  {
    fault: 'extra bytes after gzip end',
    tests: [['archive-edited', 'is a warning, with its place']],
    noAlarm: [['archive-cut', 'that is two gzip members, one after the other']],
  },
  {
    fault: 'edited tarball',
    tests: [
      ['archive-edited', 'edited in the copy that restores read'],
      ['archive-edited', 'written at another time: a warning, for it may have been packed again'],
      ['changed', 'exchanged after it was verified, with all in order inside'],
      ['changed', 'rotten under the same version'],
    ],
    noAlarm: [
      ['archive-edited', 'no alarm: a few minutes beside the backup, or a finalization that wrote the archive once more'],
      ['changed', 'no alarm: the same as it was, and one that finalization wrote once more'],
    ],
  },
  {
    fault: 'wrong file under the name',
    tests: [
      ['folders', 'is of another backup'],
      ['files', 'of another backup: named, and nothing is told from it'],
      ['archive-edited', 'it is the archive, or the list, of another backup'],
      ['archive-edited', 'it is the archive of another backup, all of whose items are in it too'],
    ],
    noAlarm: [['folders', 'no alarm: copied from another cluster, whose location and namespace have other names']],
  },
  {
    fault: 'final tarball not uploaded',
    tests: [
      ['folders', 'is older than what was written last: its final version was never uploaded'],
      ['volumes', 'was moved, and its DataUpload is not in the archive: no restore finds it'],
    ],
    noAlarm: [['folders', 'no alarm: the same without operations, or in the right order']],
  },
  {
    fault: 'failed items',
    tests: [
      ['archive-edited', 'items are missing'],
      ['archive-edited', 'that no error names'],
    ],
    noAlarm: [['archive-edited', 'that an error names are known losses: a warning, and the rest restores']],
  },
  {
    fault: 'fewer items than before',
    tests: [['archive-edited', 'a kind is gone']],
    noAlarm: [['archive-edited', 'no alarm: the request is another one, or what is gone always comes and goes']],
  },
  {
    fault: 'data not captured',
    tests: [
      ['volumes', 'was not taken at all, though the backup is Completed'],
      ['volumes', 'was skipped, though nobody asked for that'],
      ['volumes', 'was not moved: the upload failed'],
    ],
    noAlarm: [['volumes', 'no alarm: a claim that never had a volume, an emptyDir, one on the list of those that may lack it']],
  },
  {
    fault: 'snapshot elsewhere gone or in other region/account',
    tests: [
      ['volumes', 'is told of, with its handle: whether the provider still has it no bucket tells'],
      ['volumes', 'without a handle can be found by no restore'],
      ['volumes', 'without the VolumeSnapshot that restores go through'],
    ],
    noAlarm: [['volumes', 'no alarm, and no word: moved data has the handle `unknown`']],
  },
  {
    fault: 'kopia/restic blobs gone',
    tests: [
      ['volumes', 'is gone'],
      ['volumes', 'lacks what it is opened by, its manifests, its indexes, or its data'],
      ['volumes', 'has blobs without a byte'],
      ['volumes', 'of restic lacks a snapshot that a backup claims'],
      ['volumes', 'of restic has a file that rotted'],
    ],
    noAlarm: [['volumes', 'no alarm: maintained, shrunk, its logs gone; not written this night; without the file of 1.18']],
  },
  {
    fault: 'lifecycle expires or archives kopia/ or backups/',
    tests: [
      ['bucket', 'removes repositories'],
      ['bucket', 'removes backups before their time'],
      ['bucket', 'archives what must be read at once'],
      ['bucket', 'archived: unknown, with the class'],
    ],
    noAlarm: [['bucket', 'no alarm: classes that answer at once, old versions, another prefix, a rule that is off, later than all expire']],
  },
  {
    fault: 'object lock',
    tests: [['bucket', 'without versions: what is deleted or overwritten is gone']],
    noAlarm: [['bucket', 'no alarm: on a bucket with versions it is good news']],
  },
  {
    fault: 'KMS key disabled / PendingDeletion',
    tests: [
      ['bucket', 'is disabled: the key is named, and of the backups nothing is said that nobody knows'],
      ['bucket', 'is to be deleted'],
    ],
    noAlarm: [['bucket', 'no alarm: we may not describe it, or not use it; that is unknown']],
  },
  {
    fault: 'SSE-C (plugin customerKeyEncryptionFile)',
    tests: [['bucket', 'SSE-C: unknown, and not corrupt']],
    noAlarm: [['bucket', 'SSE-C: unknown, and not corrupt']],
  },
  {
    fault: 'BSL unavailable: alien directory, CA expired, credentials',
    tests: [
      ['schedules', 'the location is unavailable'],
      ['schedules', 'a folder that Velero does not know lies beside the backups'],
      ['schedules', 'none of its locations is this one: the prefix was written into config'],
    ],
    noAlarm: [['schedules', 'no alarm: a file lies there, or what Velero allows']],
  },
  {
    fault: 'missing CRD',
    tests: [
      ['restorability', 'without its definition'],
      ['restorability', 'whose definition was lost from the archive'],
      ['restorability', 'in a version that its definition does not serve'],
    ],
    noAlarm: [
      ['restorability', 'no alarm: an API server of its own serves it'],
      ['restorability', 'no alarm: definitions were left out on request'],
    ],
  },
  {
    fault: 'CRD in cluster lacks the stored version',
    tests: [['restorability', 'in a version that the cluster’s own definition does not serve (cl)']],
    noAlarm: [['restorability', 'no alarm: its definition is there, in the backup or with all its versions in the cluster']],
  },
  {
    fault: 'removed API versions',
    tests: [['restorability', 'that Kubernetes no longer serves']],
    noAlarm: [['restorability', 'no alarm: the feature EnableAPIGroupVersions stored another one too, and how to restore it is told']],
  },
  {
    fault: 'StorageClass absent',
    tests: [['restorability', 'of storage is not there']],
    noAlarm: [['restorability', 'no alarm: the empty one, those that every cluster has, those that the filters leave out']],
  },
  {
    fault: 'PriorityClass absent',
    tests: [['restorability', 'of priority is not there: its pods are forbidden']],
    noAlarm: [['restorability', 'no alarm: the empty one, those that every cluster has, those that the filters leave out']],
  },
  {
    fault: 'webhooks fail',
    tests: [['restorability', 'whose service is missing, with the failure policy Fail or none']],
    noAlarm: [['restorability', 'no alarm: it ignores failures, or its selector leaves out all that is restored']],
  },
  {
    fault: 'IRSA / OIDC',
    tests: [['restorability', 'of the cloud trusts the old cluster: told, and no alarm for a restore into the same one']],
    noAlarm: [['restorability', 'of the cloud trusts the old cluster: told, and no alarm for a restore into the same one']],
  },
  {
    fault: 'token secrets',
    tests: [],
    noAlarm: [['restorability', 'no alarm: tokens of service accounts, which are made anew']],
  },
  {
    fault: 'namespace mapping',
    tests: [['restorability', 'is named in what Velero does not rewrite']],
    noAlarm: [['restorability', 'no alarm where it is not asked for']],
  },
  {
    fault: 'existing objects',
    tests: [],
    noAlarm: [['restorability', 'no alarm: objects that every cluster has, and a restore finds there (cl)']],
  },
  {
    fault: 'webhook/controller-made objects',
    tests: [],
    noAlarm: [['restorability', 'no alarm: what a controller makes again, and finds again by its selector']],
  },
  {
    fault: 'retained PV without data copy',
    tests: [['volumes', 'and has no copy, from a block device: it comes back only where that device still is']],
    noAlarm: [['volumes', 'no alarm beyond a warning: a file system outside the cluster is mounted again, with what is on it then']],
  },
  {
    fault: 'schedule stopped',
    tests: [
      ['schedules', 'is told by its cron'],
      ['schedules', 'is told by its rhythm where there is no cluster to ask'],
      ['schedules', 'never ran'],
      ['schedules', 'is paused for too long'],
      ['schedules', 'is refused by Velero'],
    ],
    noAlarm: [
      ['schedules', 'no alarm: its first time has not come'],
      ['schedules', 'no alarm: Velero is at this night’s; in the night when the clocks go forward its time does not come'],
      ['schedules', 'no alarm: backups by hand have no schedule'],
    ],
  },
  {
    fault: 'kubectl delete backup',
    tests: [],
    noAlarm: [['schedules', 'no alarm: `kubectl delete backup` a moment ago, which comes back; a Schedule that took its Backups with it']],
  },
  {
    fault: 'useOwnerReferencesInBackup + schedule deleted',
    tests: [],
    noAlarm: [['schedules', 'no alarm: `kubectl delete backup` a moment ago, which comes back; a Schedule that took its Backups with it']],
  },
];

export const untold: readonly Untold[] = [
  {
    fault: 'existing objects (those that differ)',
    why: 'a restore leaves them as they are; which of them differ is a comparison of every object with the cluster: a preview of a restore, not a verification',
  },
  {
    fault: 'image not pullable, node labels, AZ-bound PV',
    why: 'the nodes, zones and registries of the cluster that is restored into are in no backup: a drill shows it',
  },
  { fault: 'restore Completed while data failed', why: 'it happens in the restore: a drill shows it' },
  { fault: '`velero_backup_last_status` metric', why: 'it is not read: the backups themselves are' },
];
