import wrapAnsi from 'wrap-ansi';
import type { Operation } from '../runtime/operation.ts';
import { commonFlags, ownFlags } from './arguments.ts';

const width = 80;
const column = 32;

/** A flag or an operation with what it is for; one that is too long for its column has a line of its own. */
export const row = (left: string, right: string): string => {
  const lines = wrapAnsi(right, width - column - 3).split('\n');
  const own = left.length > column;
  return [...(own ? [`  ${left}`] : []), ...lines.map((line, index) => `  ${(own || index > 0 ? '' : left).padEnd(column)} ${line}`)].join(
    '\n',
  );
};

/** An exit code with what it means. */
export const item = (text: string): string => `  ${text}`;

/** What --help prints; with an operation, its own flags too. */
export const usage = (operations: readonly Operation[], operation?: Operation): string =>
  [
    ...(operation
      ? [`nightshift ${operation.name} [options]`, '', operation.title]
      : [
          'nightshift <operation> [options]',
          '',
          'Operations (nightshift <operation> --help: its own options too)',
          ...operations.map(({ name, title }) => row(name, title)),
          row('connect', 'Can a cluster be reached, and with which rights?'),
          row('undo JOURNAL', 'Plan to give back what a cleanup deleted'),
        ]),
    '',
    'Options',
    ...Object.entries(commonFlags)
      // What looks at backups takes no manifests.
      .filter(([flag]) => flag !== 'manifests' || operation?.needs !== 'backups')
      .map(([flag, { value, description }]) => row(`--${flag} ${value}`, description)),
    ...(operation
      ? [
          '',
          `Options of ${operation.name}`,
          ...ownFlags(operation).map(({ flag, type, description, allowed }) => {
            const value = type === 'array' ? 'A,B' : (allowed?.join('|') ?? 'VALUE');
            return row(type === 'boolean' ? `--${flag}` : `--${flag} ${value}`, description);
          }),
        ]
      : []),
    '',
    'Exit code',
    ...['0 nothing at or above --fail-on, and complete', '1 something is', '2 the command or the configuration is wrong'].map(item),
    item('3 nothing could be read, or the report is not complete'),
    '',
  ].join('\n');
