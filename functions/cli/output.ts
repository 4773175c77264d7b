/** Where the report goes, and in which format. */
import { stat, writeFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report } from '../report/model.ts';
import { type Command, type OutputFormat, outputFormats, UsageError } from './arguments.ts';

export interface Output {
  /** What standard output gets; undefined: nothing. */
  readonly standard: OutputFormat | undefined;
  readonly file: { readonly path: string; readonly format: OutputFormat } | undefined;
}

const byEnding: Readonly<Record<string, OutputFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.json': 'json',
  '.md': 'markdown',
  '.txt': 'text',
  '.yaml': 'openreports',
  '.yml': 'openreports',
};

/**
 * With --output, that format goes to --out or else to standard output. With --out alone, the file's ending tells its format, and standard
 * output still gets the text. Throws UsageError for an ending that tells none.
 */
export const outputOf = ({ output, out }: Pick<Command, 'output' | 'out'>): Output => {
  if (out === undefined) return { standard: output ?? 'text', file: undefined };
  if (output) return { standard: undefined, file: { path: out, format: output } };
  const format = byEnding[extname(out).toLowerCase()];
  if (!format)
    throw new UsageError(
      `--out ${out}: its ending tells no format; use .html, .json, .md, .txt or .yaml (OpenReports), or say --output ${outputFormats.join('|')}.`,
    );
  return { standard: 'text', file: { path: out, format } };
};

/** Only the renderer that is wanted is loaded. */
const render = async (report: Report, format: OutputFormat, stream?: NodeJS.WriteStream): Promise<string> => {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  if (format === 'html') return (await import('../report/html/render-html.ts')).renderHtml(report);
  if (format === 'markdown') return (await import('../report/render-markdown.ts')).renderMarkdown(report);
  if (format === 'openreports') return (await import('../report/render-openreports.ts')).renderOpenReports(report);
  const { renderText, useColor } = await import('../report/render-text.ts');
  const color = stream !== undefined && useColor(stream, process.env);
  // Capped, since lines of 200 characters are hard to read; 80 where it is no terminal.
  return renderText(report, { columns: Math.min(stream?.columns || 80, 100), color });
};

/** Throws UsageError for a file that cannot be there: better now than after a long scan. */
export const assertWritable = async ({ file }: Output): Promise<void> => {
  if (!file) return;
  const kindOf = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory();
  const folder = dirname(resolve(file.path));
  const why = (await kindOf(file.path)) ? 'it is a folder' : (await kindOf(folder)) ? undefined : `there is no folder ${folder}`;
  if (why) throw new UsageError(`--out ${file.path}: cannot be written: ${why}.`);
};

/** Writes the report. Throws UsageError where the file cannot be written. */
export const write = async (report: Report, { standard, file }: Output): Promise<void> => {
  if (standard) process.stdout.write(await render(report, standard, process.stdout));
  if (!file) return;
  try {
    await writeFile(file.path, await render(report, file.format));
  } catch (error) {
    throw new UsageError(`--out ${file.path}: cannot be written: ${(error as Error).message}`);
  }
  process.stderr.write(`Report written to ${file.path} (${pathToFileURL(file.path).href})\n`);
};
