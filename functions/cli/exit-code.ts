import { type Report, severities, severityRank } from '../report/model.ts';
import type { Command } from './arguments.ts';

/** 1: something at or above `failOn`; 3: nothing could be read, or nothing is but the report is not complete; else 0. */
export const exitCodeOf = (report: Report, failOn: Command['failOn']): 0 | 1 | 3 => {
  const unreachable = !report.checks.some(({ ran }) => ran) && !report.complete;
  if (unreachable) return 3;
  const fails =
    failOn !== 'never' && severities.some((severity) => severityRank(severity) <= severityRank(failOn) && report.summary[severity] > 0);
  if (fails) return 1;
  return report.complete ? 0 : 3;
};

/** The gravest of several: a wrong command before unreadable before findings. */
export const gravestExitCode = (codes: readonly number[]): number => [2, 3, 1].find((code) => codes.includes(code)) ?? 0;
