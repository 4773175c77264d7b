/** Paper of a given width for a terminal: text wrapped by display cells, and styled if colour is wanted. */
import { stripVTControlCharacters, styleText } from 'node:util';
import wrapAnsi from 'wrap-ansi';

export interface TextOptions {
  /** In cells. Only names, commands and rules to be copied are ever wider. */
  readonly columns: number;
  readonly color: boolean;
}

export type Format = Parameters<typeof styleText>[0];

/** ASCII, and what our own texts have beside it: one cell a character. */
const plainWords = /^[!-~·’]+(?: [!-~·’]+)*$/;

/**
 * Lines of at most `width` display cells, broken between words; a longer word has a line of its own. wrap-ansi segments and measures every
 * character; of plain words, which is most of what a report says, the same lines are had many times faster.
 */
export function wrapped(text: string, width: number): string[] {
  if (!plainWords.test(text)) {
    const visible = stripVTControlCharacters(text);
    return visible.length <= width && plainWords.test(visible) ? [text] : wrapAnsi(text, width).split('\n');
  }
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Text is wrapped by display cells, and styled only if colour is wanted. */
export const paper = ({ columns, color }: TextOptions) => ({
  paint: (format: Format, text: string): string => (color ? styleText(format, text, { validateStream: false }) : text),
  wrap: (indent: number, text: string): string[] => wrapped(text, Math.max(columns - indent, 20)).map((line) => ' '.repeat(indent) + line),
});
export type Paper = ReturnType<typeof paper>;
