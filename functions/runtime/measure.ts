import type { Metrics } from '@aws-lambda-powertools/metrics';
import { checksOfTheRun, type Report } from '../report/model.ts';
import { overdueBackupsMetric, type RunMetric, rolledUp, runMetrics, verifiedBackupMetric } from './metric-names.ts';

const hour = 3_600_000;

/**
 * The share of the checks that ran of those that should have, in whole percent; 100 only where the report is complete, 0 where the cluster
 * could not be read. A check that is turned off or does not apply is none that should have run.
 */
export const coveragePercent = ({ checks, incomplete, complete }: Pick<Report, 'checks' | 'incomplete' | 'complete'>): number => {
  const unfinished = new Set(incomplete.map(({ check }) => check));
  const ran = checks.filter(({ check, ran }) => ran && !checksOfTheRun.includes(check) && !unfinished.has(check)).length;
  if (complete) return 100;
  return Math.min(99, Math.floor((100 * ran) / Math.max(1, ran + unfinished.size)));
};

/** For how many hours the oldest critical finding goes on, by the object’s own account where it has one; 0 where there is none. */
export const oldestCriticalHours = ({ findings, startedAt }: Pick<Report, 'findings' | 'startedAt'>): number => {
  const ages = findings
    .filter(({ severity }) => severity === 'critical')
    .flatMap((finding) => [finding.since, finding.startedAt ?? finding.since])
    .map((since) => (Date.parse(startedAt) - Date.parse(since)) / hour)
    .filter(Number.isFinite);
  return Math.round(Math.max(0, ...ages) * 10) / 10;
};

type BackupSchedule = NonNullable<Report['backupSchedules']>[number];

/** Backups that were made by hand promise nothing, nor does a Schedule that is gone: what is left of it ages until it expires. */
const ofSchedules = ({ backupSchedules = [] }: Pick<Report, 'backupSchedules'>): readonly BackupSchedule[] =>
  backupSchedules.filter(({ schedule, silent }) => schedule !== '' && silent !== 'gone');

/** Has it no backup that was found restorable and is as young as the schedule asks for? Not of one that is paused, gone, or not yet due. */
export const isOverdue = ({ schedule, hoursSinceVerified, allowedHours, silent }: BackupSchedule): boolean =>
  schedule !== '' &&
  silent === undefined &&
  (hoursSinceVerified === undefined || (allowedHours !== undefined && hoursSinceVerified > allowedHours));

/** Adds the metrics of a run of full scope; what is rolled up is published at once, as one blob of EMF has one set of names. */
export const measured = (metrics: Metrics, report: Report): void => {
  const { cluster: Cluster, operation: Operation, summary, findings } = report;
  const values: Readonly<Record<RunMetric, number>> = {
    RunCompleted: 1,
    FindingsCritical: summary.critical,
    FindingsWarning: summary.warning,
    FindingsNew: findings.filter(({ change }) => change === 'new').length,
    CoveragePercent: coveragePercent(report),
    OldestCriticalHours: oldestCriticalHours(report),
  };
  const add = (name: RunMetric) => metrics.addMetric(name, runMetrics[name], values[name]);
  // Two sets of dimensions in one blob would measure all six names twice.
  metrics.addDimensions({ Operation });
  rolledUp.forEach(add);
  if (report.backupSchedules) metrics.addMetric(overdueBackupsMetric, 'Count', report.backupSchedules.filter(isOverdue).length);
  metrics.publishStoredMetrics();
  for (const { schedule, hoursSinceVerified } of ofSchedules(report)) {
    // That none was ever verified is told by the count alone: there is no age of what is not there.
    if (hoursSinceVerified === undefined) continue;
    metrics.addDimensions({ Cluster, Schedule: schedule });
    metrics.addMetric(verifiedBackupMetric, 'None', hoursSinceVerified);
    metrics.publishStoredMetrics();
  }
  metrics.addDimensions({ Cluster, Operation });
  (Object.keys(runMetrics) as RunMetric[]).forEach(add);
};
