/** The one message about all that is overdue; loaded only where something is. */
import { type Block, fitted } from '../report/messages/blocks.ts';
import { type ChatMessage, inChat } from '../report/messages/chat.ts';
import type { OverdueReport } from './overdue.ts';

/** As SNS takes it, for people and for Amazon Q in chat applications, which drops a text. */
export interface OverdueMessage {
  /** ASCII, under 100 characters. */
  readonly subject: string;
  readonly text: string;
  readonly chat: ChatMessage;
}

/** SNS takes 256 KB; nobody reads a hundredth line. */
const most = 100;
/** Characters that chat takes, less the line that says how many are left out. */
const chatRoom = 7_900;

const steps = [
  'Look at the alarms and the dead-letter queues: a run that failed or was not started lies there for 14 days.',
  'Then start the run by hand. docs/watching.md has the commands.',
];

const minuteOf = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;

const wordsOf = ({ cluster, operation, lastReport, due, schedule }: OverdueReport) => ({
  name: `${cluster} ${operation}`,
  last: lastReport === undefined ? 'never reported' : `last report ${minuteOf(lastReport)}`,
  due: `the last one was due ${minuteOf(due)}, by ${schedule}`,
});

const andMore = (count: number): string[] => (count > 0 ? [`and ${count} more`] : []);

/** Of one report at least, in the order given. `checkedAt`: RFC 3339. */
export const overdueMessage = (overdue: readonly OverdueReport[], checkedAt: string): OverdueMessage => {
  const verdict = `${overdue.length} ${overdue.length === 1 ? 'report is' : 'reports are'} overdue. Nobody knows how these clusters are.`;
  const lines = [
    `Nightshift: ${verdict}`,
    '',
    ...overdue
      .slice(0, most)
      .map(wordsOf)
      .flatMap(({ name, last, due }) => [`${name}: ${last}`, `  ${due}`]),
    ...andMore(overdue.length - most),
    '',
    `What to do: ${steps.join(' ')}`,
    'This message comes once a day until the reports do.',
  ];
  const subject = `[OVERDUE ${overdue.length}] ${overdue.slice(0, 1).map((first) => wordsOf(first).name)}`.slice(0, 99);
  return { subject, text: lines.join('\n'), chat: chatMessage(overdue, { title: subject, verdict, checkedAt }) };
};

const chatMessage = (
  overdue: readonly OverdueReport[],
  { title, verdict, checkedAt }: { readonly title: string; readonly verdict: string; readonly checkedAt: string },
): ChatMessage => {
  const blocks = overdue
    .map(wordsOf)
    .map(({ name, last, due }): Block => ({ text: () => `\n*${inChat(name)}*: ${inChat(`${last}; ${due}`)}`, finding: true }));
  const { text, leftOut } = fitted(blocks, chatRoom - verdict.length, (part) => part.length);
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title,
      description: [`${verdict}\n${text}`, ...andMore(leftOut)].join('\n'),
      nextSteps: steps,
      keywords: ['overdue'],
    },
    metadata: {
      threadId: `nightshift/overdue-reports/${checkedAt.slice(0, 10)}`,
      summary: verdict,
      eventType: 'Nightshift overdue-reports',
      relatedResources: overdue.slice(0, 10).map((report) => wordsOf(report).name),
      additionalContext: { reason: 'overdue' },
    },
  };
};
