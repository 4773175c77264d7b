import * as z from 'zod';
import { veleroSchedules } from '../../velero/kinds.ts';
import { defineLocationCheck } from '../contracts.ts';
import { askCluster } from '../inventory/ask-cluster.ts';
import { namedSchedules, scheduleRef } from '../inventory/standing.ts';

export default defineLocationCheck({
  id: 'schedule-refused',
  title: 'Schedules that Velero refuses',
  why: 'A schedule that Velero cannot read, after an edit perhaps, makes no backups at all.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/controller/schedule_controller.go',
  level: 'inventory',
  reads: { veleroSchedules },
  options: z.strictObject({}),
  look(pass) {
    if (!askCluster(pass, veleroSchedules)) return;
    for (const schedule of namedSchedules(pass.location)) {
      if (schedule.problem === undefined) continue;
      pass.emit({
        object: scheduleRef(schedule),
        severity: 'critical',
        message: `Velero refuses it and makes no backups: ${schedule.problem}`,
        remedy: `kubectl -n ${schedule.namespace} edit schedules.velero.io ${schedule.name}`,
        details: { schedule: schedule.cron ?? '' },
      });
    }
  },
});
