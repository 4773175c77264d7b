/**
 * The message as a custom notification of Amazon Q Developer in chat applications (Slack, Microsoft Teams), which drops any other text.
 * Format: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
import { actionInWords, freed, nextSteps as stepsOf } from '../actions.ts';
import { counted } from '../counts.ts';
import type { Report, ReportedFinding } from '../model.ts';
import { bySeverity } from '../order.ts';
import { orderTime, type SavedReport } from '../store/report-store.ts';
import { history, notSeen, objectName, pointInTime, sameReason, verdictText, verdictWord } from '../wording.ts';
import { type Block, block, fitted, section } from './blocks.ts';
import type { NotificationRule, Telling } from './notification-reason.ts';
import { headline } from './subject.ts';

/** What the format’s limits are (the page’s OpenAPI schema, and what public code clips to): characters, and how many. */
const limits = { title: 250, description: 8_000, nextStep: 350, nextSteps: 10, relatedResources: 10 };

export interface ChatMessage {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps: readonly string[];
    readonly keywords: readonly string[];
  };
  readonly metadata: {
    /** One thread a day, where the channel allows threads. */
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
    readonly relatedResources: readonly string[];
    /** What custom actions of the channel can use. */
    readonly additionalContext: Readonly<Record<string, string>>;
  };
}

export interface ChatPlace {
  readonly stored?: SavedReport | undefined;
  /** The bucket’s, for a link into the console. */
  readonly region?: string | undefined;
}

/** The whole in 8,000 characters, cut by whole findings; `leftOut` findings had no room. What to do, and where the report is, are next steps. */
export function chatMessage(
  report: Report,
  rule: NotificationRule,
  telling: Telling,
  place: ChatPlace,
): { readonly message: ChatMessage; readonly leftOut: number } {
  const { cluster, operation, runId, status } = report;
  const { text, leftOut } = description(report, rule, telling);
  const day = orderTime(report).slice(0, 10);
  const told = listed(telling);
  const message: ChatMessage = {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: clip(inChat(headline(report, telling)), limits.title),
      description: text,
      nextSteps: nextSteps(report, told, place),
      keywords: [status, cluster, operation, telling.reason].map(inChat),
    },
    metadata: {
      threadId: `nightshift/${cluster}/${operation}/${day}`,
      summary: clip(inChat(`${cluster} ${operation}: ${verdictWord(report)}. ${verdictText(report)}`), limits.title),
      eventType: `Nightshift ${operation}`,
      relatedResources: told.slice(0, limits.relatedResources).map(({ object }) => inChat(objectName(object))),
      additionalContext: {
        reason: telling.reason,
        severity: status,
        cluster,
        operation,
        runId,
        ...(place.stored && { report: `${place.stored.location}/${place.stored.json}` }),
      },
    },
  };
  return { message, leftOut };
}

/** What is told of with its message, gravest first. */
const listed = ({ fresh, graver, remaining, ongoing, listsOngoing }: Telling): ReportedFinding[] =>
  [...fresh, ...graver, ...remaining, ...(listsOngoing ? ongoing : [])].toSorted(bySeverity);

const description = (report: Report, { atLeast }: NotificationRule, telling: Telling): { text: string; leftOut: number } => {
  const head = `${inChat(verdictText(report))}\nSent because ${telling.because} (severity ${atLeast} or graver).\n`;
  const leftOutLine = (count: number) => (count > 0 ? `\nand ${counted(count, 'more finding')}; the report has all\n` : '');
  const size = (text: string) => text.length;
  const room = limits.description - size(head) - size(leftOutLine(report.findings.length + report.resolved.length));
  const below = fitted(rest(report, telling), room / 2, size);
  const { text, leftOut } = fitted(sections(report, telling), room - size(below.text), size);
  return { text: (head + text + below.text + leftOutLine(leftOut)).trimEnd(), leftOut };
};

const sections = (report: Report, telling: Telling): Block[] => {
  const { reason, fresh, graver, remaining, resolved, ongoing, settling, listsOngoing } = telling;
  const lines = (finding: ReportedFinding) => [findingLine(finding, report)];
  return [
    ...actionBlocks(report),
    ...section(reason === 'first' ? '*FOUND*' : '*NEW*', fresh, lines),
    ...section('*GRAVER*', graver, lines),
    ...section('*REMAINING*', remaining, lines),
    ...section('*RESOLVED*', resolved, ({ object, severity, since }) => [
      `*${severity}* ${inChat(objectName(object))}: since ${inChat(pointInTime(since))}`,
    ]),
    ...(listsOngoing ? section('*ONGOING*', ongoing, lines) : []),
    ...section('*SETTLING*', settling, ({ object, severity, since }) => [
      `*${severity}* ${inChat(objectName(object))}: ${notSeen}, since ${inChat(pointInTime(since))}`,
    ]),
  ];
};

