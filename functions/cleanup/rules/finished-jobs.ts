import * as z from 'zod';
import { absent, type Proposal } from '../../actions/contracts.ts';
import { cronJobs, jobs } from '../../cluster/kinds.ts';
import { hours, inWords, isOlder, startedAt } from '../../health-check/age.ts';
import { numberOf } from '../../health-check/wire.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { cronJobHistory } from '../cron-job-history.ts';
import { cronJobOf, endOfJob, type Job, type JobEnd, whyJobStays } from '../finished-job.ts';
import { isLive, unreadable } from '../live-object.ts';

const options = ruleOptions({ enabled: true, minimumAgeHours: 24 }).extend({
  failedMinimumAgeHours: z.number().min(0).default(168).describe('Failed Jobs stay at least so long: somebody may want to know why'),
});

/** Is it time, for one that failed? How it ended is looked into longer than how it went well. */
const isDue = ({ outcome, at }: JobEnd, failedMinimumAgeHours: number, now: number): boolean =>
  outcome === 'Complete' || isOlder(at, hours(failedMinimumAgeHours), now);

const reasonOf = ({ outcome, at, reason }: JobEnd, now: number): string => {
  const ago = at === undefined ? '' : ` ${inWords(now - at)} ago`;
  return outcome === 'Complete' ? `finished${ago} (Complete)` : `failed${ago} (${reason ?? 'Failed'})`;
};

const proposalOf = (job: Job, end: JobEnd, now: number): Proposal | undefined => {
  const named = proposed(jobs, job.metadata);
  const { startedAt: finishedAt } = startedAt(end.at);
  return (
    named && {
      ...named,
      reason: reasonOf(end, now),
      since: end.at,
      facts: {
        outcome: end.outcome,
        ...(finishedAt !== undefined && { finishedAt }),
        podsSucceeded: numberOf(job.status?.succeeded) ?? 0,
        podsFailed: numberOf(job.status?.failed) ?? 0,
      },
      risk: 'low',
      lost: ['its pods’ logs', 'the record of its run: given back, it could only run again'],
    }
  );
};

export default defineRule({
  id: 'finished-jobs',
  title: 'Jobs that are finished',
  why: 'Finished Jobs and their pods stay until somebody deletes them, and slow down every list of pods and Jobs.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/controllers/job/#clean-up-finished-jobs-automatically',
  reads: { jobs, cronJobs: { ...cronJobs, optional: true } },
  target: jobs,
  does: 'delete',
  // Unless told, the API server leaves a Job's pods behind: pkg/registry/batch/job/strategy.go
  propagationPolicy: 'Background',
  options,
  start({ options: { failedMinimumAgeHours }, now, emit, isWhole }) {
    const history = cronJobHistory<Proposal>();
    const alone: Proposal[] = [];
    return {
      see: {
        cronJobs: history.noteCronJob,
        jobs(job) {
          const end = endOfJob(job);
          if (!end) return;
          const mayGo = whyJobStays(job) === undefined && isDue(end, failedMinimumAgeHours, now);
          const proposal = mayGo ? proposalOf(job, end, now) : undefined;
          const cronJob = cronJobOf(job);
          if (cronJob) history.noteJob(job, cronJob, end, proposal);
          else if (proposal) alone.push(proposal);
        },
      },
      finish() {
        for (const proposal of alone) emit(proposal);
        // What a CronJob keeps is not known without it.
        if (!isWhole('cronJobs')) return;
        for (const { kept, cronJob, limit } of history.beyond())
          emit({
            ...kept,
            reason: `${kept.reason}, beyond the ${limit} that CronJob ${cronJob} keeps`,
            facts: { ...kept.facts, cronJob, keptByCronJob: limit },
          });
      },
    };
  },
  async recheck(fresh, { now, options: given, get }) {
    if (!isLive(jobs, fresh)) return unreadable;
    const { failedMinimumAgeHours } = options.parse(given);
    const end = endOfJob(fresh);
    const stays = whyJobStays(fresh);
    if (stays !== undefined || !end) return stays ?? 'it is not finished';
    if (!isDue(end, failedMinimumAgeHours, now)) return `it failed less than ${failedMinimumAgeHours} hours ago`;
    const cronJob = cronJobOf(fresh);
    if (!cronJob) return undefined;
    const owner = await get(cronJobs, cronJob.name, fresh.metadata?.namespace ?? undefined);
    if (owner === absent) return undefined;
    return isLive(cronJobs, owner) && owner.metadata?.uid === cronJob.uid ? undefined : `another CronJob is called ${cronJob.name} now`;
  },
});
