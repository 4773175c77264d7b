/** The end of a run on several clusters: one line each, so that nobody has to look for its verdict above. */
import stringWidth from 'string-width';
import type { Report } from '../report/model.ts';
import { verdictText, verdictWord } from '../report/wording.ts';

/** How it went with one cluster: its report, or why there is none (a message). */
export type Outcome = { readonly cluster: string } & ({ readonly report: Report } | { readonly mistake: string });

const padded = (text: string, width: number): string => text + ' '.repeat(width - stringWidth(text));

/** `CRITICAL  prod   2 critical, 1 warning`: a line a cluster, in the order in which they were looked at. */
export const overview = (outcomes: readonly Outcome[]): string => {
  const rows = outcomes.map((outcome): readonly [string, string, string] =>
    'report' in outcome
      ? [verdictWord(outcome.report).toUpperCase(), outcome.cluster, verdictText(outcome.report)]
      : ['NOT RUN', outcome.cluster, outcome.mistake.split('\n', 1)[0] ?? ''],
  );
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => stringWidth(row[column])));
  const [first, second] = [width(0), width(1)];
  return rows.map(([word, cluster, text]) => `${padded(word, first)}  ${padded(cluster, second)}  ${text}\n`).join('');
};
