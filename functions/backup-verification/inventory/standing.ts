/** Whose business a backup is: what concerns the one that a schedule is judged by is a finding, what concerns older ones is history. */
import { timeOf } from '../../health-check/age.ts';
import { type Finding, type Ref, refTo } from '../../scan/contracts.ts';
import { type Backup, isUsable, startedAt } from '../../velero/backup.ts';
import { veleroSchedules } from '../../velero/kinds.ts';
import type { CheckPass, LocationFacts, ScheduleFacts } from '../contracts.ts';

export const scheduleRef = (schedule: ScheduleFacts): Ref => refTo(veleroSchedules, schedule);

/** Schedules that make backups; those made by hand have none. */
export const namedSchedules = ({ schedules }: Pick<LocationFacts, 'schedules'>): readonly ScheduleFacts[] =>
  schedules.filter(({ name }) => name !== '');

/** By the backup's name. */
const schedulesByBackup = ({ schedules }: LocationFacts): ReadonlyMap<string, ScheduleFacts> =>
  new Map(schedules.flatMap((schedule) => schedule.backups.map((backup) => [backup.name, schedule] as const)));

/** `its archive is cut` is said of a schedule as `the archive of nightly-1 is cut`, `is stuck` as `nightly-1 is stuck`. */
const naming = (name: string, message: string): string =>
  /^its [a-z]/.test(message) ? message.replace(/^its (\S+)/, `the $1 of ${name.replaceAll('$', '')}`) : `${name} ${message}`;

export interface BackupVoice {
  /** Undefined: made by hand. */
  scheduleOf(backup: Backup): ScheduleFacts | undefined;
  /** Does it still tell how things are? A backup by hand does, unless it expired and is not usable; of a schedule the deciding one, the newest usable one, and what is newer. */
  isCurrent(backup: Backup): boolean;
  /** A finding about a backup that is current, once for each object and subject; a mark in its row for the others. */
  say(backup: Backup, finding: Omit<Finding, 'object'>): void;
}

export function backupVoice(pass: CheckPass): BackupVoice {
  const schedules = schedulesByBackup(pass.location);
  const scheduleOf = (backup: Backup) => {
    const schedule = schedules.get(backup.name);
    return schedule?.name === '' ? undefined : schedule;
  };
  // What Velero deletes when its time is up is not missing; what is whole may be all that is left of a cluster.
  const isOver = (backup: Backup): boolean => (timeOf(backup.metadata?.expiration) ?? pass.now) < pass.now && !isUsable(backup);
  const isCurrent = (backup: Backup): boolean => {
    const schedule = scheduleOf(backup);
    if (!schedule) return !isOver(backup);
    const { deciding, newestUsable } = schedule;
    return backup === deciding || backup === newestUsable || !deciding || startedAt(backup) > startedAt(deciding);
  };
  const told = new Set<string>();
  const say: BackupVoice['say'] = (backup, { subject, ...finding }) => {
    const schedule = scheduleOf(backup);
    const object = schedule ? scheduleRef(schedule) : pass.about(backup);
    // The newest usable backup keeps its own findings when a newer one decides.
    const which = schedule && backup === schedule.newestUsable && backup !== schedule.deciding ? 'newest usable' : '';
    const named = [which, subject].filter(Boolean).join(' ');
    const identity = JSON.stringify([object.name, object.namespace, named]);
    if (isCurrent(backup) && !told.has(identity)) {
      told.add(identity);
      const message = schedule ? naming(backup.name, finding.message) : finding.message;
      pass.emit({ ...finding, object, message, ...(named && { subject: named }), backup: backup.name });
    } else if (finding.severity !== 'info') pass.mark(backup.name, finding.severity === 'critical' ? 'error' : 'warning', finding.message);
  };
  return { scheduleOf, isCurrent, say };
}
