/**
 * What Amazon Q Developer in chat applications takes as a custom notification, and what its chat clients would not show as text.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
import assert from 'node:assert/strict';
import * as z from 'zod';
import type { ChatMessage } from '../../../functions/report/messages/chat.ts';

const text = z.string().min(1);

export const chatSchema = z.strictObject({
  version: z.literal('1.0'),
  source: z.literal('custom'),
  id: text.optional(),
  content: z.strictObject({
    textType: z.literal('client-markdown'),
    title: text.max(250),
    description: text.max(8_000),
    nextSteps: z.array(text.max(350)).max(10),
    keywords: z.array(text),
  }),
  metadata: z.strictObject({
    threadId: text,
    summary: text,
    eventType: text,
    relatedResources: z.array(text),
    additionalContext: z.record(z.string(), z.string()),
  }),
});

/** Every text of the message that a chat client shows. */
export const shownIn = ({ content: { title, description, nextSteps, keywords } }: ChatMessage): string[] => [
  title,
  ...description.split('\n'),
  ...nextSteps,
  ...keywords,
];

/** Our own formatting: one word or name in bold, at the beginning of a line. */
const withoutOurBold = (line: string): string => line.replace(/^\*[^*]+\*/, '');

/** Fails where a line holds formatting, a mention, a link with another face or what is not seen, but for the bold that is ours. */
export function assertHarmless(message: ChatMessage): void {
  for (const line of shownIn(message)) {
    const rest = withoutOurBold(line);
    assert.doesNotMatch(rest, /[*~`<>]/, line);
    assert.doesNotMatch(rest, /&(?!amp;|lt;|gt;)/, line);
    assert.doesNotMatch(rest, /(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u, line);
    assert.doesNotMatch(rest, /\]\(/, line);
    assert.doesNotMatch(rest, /(?<![\p{L}\p{N}])@[\p{L}\p{N}]/u, line);
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u, line);
  }
}
