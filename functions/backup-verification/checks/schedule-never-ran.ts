import * as z from 'zod';
import { hours, inWords, startedAt as since, timeOf } from '../../health-check/age.ts';
import { inTimeZone } from '../../health-check/cron-schedule.ts';
import type { Wire } from '../../scan/contracts.ts';
import { cronOf } from '../../velero/inventory/backup-rhythm.ts';
import { type ScheduleObject, veleroSchedules } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck, type ScheduleFacts } from '../contracts.ts';
import { askCluster } from '../inventory/ask-cluster.ts';
import { namedSchedules, scheduleRef } from '../inventory/standing.ts';

interface Options {
  readonly firstHours: number;
}

export default defineLocationCheck({
  id: 'schedule-never-ran',
  title: 'Schedules without any backup',
  why: 'A schedule is not a backup: one that never made any protects nothing, and nobody looks at it before the disaster.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/controller/schedule_controller.go',
  level: 'inventory',
  reads: { veleroSchedules },
  options: z.strictObject({
    firstHours: z.number().min(0).default(5).describe('The first backup may take this long until it lies in the bucket'),
  }),
  look(pass) {
    const objects = askCluster(pass, veleroSchedules);
    if (!objects) return;
    for (const schedule of namedSchedules(pass.location)) {
      if (schedule.cron === undefined || schedule.backups.length > 0 || schedule.paused || schedule.problem !== undefined) continue;
      const object = objects.find(({ metadata }) => metadata?.name === schedule.name && metadata.namespace === schedule.namespace);
      judge(pass, schedule, timeOf(object?.status?.lastBackup), skippedAt(object));
    }
  },
});

/** skipImmediately: Velero then counts from this time, and not from the creation. */
const skippedAt = (object: Wire<ScheduleObject> | undefined): number | undefined => timeOf(object?.status?.lastSkipped);

function judge(
  { now, options, emit }: CheckPass<Options>,
  schedule: ScheduleFacts,
  ranAt: number | undefined,
  skipped: number | undefined,
): void {
  const created = timeOf(schedule.createdAt);
  const grace = hours(options.firstHours);
  const remedy = `kubectl -n ${schedule.namespace} get backups.velero.io -l velero.io/schedule-name=${schedule.name}; kubectl -n ${schedule.namespace} logs deployment/velero --tail=200`;
  if (ranAt !== undefined) {
    if (now - ranAt > grace)
      emit({
        object: scheduleRef(schedule),
        severity: 'critical',
        message: `ran last ${inWords(now - ranAt)} ago, but none of its backups is in this location`,
        remedy,
        ...since(ranAt),
      });
    return;
  }
  if (created === undefined) return;
  const cron = cronOf(schedule);
  const due = cron?.between(Math.max(created, skipped ?? created), now - grace, 1000);
  if (!cron || !due) return;
  const times = due.count === 1 ? 'once' : `${due.count} times`;
  emit({
    object: scheduleRef(schedule),
    severity: 'critical',
    message: `was never run since it was created ${inWords(now - created)} ago: it was due ${times}, last at ${inTimeZone(due.latest, cron.timeZone)}`,
    remedy,
    ...since(due.first),
    details: { schedule: schedule.cron ?? '', missed: due.count },
  });
}
