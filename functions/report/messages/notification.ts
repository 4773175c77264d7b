import type { Report } from '../model.ts';
import type { SavedReport } from '../store/report-store.ts';
import type { Receiver } from '../store/state.ts';
import { type ChatMessage, chatMessage } from './chat.ts';
import { type NotificationReason, type NotificationRule, tellingOf } from './notification-reason.ts';
import { asSubject, headline } from './subject.ts';
import { textMessage } from './text.ts';

export interface Notification {
  readonly reason: NotificationReason;
  /** As SNS takes it: printable ASCII, at most 99 characters, beginning with punctuation. */
  readonly subject: string;
  readonly text: string;
  /** With the format `chat`. */
  readonly chat?: ChatMessage;
  /** Findings that the text, or else the chat message, had no room for. */
  readonly leftOut: number;
}

export interface NotificationContext {
  readonly stored?: SavedReport;
  /** Known, and owed nothing, unless told. */
  readonly receiver?: Receiver;
  /** The bucket’s, for the link in chat messages. */
  readonly region?: string | undefined;
}

/** SNS takes 262,144 bytes of message and attributes together; the attributes of publish-sns.ts are well below 2 KB. */
export const messageBudget = 262_144 - 2_048;

/** What goes into SNS’s Message where subscribers of one topic get different texts: https gets the chat message, all others the text. */
export const structuredMessage = (text: string, chat: ChatMessage): string =>
  JSON.stringify({ default: text, https: JSON.stringify(chat) });

/**
 * The message of one report for one receiver, or undefined if there is no reason to send one: nothing that matters to the receiver is new,
 * graver, resolved or no longer explained by another, no check could not run that did the last time, and it is owed nothing and due no
 * reminder. The first message lists all that was found. A run that was not of full scope gives none, since whoever asked for it sees its
 * answer, nor does one that a newer report overtook: what it saw is told by the next, which is not compared with it.
 */
export function notification(
  report: Report,
  rule: NotificationRule,
  { stored, receiver, region }: NotificationContext = {},
): Notification | undefined {
  // What is written is told of, whoever asked for it; what was interrupted goes on by itself and is told of at its end.
  if (report.journal ? report.journal.ended === 'interrupted' : !report.fullScope || stored?.overtaken) return undefined;
  const telling = tellingOf(report, rule, receiver);
  if (!telling) return undefined;
  const { reason } = telling;
  const subject = asSubject(headline(report, telling));
  if (rule.format !== 'chat') {
    return { reason, subject, ...textMessage(report, rule, telling, stored, { size: messageBudget, sizeOf: Buffer.byteLength }) };
  }
  const chat = chatMessage(report, rule, telling, { stored, region });
  // Within a JSON text each quote and line feed counts twice.
  const size = messageBudget - Buffer.byteLength(structuredMessage('', chat.message));
  const sizeOf = (part: string) => Buffer.byteLength(JSON.stringify(part)) - 2;
  const { text, leftOut } = textMessage(report, rule, telling, stored, { size, sizeOf });
  return { reason, subject, text, chat: chat.message, leftOut: leftOut || chat.leftOut };
}
