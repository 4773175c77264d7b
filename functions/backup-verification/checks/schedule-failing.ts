import * as z from 'zod';
import { startedAt as since } from '../../health-check/age.ts';
import { because, oneLine, some } from '../../health-check/wire.ts';
import { type Backup, type BackupMetadata, isFinished, startedAt } from '../../velero/backup.ts';
import { readCompanions } from '../../velero/companions/read-companions.ts';
import { type CheckPass, defineLocationCheck, type ScheduleFacts } from '../contracts.ts';
import { namedSchedules, scheduleRef } from '../inventory/standing.ts';

export default defineLocationCheck({
  id: 'schedule-failing',
  title: 'Schedules whose newest backup failed',
  why: 'A backup that failed, or failed in part, lacks what somebody will want back; older failures are history once a newer one is good.',
  upstream: 'https://velero.io/docs/main/api-types/backup/',
  level: 'inventory',
  reads: {},
  options: z.strictObject({
    messages: z.int().min(0).max(20).default(3).describe('How many of Velero’s own error messages are shown'),
  }),
  async look(pass) {
    for (const schedule of namedSchedules(pass.location)) {
      markHistory(pass, schedule);
      if (schedule.deciding?.metadata) await judge(pass, schedule, schedule.deciding, schedule.deciding.metadata, pass.options.messages);
    }
  },
});

/** What the backups before the deciding one came to is in their rows. */
function markHistory({ mark }: CheckPass, { backups, deciding }: ScheduleFacts): void {
  for (const backup of backups) {
    const { metadata } = backup;
    if (!metadata || backup === deciding) continue;
    if (metadata.phase === 'Failed') mark(backup.name, 'error', `failed${because(metadata.failureReason)}`);
    if (metadata.phase === 'PartiallyFailed') mark(backup.name, 'warning', `failed in part, with ${errorsOf(metadata)}`);
  }
}

const errorsOf = ({ errors }: BackupMetadata): string => (errors === 1 ? '1 error' : `${errors} errors`);

async function judge(pass: CheckPass, schedule: ScheduleFacts, backup: Backup, metadata: BackupMetadata, messages: number): Promise<void> {
  const { phase, failureReason, errors, warnings } = metadata;
  if (phase !== 'Failed' && phase !== 'PartiallyFailed') return;
  const [told, first] = [await errorMessages(pass, backup, messages), firstInARow(schedule)];
  const usable = schedule.newestUsable;
  const fallback = usable ? `; the newest that can be restored from is ${usable.name}` : '; there is none that can be restored from';
  const what =
    phase === 'Failed'
      ? `failed and cannot be restored from${because(failureReason)}${fallback}`
      : `failed in part, with ${errorsOf(metadata)}: what they name is missing or incomplete in it${because(failureReason)}`;
  pass.emit({
    object: scheduleRef(schedule),
    severity: phase === 'Failed' ? 'critical' : 'warning',
    message: `its newest backup ${backup.name} ${what}${told}`,
    remedy: `velero -n ${metadata.namespace} backup describe ${backup.name} --details`,
    ...since(first),
    details: { errors, warnings },
    backup: backup.name,
  });
}

/** When (ms) the first of the failures began that were followed by no good backup. */
function firstInARow({ backups }: ScheduleFacts): number | undefined {
  const finished = backups.filter(isFinished);
  const good = finished.findIndex(({ metadata }) => metadata?.phase === 'Completed');
  const first = good < 0 ? finished.at(-1) : finished[good - 1];
  return first && startedAt(first);
}

/** What Velero itself says, as it lies beside the tarball; where it cannot be had the phase says enough. */
async function errorMessages({ location, signal }: CheckPass, backup: Backup, most: number): Promise<string> {
  if (most === 0 || !backup.files.results) return '';
  const results = await readCompanions(location.store, backup, signal).results();
  if (results.state !== 'read') return '';
  const { velero, cluster, namespaces } = results.value.errors;
  const all = [...velero, ...cluster, ...Object.entries(namespaces).flatMap(([name, said]) => said.map((one) => `${name}: ${one}`))];
  return all.length === 0
    ? ''
    : `; Velero says: ${some(
        all.map((one) => oneLine(one)),
        most,
      )}`;
}
