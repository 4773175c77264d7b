/** Which finished Jobs of a CronJob are beyond what it keeps itself, counted as its controller does. */
import type { V1CronJob } from '@kubernetes/client-node';
import { timeOf } from '../health-check/age.ts';
import { numberOf } from '../health-check/wire.ts';
import type { Wire } from '../scan/contracts.ts';
import type { CronJobOwner, Job, JobEnd } from './finished-job.ts';

/** pkg/apis/batch/v1/defaults.go */
const successfulUnlessTold = 3;
const failedUnlessTold = 1;

interface Run<Kept> {
  readonly name: string;
  /** In ms. A run without it counts as the newest. */
  readonly start: number;
  readonly outcome: JobEnd['outcome'];
  readonly kept: Kept | undefined;
}
interface History {
  readonly name: string;
  readonly Complete: number;
  readonly Failed: number;
}

/** A Job that its CronJob does not keep. */
export interface Beyond<Kept> {
  readonly kept: Kept;
  readonly cronJob: string;
  /** So many of its kind the CronJob keeps. */
  readonly limit: number;
}

const keyOf = (namespace: string | null | undefined, uid: string): string => `${namespace ?? ''}/${uid}`;

/** pkg/controller/cronjob/utils.go byJobStartTime, the newest first. */
const newestFirst = (a: Run<unknown>, b: Run<unknown>): number =>
  a.start === b.start ? (a.name < b.name ? 1 : -1) : a.start < b.start ? 1 : -1;

/** To be asked in `finish()`, where both lists are whole. Keeps a few words a finished Job that has a CronJob. */
export const cronJobHistory = <Kept>() => {
  const runs = new Map<string, Run<Kept>[]>();
  const histories = new Map<string, History>();
  return {
    noteCronJob({ metadata, spec }: Wire<V1CronJob>): void {
      if (!metadata?.uid || !metadata.name) return;
      histories.set(keyOf(metadata.namespace, metadata.uid), {
        name: metadata.name,
        Complete: numberOf(spec?.successfulJobsHistoryLimit) ?? successfulUnlessTold,
        // Its last failure is kept whatever it says: nobody has looked at it yet.
        Failed: Math.max(1, numberOf(spec?.failedJobsHistoryLimit) ?? failedUnlessTold),
      });
    },

    /** @param kept given back if the Job is beyond the history; undefined: it counts, and stays in any case */
    noteJob({ metadata, status }: Job, { uid }: CronJobOwner, { outcome }: JobEnd, kept: Kept | undefined): void {
      // One that already goes is no part of what is kept.
      if (metadata?.deletionTimestamp) return;
      const key = keyOf(metadata?.namespace, uid);
      const all = runs.get(key) ?? [];
      all.push({ name: metadata?.name ?? '', start: timeOf(status?.startTime) ?? Number.POSITIVE_INFINITY, outcome, kept });
      runs.set(key, all);
    },

    /** Of a CronJob that is not there, the garbage collector takes the Jobs, and nothing is said of them here. */
    beyond(): readonly Beyond<Kept>[] {
      return [...runs].flatMap(([key, all]) => {
        const history = histories.get(key);
        if (!history) return [];
        return (['Complete', 'Failed'] as const).flatMap((outcome) => {
          const limit = history[outcome];
          const old = all
            .filter((run) => run.outcome === outcome)
            .toSorted(newestFirst)
            .slice(limit);
          return old.flatMap(({ kept }) => (kept === undefined ? [] : [{ kept, cronJob: history.name, limit }]));
        });
      });
    },
  };
};
