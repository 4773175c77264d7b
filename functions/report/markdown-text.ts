/**
 * Text of a cluster inside Markdown, so that it stays text: no markup, no table cell, and none of what GitHub and GitLab make of plain words
 * (@mentions, #123, addresses, commit ids, OPS-12, :emoji:). Escapes do not help against these, since they are looked for in the rendered text;
 * code spans do.
 */

/** Set on one line: white space and control characters are one space. */
const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();

const longestRun = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

const span = (text: string): string => {
  if (text === '') return '';
  const fence = '`'.repeat(longestRun(text) + 1);
  // One space on either side is taken away by the reader: needed beside a backtick, and where the text has spaces on both sides itself.
  const pad = /^`|`$|^ .*[^ ].* $/.test(text) ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
};

/** The text as a code span, on one line. A pipe stands outside of it, since readers differ in how one is escaped in a table’s code. */
export const code = (text: string): string => oneLine(text).split('|').map(span).join('&#124;');

/** Whole words of these mean nothing in Markdown, wherever they stand, but for the exceptions below. */
const harmless = /^[\p{L}\p{M}\p{N}.,:;!?()'"‘’“”«»–—…·/%+=-]+$/u;
const blockMarker = /^(?:[-+=]+|\d+[.)])$/;
const linked = /:[\w+-]+:|www\.|:\/\/|[!%]\w|(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])|[a-z]-\d/i;
const punctuated = /^([("'‘“]*)(.*?)([.,;:!?)"'’”]*)$/su;

const word = (token: string): string => {
  if (harmless.test(token) && !blockMarker.test(token) && !linked.test(token)) return token;
  const [, before = '', inner = '', after = ''] = punctuated.exec(token) ?? [];
  return inner === '' ? code(token) : `${before}${code(inner)}${after}`;
};

/** The text as a paragraph or a table’s cell: words as they are, and what could be more than a word as a code span. */
export const prose = (text: string): string =>
  oneLine(text)
    .split(' ')
    .filter((token) => token !== '')
    .map(word)
    .join(' ');

/** Lines to be copied as they are, as a fenced block. */
export const fenced = (text: string): string => {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [fence, ...text.split(/\r\n|\n|\r/), fence].join('\n');
};

/** A pipe table. Its cells must be Markdown already. */
export const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Blocks as one item of a list. */
export const listItem = (blocks: readonly string[]): string =>
  blocks
    .join('\n\n')
    .split('\n')
    .map((line, index) => (index === 0 ? `- ${line}` : line === '' ? '' : `  ${line}`))
    .join('\n');
