import * as z from 'zod';
import { hours, inWords, timeOf } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { refTo, type Wire } from '../../scan/contracts.ts';
import type { Backup } from '../../velero/backup.ts';
import { storageLocationsAt } from '../../velero/inventory/storage-locations.ts';
import { type BackupObject, backupStorageLocations, veleroBackups } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { size } from '../tables.ts';

/** When (ms) it expired. */
const expiredAt = ({ metadata }: Backup): number | undefined => timeOf(metadata?.expiration);

export default defineLocationCheck({
  id: 'backup-expired',
  title: 'Backups that outlived their time',
  why: 'Where Velero no longer removes what expired, storage grows without end, and data is kept longer than it may be.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/controller/gc_controller.go',
  level: 'inventory',
  reads: { backupStorageLocations, veleroBackups },
  options: z.strictObject({
    graceDays: z.number().min(0).default(2).describe('An expired backup may still be there for this long'),
  }),
  look(pass) {
    const { location, now, options, emit } = pass;
    const late = location.backups.filter((backup) => now - (expiredAt(backup) ?? now) > hours(24 * options.graceDays));
    const oldest = late.toSorted((a, b) => (expiredAt(a) ?? 0) - (expiredAt(b) ?? 0))[0];
    if (!oldest) return;
    const { meant, says } = whyStill(pass, late);
    const bytes = late.reduce((sum, backup) => sum + backup.bytes, 0);
    const count = late.length === 1 ? '1 backup is' : `${late.length} backups are`;
    emit({
      object: location.object,
      severity: meant ? 'info' : 'warning',
      message: `${count} still there after expiring (${size(bytes)} without volumes, the oldest ${inWords(now - (expiredAt(oldest) ?? now))} ago): ${some(late.map(({ name }) => name))}${says}`,
      remedy: `kubectl -n ${oldest.metadata?.namespace} get backups.velero.io ${oldest.name} -o yaml; to remove it: velero backup delete ${oldest.name}`,
      startedAt: new Date(expiredAt(oldest) ?? now).toISOString(),
      members: late.slice(0, 100).map(({ name, metadata }) => refTo(veleroBackups, { name, namespace: metadata?.namespace ?? null })),
      details: { backups: late.length, bytes },
    });
  },
});

/** Why they are still there, as far as the cluster tells; `meant`: as somebody wants it, or nobody is left to remove them. */
function whyStill({ location }: CheckPass, late: readonly Backup[]): { readonly meant: boolean; readonly says: string } {
  const at = storageLocationsAt(location.cluster, location.name);
  if (at.state === 'unread' && !at.unknown) return { meant: true, says: '; no cluster is asked that would remove them' };
  if (at.state === 'read' && at.objects.length > 0 && at.objects.every(({ spec }) => spec?.accessMode === 'ReadOnly'))
    return { meant: true, says: '; the location is ReadOnly, where Velero removes nothing' };
  const listed = location.cluster.of(veleroBackups);
  if (listed.state === 'unread') return { meant: false, says: '' };
  const names = new Set(late.map(({ name }) => name));
  const objects = listed.objects.filter(({ metadata }) => names.has(metadata?.name ?? ''));
  const reasons = [...new Set(objects.flatMap(reasonOf))];
  if (reasons.length > 0) return { meant: false, says: `; ${some(reasons)}` };
  return { meant: false, says: objects.length === 0 ? '; the cluster does not know them, so it removes none' : '' };
}

/** The label says what Velero's garbage collection met with. */
const reasonOf = ({ metadata, status }: Wire<BackupObject>): readonly string[] => {
  const failure = metadata?.labels?.['velero.io/gc-failure'];
  if (failure) return [`Velero’s garbage collection says ${failure}`];
  return status?.phase === 'Deleting' ? ['Velero is at deleting them, and does not get to the end'] : [];
};
