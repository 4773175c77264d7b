/** Does Velero bring Backups of a location into the cluster? (velero pkg/controller/backup_sync_controller.go) */
import type { Wire } from '../../scan/contracts.ts';
import type { BackupStorageLocationObject } from '../../velero/kinds.ts';

/** Only while it is available, and not where its period is 0. */
export const isSynchronised = ({ spec, status }: Wire<BackupStorageLocationObject>): boolean =>
  status?.phase === 'Available' && !/^0+(\.0+)?(h|m|s|ms)?(0(m|s))*$/.test(spec?.backupSyncPeriod ?? '1m');
