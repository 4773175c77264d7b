/** The one message about all that is overdue. */
import type { OverdueReport } from './overdue.ts';

/** SNS takes 256 KB; nobody reads a hundredth line. */
const most = 100;

const minuteOf = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;

const lineOf = ({ cluster, operation, lastReport, due, schedule }: OverdueReport): string =>
  [
    `${cluster} ${operation}: ${lastReport === undefined ? 'never reported' : `last report ${minuteOf(lastReport)}`}`,
    `  the last one was due ${minuteOf(due)}, by ${schedule}`,
  ].join('\n');

/** Subject (ASCII, under 100 characters, as SNS wants it) and text, in the order given; undefined where nothing is overdue. */
export const overdueMessage = (overdue: readonly OverdueReport[]): { readonly subject: string; readonly text: string } | undefined => {
  const [first] = overdue;
  if (!first) return undefined;
  const count = `${overdue.length} ${overdue.length === 1 ? 'report is' : 'reports are'} overdue`;
  const leftOut = overdue.length - most;
  const lines = [
    `Nightshift: ${count}. Nobody knows how these clusters are.`,
    '',
    ...overdue.slice(0, most).map(lineOf),
    ...(leftOut > 0 ? [`and ${leftOut} more`] : []),
    '',
    'What to do: look at the alarms and the dead-letter queues (a run that failed or was not started lies there for 14 days), then start the run by hand.',
    'docs/watching.md has the commands. This message comes once a day until the reports do.',
  ];
  return { subject: `[OVERDUE ${overdue.length}] ${first.cluster} ${first.operation}`.slice(0, 99), text: lines.join('\n') };
};