/** How many actions a chat message names: the whole plan is in the report. */
const actionsListed = 20;

const actionBlocks = (report: Report): Block[] => {
  const planned = report.actions.filter(({ state }) => state === 'planned');
  if (planned.length === 0) return [];
  const rest = planned.length - actionsListed;
  const free = freed(report.actions);
  return [
    block(() => ['', report.journal ? '*APPLIED*' : '*PLANNED*']),
    ...planned
      .slice(0, actionsListed)
      .map((action) => block(() => [`*${action.kind}* ${inChat(objectName(action.object))}: ${inChat(actionInWords(action))}`])),
    ...(rest > 0 ? [block(() => [`and ${counted(rest, 'more', 'more')}`])] : []),
    ...(free ? [block(() => [`Comes free: ${inChat(free)}`])] : []),
  ];
};

/** No line begins with what a cluster says: there a `#`, `-` or `1.` would mean something. */
const findingLine = (finding: ReportedFinding, report: Report): string => {
  const { severity, object, message, consequenceCount: explained = 0 } = finding;
  const past = finding.change === 'new' ? '' : history(finding, report);
  const notes = [past, explained > 0 && `explains ${counted(explained, 'more', 'more')}`].filter(Boolean).join('; ');
  return `*${severity}* ${inChat(objectName(object))}: ${inChat(message)}${notes && ` (${inChat(notes)})`}`;
};

const rest = ({ incomplete }: Report, { ongoing, listsOngoing }: Telling): Block[] => [
  ...(ongoing.length > 0 && !listsOngoing
    ? [block(() => ['', `*ONGOING*: ${counted(ongoing.length, 'finding')}, listed in the report`])]
    : []),
  ...(incomplete.length > 0 ? [block(() => ['', `*COULD NOT RUN*: ${counted(incomplete.length, 'check')}`])] : []),
  ...sameReason(incomplete).map(({ checks, reason }) => block(() => [`*${checks.map(inChat).join(', ')}*: ${inChat(reason)}`])),
];

/** What to do about the gravest, then where the report is. A step that is too long, or of several lines, is left to the report. */
const nextSteps = (report: Report, told: readonly ReportedFinding[], place: ChatPlace): string[] => {
  const steps = stepsOf(report).map(({ what, command }) => `${what}: ${inChat(command)}`);
  const where = whereToRead(place).filter((step) => step.length <= limits.nextStep);
  const remedies = told
    .filter(({ remedy }) => remedy !== '' && !remedy.trim().includes('\n'))
    .map(({ object, remedy }) => `*${inChat(objectName(object))}*: ${inChat(remedy)}`)
    .filter((step) => step.length <= limits.nextStep);
  return [...steps, ...remedies.slice(0, limits.nextSteps - where.length - steps.length), ...where];
};

/** The console asks who it is; a presigned link would die with the session of the function’s role. */
const whereToRead = ({ stored, region }: ChatPlace): string[] => {
  if (!stored) return [];
  const { location, html } = stored;
  const [, bucket, folder = ''] = /^s3:\/\/([^/]+)(\/.*)?$/.exec(location) ?? [];
  if (!bucket) return [`The full report: ${inChat(`${location}/${html}`)}`];
  const key = `${folder}/${html}`.slice(1);
  const command = `The full report: ${inChat(`aws s3 cp ${location}/${html} report.html`)}`;
  if (!region) return [command];
  const prefix = key.split('/').map(encodeURIComponent).join('/');
  const link = escapeReserved(`https://${region}.console.aws.amazon.com/s3/object/${bucket}?region=${region}&prefix=${prefix}`);
  return [`The full report in the S3 console: ${link}`, command];
};

/** Slack’s three: https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escapeReserved = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What would be formatting in Slack or Teams is shown by its like: neither has an escape for it that the other understands. */
const lookalikes: Readonly<Record<string, string>> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' };

/**
 * A text of a cluster as it can stand in a chat message and is nothing but text there: on one line, without invisible characters, mentions
 * (`<!channel>`, `@here`), formatting or links with another face. An underscore within a word formats nothing and stays.
 */
export const inChat = (text: string): string =>
  escapeReserved(
    text
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .replace(/[\p{Cf}\p{Co}\p{Cs}]/gu, '')
      .trim()
      .replace(/[*~`]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, (character) => lookalikes[character] ?? character)
      .replaceAll('](', '] (')
      .replace(/(?<![\p{L}\p{N}])@(?=[\p{L}\p{N}])/gu, '@ '),
  );

/** At most so many characters, none of them and no escape cut in two. */
const clip = (text: string, limit: number): string => {
  if (text.length <= limit) return text;
  const kept = [...text.slice(0, limit - 1)].filter((character) => !/^\p{Cs}$/u.test(character)).join('');
  return `${kept.replace(/&[a-z]*$/, '')}…`;
};
