import * as z from 'zod';
import { hours, inWords, startedAt as since, timeOf } from '../../health-check/age.ts';
import { inTimeZone } from '../../health-check/cron-schedule.ts';
import { startedAt } from '../../velero/backup.ts';
import { veleroSchedules } from '../../velero/kinds.ts';
import { defineLocationCheck } from '../contracts.ts';
import { askCluster } from '../inventory/ask-cluster.ts';
import { namedSchedules, scheduleRef } from '../inventory/standing.ts';

export default defineLocationCheck({
  id: 'schedule-paused',
  title: 'Schedules that are paused',
  why: 'A schedule that was paused for an upgrade and forgotten makes no backups, and looks as it always does.',
  upstream: 'https://velero.io/docs/main/backup-reference/#pause-schedule',
  level: 'inventory',
  reads: { veleroSchedules },
  options: z.strictObject({
    graceDays: z.number().min(0).default(3).describe('A schedule may be paused while its newest backup is younger than this'),
  }),
  look(pass) {
    if (!askCluster(pass, veleroSchedules)) return;
    for (const schedule of namedSchedules(pass.location)) {
      if (!schedule.paused) continue;
      const [newest] = schedule.backups;
      // The Schedule does not say since when: since its last backup at the latest.
      const last = newest ? startedAt(newest) : timeOf(schedule.createdAt);
      const age = last === undefined ? 0 : pass.now - last;
      const says =
        newest && last !== undefined
          ? `its newest backup was begun ${inWords(age)} ago, at ${inTimeZone(last, 'UTC')}`
          : 'it has no backup here';
      pass.emit({
        object: scheduleRef(schedule),
        severity: age > hours(24 * pass.options.graceDays) ? 'warning' : 'info',
        message: `is paused; ${says}`,
        remedy: `velero -n ${schedule.namespace} schedule unpause ${schedule.name}`,
        ...since(last),
      });
    }
  },
});
