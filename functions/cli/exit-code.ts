import { checksOfTheRun, type Report, severities, severityRank } from '../report/model.ts';
import type { Command } from './arguments.ts';

/** Nothing could be read: the cluster is out of reach, or refuses everything. */
export const isUnread = ({ checks, complete }: Pick<Report, 'checks' | 'complete'>): boolean =>
  !complete && !checks.some(({ check, ran }) => ran && !checksOfTheRun.includes(check));

/**
 * 1: something at or above `failOn`; 3: nothing could be read, or nothing is but the report is not complete, or the plan that was to be applied
 * was not, or not to its end; else 0.
 */
export const exitCodeOf = (report: Report, failOn: Command['failOn']): 0 | 1 | 3 => {
  if (isUnread(report)) return 3;
  const fails =
    failOn !== 'never' && severities.some((severity) => severityRank(severity) <= severityRank(failOn) && report.summary[severity] > 0);
  if (fails) return 1;
  return report.complete && (report.journal === undefined || report.journal.ended === 'complete') ? 0 : 3;
};

/** The gravest of several: a wrong command before unreadable before findings. */
export const gravestExitCode = (codes: readonly number[]): number => [2, 3, 1].find((code) => codes.includes(code)) ?? 0;
