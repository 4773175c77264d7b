/** A connection for a terminal: a line a step, what to do under what failed, the verdict last. */
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { TextOptions } from '../report/paper.ts';
import type { Connection } from './connect.ts';
import { type Step, type StepName, stepTitles } from './step.ts';

type Format = Parameters<typeof styleText>[0];
const stateFormat: Readonly<Record<Step['state'], Format>> = {
  ok: 'green',
  warning: ['bold', 'yellow'],
  failed: ['bold', 'red'],
  skipped: 'dim',
};

const stateWidth = 9;
const titleWidth = 17;
const indent = stateWidth + titleWidth;

/** Readable at 80 columns; commands and rules are set as they are to be copied, however wide. */
export function renderConnection(connection: Connection, options: TextOptions): string {
  const lines = [
    paint(options, 'bold', connection.cluster),
    ...together(connection.steps).flatMap((step) => stepLines(step, options)),
    '',
    verdict(connection, options),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** One line for several: the last that is said. */
export function renderOverview(connections: readonly Connection[], options: TextOptions): string {
  const not = connections.filter(({ ready }) => !ready);
  const text =
    not.length === 0
      ? paint(options, ['bold', 'green'], `READY  all ${connections.length} clusters`)
      : paint(
          options,
          ['bold', 'red'],
          `NOT READY  ${not.length} of ${connections.length} clusters: ${not.map(({ cluster }) => cluster).join(', ')}`,
        );
  return `${text}\n`;
}

const paint = ({ color }: TextOptions, format: Format, text: string): string =>
  color ? styleText(format, text, { validateStream: false }) : text;

interface Row extends Omit<Step, 'step'> {
  readonly title: string;
}

/** Steps that were skipped for one and the same reason stand in one row. */
function together(steps: readonly Step[]): readonly Row[] {
  const rows: Row[] = [];
  for (const { step, ...said } of steps) {
    const title = said.subject ?? stepTitles[step];
    const last = rows.at(-1);
    if (last?.state === 'skipped' && said.state === 'skipped' && last.message === said.message) {
      rows[rows.length - 1] = { ...last, title: `${last.title}, ${title}` };
    } else {
      rows.push({ title, ...said });
    }
  }
  return rows;
}

function stepLines(row: Row, options: TextOptions): readonly string[] {
  // Its number and unit stay in one line.
  const time = row.milliseconds === undefined ? '' : ` ${paint(options, 'dim', `(${row.milliseconds}\u00a0ms)`)}`;
  const state = paint(options, stateFormat[row.state], row.state) + ' '.repeat(stateWidth - row.state.length);
  // A bucket's name or several steps' are wider than the column: what is said of them begins below.
  const fits = stringWidth(row.title) < titleWidth;
  const [first = '', ...more] = wrapped(`${row.message}${time}`, options);
  return [
    ...(fits ? [state + row.title.padEnd(titleWidth) + first.trimStart()] : [...headed(state, row.title, options), first]),
    ...more,
    ...(row.facts ?? []).flatMap((fact) => wrapped(fact, options).map((line) => paint(options, 'dim', line))),
    ...(row.remedy === undefined ? [] : wrapped(`→ ${row.remedy}`, options)),
    ...(row.commands ?? []).map((command) => ' '.repeat(indent + 2) + paint(options, 'cyan', command)),
    ...manifestLines(row, options),
  ];
}

const headed = (state: string, title: string, { columns }: TextOptions): readonly string[] =>
  wrapAnsi(title, Math.max(columns - stateWidth, 20))
    .split('\n')
    .map((line, index) => (index === 0 ? state : ' '.repeat(stateWidth)) + line);

const wrapped = (text: string, { columns }: TextOptions): readonly string[] =>
  wrapAnsi(text, Math.max(columns - indent, 20))
    .split('\n')
    .map((line) => ' '.repeat(indent) + line);

/** At the line's beginning, so that it is copied whole, and pasted. */
function manifestLines({ manifest, commands = [] }: Row, options: TextOptions): readonly string[] {
  if (manifest === undefined) return [];
  const what = commands.length > 0 ? 'or just what is missing:' : 'just what is missing:';
  return [
    ...wrapped(what, options),
    ...`kubectl apply -f - <<'EOF'\n${manifest}EOF`.split('\n').map((line) => paint(options, 'cyan', line)),
  ];
}

function verdict({ cluster, ready, steps }: Connection, options: TextOptions): string {
  const titled = (state: Step['state']) =>
    steps.filter((step) => step.state === state).map(({ step, subject }) => subject ?? titleOf(step));
  if (!ready) return paint(options, ['bold', 'red'], `NOT READY  ${cluster}: ${titled('failed').join(', ')}`);
  const warnings = titled('warning');
  const rest = warnings.length === 0 ? 'everything that is needed is there' : `with a warning: ${warnings.join(', ')}`;
  return paint(options, ['bold', warnings.length === 0 ? 'green' : 'yellow'], `READY  ${cluster}: ${rest}`);
}

const titleOf = (step: StepName): string => stepTitles[step];
