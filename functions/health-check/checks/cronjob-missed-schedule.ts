import type { V1CronJob } from '@kubernetes/client-node';
import * as z from 'zod';
import { cronJobs } from '../../cluster/kinds.ts';
import { defineCheck, refTo, type Severity, type Wire } from '../../scan/contracts.ts';
import { hours, minutes, startedAt, timeOf } from '../age.ts';
import { leaseOf } from '../control-plane.ts';
import { type CronSchedule, cronSchedule, inTimeZone } from '../cron-schedule.ts';
import { kubectl } from '../kubectl.ts';
import { lastChange } from '../last-change.ts';
import { listOf, oneLine } from '../wire.ts';

/** The controller itself stops telling at this many. */
const countedAtMost = 100;

/** Times before this are not claimed: it ran, it was not there, or another schedule (or a suspension) held. */
const countedFrom = ({ metadata, status }: Wire<V1CronJob>): number | undefined => {
  const known = [timeOf(status?.lastScheduleTime) ?? timeOf(metadata?.creationTimestamp), lastChange(metadata, 'spec')];
  const times = known.filter((time) => time !== undefined);
  return known[0] === undefined ? undefined : Math.max(...times);
};

/** A start of this very schedule: none if it was changed since. */
const startOf = ({ metadata, status }: Wire<V1CronJob>): number | undefined => {
  const started = timeOf(status?.lastScheduleTime);
  return started !== undefined && (lastChange(metadata, 'spec') ?? started) <= started ? started : undefined;
};

/** The job that still runs and lets no other start beside it. */
const holding = ({ spec, status }: Wire<V1CronJob>) => (spec?.concurrencyPolicy === 'Forbid' ? listOf(status?.active)[0] : undefined);

/** Why the controller did not start it, as far as the object tells. */
const whyNot = (cronJob: Wire<V1CronJob>): string => {
  const { spec } = cronJob;
  if (holding(cronJob)) return '; its previous job still runs, and concurrencyPolicy Forbid lets none start beside it';
  if (spec?.startingDeadlineSeconds != null)
    return `; what starts later than ${spec.startingDeadlineSeconds} seconds is skipped (startingDeadlineSeconds)`;
  return '';
};

export default defineCheck({
  id: 'cronjob-missed-schedule',
  title: 'CronJobs that missed their schedule',
  why: 'The backup, report or cleanup that everybody believes to run did not, and no object says so.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#job-creation',
  reads: { cronJobs },
  worksOnManifests: true,
  options: z.strictObject({
    toleranceMinutes: z.number().min(0).default(10).describe('A start may be this late'),
    overrunHours: z
      .number()
      .min(0)
      .default(6)
      .describe('Under concurrencyPolicy Forbid a job that overruns is only noted, unless its successor waits for this long'),
  }),
  start({ options, now, emit, link }) {
    const report = (
      cronJob: Wire<V1CronJob>,
      subject: 'missed' | 'schedule',
      message: string,
      { command, severity = 'warning', since }: { readonly command: string; readonly severity?: Severity; readonly since?: number },
    ): void => {
      const object = refTo(cronJobs, cronJob.metadata);
      emit({ object, subject, severity, message, remedy: kubectl(object, command), ...startedAt(since) });
    };

    const judge = (cronJob: Wire<V1CronJob>, schedule: CronSchedule): void => {
      const after = countedFrom(cronJob);
      const missed = after === undefined ? undefined : schedule.between(after, now - minutes(options.toleranceMinutes), countedAtMost);
      if (!missed) return;
      const { first, latest, count } = missed;
      const times = count === 1 ? 'once' : `${count >= countedAtMost ? 'at least ' : ''}${count} times`;
      const ever = cronJob.status?.lastScheduleTime ? '' : ', and was never started';
      const when = inTimeZone(latest, schedule.timeZone);
      const held = holding(cronJob);
      report(cronJob, 'missed', `missed its schedule ${times}, last at ${when}${ever}${whyNot(cronJob)}`, {
        command: held?.name ? `describe job ${held.name}` : `describe cronjob ${cronJob.metadata?.name}`,
        severity: held && now - first < hours(options.overrunHours) ? 'info' : 'warning',
        since: first,
      });
      if (!listOf(cronJob.status?.active).length) {
        const effect = refTo(cronJobs, cronJob.metadata);
        link({ effect, cause: leaseOf('kube-controller-manager'), because: 'the controller manager starts CronJobs' });
      }
    };

    return {
      see: {
        cronJobs(cronJob) {
          const { metadata, spec } = cronJob;
          if (metadata?.deletionTimestamp || spec?.suspend || typeof spec?.schedule !== 'string') return;
          let schedule: CronSchedule;
          try {
            schedule = cronSchedule(spec.schedule, spec.timeZone, startOf(cronJob));
          } catch (error) {
            const zone = spec.timeZone ? ` in the time zone ${oneLine(spec.timeZone, 60)}` : '';
            const why = error instanceof Error ? oneLine(error.message.replace(/^\w+: /, ''), 160) : '';
            const message = `its schedule ${oneLine(spec.schedule, 60)}${zone} cannot be read: ${why}`;
            return report(cronJob, 'schedule', message, { command: `edit cronjob ${metadata?.name}` });
          }
          judge(cronJob, schedule);
        },
      },
    };
  },
});
