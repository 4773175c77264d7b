/** Which reports are to come by themselves: of which clusters and operations, when. */
import type { OperationName } from '../report/model.ts';
import type { Configuration, ScheduleConfiguration } from '../runtime/configuration.ts';
import { hasWhatIsNeeded, selectClusters } from '../runtime/select-clusters.ts';

/** A report that a schedule owes. */
export interface WatchedReport {
  readonly cluster: string;
  readonly operation: OperationName;
  readonly schedule: ScheduleConfiguration;
}

/** What a schedule starts and nobody can tell the absence of. */
export interface NotWatched {
  readonly schedule: string;
  readonly reason: string;
}

/** `cron 0 6 * * ? * (Europe/Berlin)` or `rate 12 hours`: a schedule’s times in one text. */
export const timesOf = ({ cron, rate, timeZone }: ScheduleConfiguration): string =>
  cron === undefined ? `rate ${rate}` : `cron ${cron.trim().split(/\s+/).join(' ')} (${timeZone ?? 'UTC'})`;

/** As each operation declares it: the operations themselves would bring all their checks into this function's bundle. */
const needsOf = (operation: OperationName) => (operation === 'backup-verification' ? 'backups' : 'api');

/** `only` and `off`, and what the operations call `narrowing`, likewise. */
export const narrowingKeys: readonly string[] = [
  'only',
  'off',
  'backup',
  'targetVersion',
  'namespaceMapping',
  'apply',
  'undo',
  'restoreJobs',
];

/** A run of a part is no successor of the last report, and leaves no trace where reports are looked for. */
export const isNarrowed = ({ with: own = {} }: ScheduleConfiguration): boolean => narrowingKeys.some((key) => own[key] !== undefined);

/** The schedules of a configuration, as the reports that they owe, and what of them cannot be watched. */
export const watchedReports = (
  configuration: Pick<Configuration, 'clusters' | 'schedules'>,
): { readonly watched: readonly WatchedReport[]; readonly notWatched: readonly NotWatched[] } => {
  const watched: WatchedReport[] = [];
  const notWatched: NotWatched[] = [];
  for (const schedule of configuration.schedules) {
    const { operation, clusters: patterns } = schedule;
    if (isNarrowed(schedule)) {
      const reason = `it runs a part (${narrowingKeys.filter((key) => schedule.with?.[key] !== undefined).join(', ')}), which writes no latest report`;
      notWatched.push({ schedule: `${operation} on ${patterns.join(', ')}, ${timesOf(schedule)}`, reason });
      continue;
    }
    for (const cluster of selectClusters(configuration, patterns)) {
      if (hasWhatIsNeeded(needsOf(operation), configuration.clusters[cluster])) watched.push({ cluster, operation, schedule });
    }
  }
  return { watched, notWatched };
};
