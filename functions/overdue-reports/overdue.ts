/** Which of the reports that are owed did not come in their time. */
import type { OperationName } from '../report/model.ts';
import { graceOf, lastDue } from './due-times.ts';
import { timesOf, type WatchedReport } from './watched-reports.ts';

/** A report that did not come. */
export interface OverdueReport {
  readonly cluster: string;
  readonly operation: OperationName;
  /** RFC 3339: when the last report’s run began; absent where there is none. */
  readonly lastReport?: string;
  /** RFC 3339: when the last one was due that has had its time to come. */
  readonly due: string;
  /** The schedule that owes it. */
  readonly schedule: string;
}

/** Of one cluster and operation: `prod/health-check`. */
export const pairOf = ({ cluster, operation }: Pick<WatchedReport, 'cluster' | 'operation'>): string => `${cluster}/${operation}`;

/** Names what is watched over all its runs: a schedule that is changed is another. */
export const watchOf = (report: WatchedReport): string => `${pairOf(report)}/${timesOf(report.schedule)}`;

export interface Evidence {
  /** ms */
  readonly now: number;
  /** When the last report’s run began, in ms, by pair; none where there is no report. */
  readonly lastReports: ReadonlyMap<string, number>;
  /** Since when it is known that the report is owed, in ms, by watch: what was due before counts for nothing. */
  readonly knownSince: ReadonlyMap<string, number>;
  /** How long a run may take. */
  readonly timeoutSeconds: number;
}

interface Missing {
  readonly report: WatchedReport;
  readonly due: number;
}

/** The reports that are overdue, one a cluster and operation: those that never came first, then the longest ago. */
export const overdueReports = (watched: readonly WatchedReport[], evidence: Evidence): OverdueReport[] => {
  const { lastReports } = evidence;
  const missing = watched.flatMap((report) => missingOf(report, evidence));
  const byPair = Map.groupBy(missing, ({ report }) => pairOf(report));
  return [...byPair]
    .flatMap(([pair, each]) => {
      const [latest] = each.toSorted((a, b) => b.due - a.due);
      return latest ? [{ ...latest, pair, last: lastReports.get(pair) }] : [];
    })
    .toSorted((a, b) => (a.last ?? 0) - (b.last ?? 0) || (a.pair < b.pair ? -1 : 1))
    .map(({ report: { cluster, operation, schedule }, due, last }) => ({
      cluster,
      operation,
      ...(last !== undefined && { lastReport: new Date(last).toISOString() }),
      due: new Date(due).toISOString(),
      schedule: timesOf(schedule),
    }));
};

/** ms. Scheduler's clock and those of the functions: a run may begin before it was due. */
const clocksApart = 60_000;

function missingOf(report: WatchedReport, { now, lastReports, knownSince, timeoutSeconds }: Evidence): Missing[] {
  const due = lastDue(report.schedule, now - graceOf(report.schedule, timeoutSeconds));
  if (due === undefined || due < (knownSince.get(watchOf(report)) ?? now)) return [];
  const last = lastReports.get(pairOf(report));
  return last !== undefined && last >= due - clocksApart ? [] : [{ report, due }];
}
