/** The whole message in one line: an e-mail’s subject, a chat message’s title. */

import { actionTotals } from '../actions.ts';
import { counted } from '../counts.ts';
import type { Report } from '../model.ts';
import { verdictWord } from '../wording.ts';
import type { Telling } from './notification-reason.ts';

const subjectLimit = 99;

/** `[CRITICAL: 2 new, 1 resolved, 1 check could not run] prod health-check`. */
export const headline = (report: Report, telling: Telling): string => {
  const { fresh, graver, remaining, resolved, ongoing, settling, listsOngoing } = telling;
  // The first report of a cluster may have nothing but its plan to tell of.
  const isPlanAlone = report.plan !== undefined && fresh.length + graver.length + report.incomplete.length === 0;
  if (report.journal || telling.reason === 'planned' || (telling.reason === 'first' && isPlanAlone)) {
    const what = report.journal ? (report.journal.ended === 'complete' ? 'APPLIED' : report.journal.ended.toUpperCase()) : 'PLAN';
    return `[${what}: ${actionTotals(report)}] ${report.cluster} ${report.operation}`;
  }
  const gaps = report.incomplete.length > 0 && `${counted(report.incomplete.length, 'check')} could not run`;
  const changes =
    telling.reason === 'first'
      ? [`first ${report.comparedWith ? 'message' : 'report'}, ${counted(fresh.length, 'finding')}`]
      : [
          fresh.length > 0 && `${fresh.length} new`,
          graver.length > 0 && `${graver.length} graver`,
          remaining.length > 0 && counted(remaining.length, 'remains', 'remain'),
          resolved.length > 0 && `${resolved.length} resolved`,
          listsOngoing && ongoing.length > 0 && `${ongoing.length} ongoing`,
          settling.length > 0 && `${settling.length} settling`,
        ];
  const verdict = [verdictWord(report).toUpperCase(), [...changes, gaps].filter(Boolean).join(', ')].filter(Boolean).join(': ');
  return `[${verdict}] ${report.cluster} ${report.operation}`;
};

/**
 * As SNS takes it: it refuses, and so loses, a message whose subject holds other than printable ASCII, has 100 characters or more, or begins
 * with a space. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const asSubject = (text: string): string => {
  const ascii = text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim();
  return (ascii.length > subjectLimit ? `${ascii.slice(0, subjectLimit - 3).trimEnd()}...` : ascii) || 'Nightshift';
};
