/** The names of all metrics: measured by the functions, read by the dashboard and the alarms. There is no second list. */

/** The namespace of all of them. */
export const metricNamespace = 'Nightshift';

/** What is measured of a run, by Cluster and Operation, with its unit: six names, as each is paid for once a cluster and operation. */
export const runMetrics = {
  RunCompleted: 'Count',
  FindingsCritical: 'Count',
  FindingsWarning: 'Count',
  FindingsNew: 'Count',
  CoveragePercent: 'Percent',
  OldestCriticalHours: 'None',
} as const;
export type RunMetric = keyof typeof runMetrics;

/** Measured once more by Operation alone: an alarm cannot search, so it needs a metric that all clusters share. */
export const rolledUp = ['FindingsCritical', 'CoveragePercent'] as const satisfies readonly RunMetric[];

/** How many reports are overdue, by Operation. Zeros too: it is the heartbeat of the function that counts them. */
export const overdueMetric = 'OverdueReports';
/** That function: its folder, and its name in the dimension Operation. */
export const overdueReports = 'overdue-reports';

/** How old the newest backup of a schedule is that was looked into and found restorable, by Cluster and Schedule. */
export const verifiedBackupMetric = 'HoursSinceVerifiedBackup';
/** How many schedules have no verified backup that is as young as they ask for, by Operation: what an alarm can watch for all clusters. */
export const overdueBackupsMetric = 'VerifiedBackupsOverdue';
