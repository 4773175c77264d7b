import type { Operation } from '../runtime/operation.ts';
import { commonFlags, ownFlags } from './arguments.ts';

/** A flag or an operation with what it is for; one that is too long for its column has a line of its own. */
export const row = (left: string, right: string): string =>
  `  ${left.length > 32 ? `${left}\n${' '.repeat(34)}` : left.padEnd(32)} ${right}`;

/** What --help prints; with an operation, its own flags too. */
export const usage = (operations: readonly Operation[], operation?: Operation): string =>
  [
    'nightshift <operation> [options]',
    '',
    'Operations',
    ...operations.map(({ name, title }) => row(name, title)),
    row('connect', 'Can a cluster be reached, and with which rights? (nightshift connect --help)'),
    '',
    'Options',
    ...Object.entries(commonFlags).map(([flag, { value, description }]) => row(`--${flag} ${value}`, description)),
    ...(operation
      ? [
          '',
          `Options of ${operation.name}`,
          ...ownFlags(operation).map(({ flag, type, description }) =>
            row(`--${flag}${type === 'boolean' ? '' : type === 'array' ? ' A,B' : ' VALUE'}`, description),
          ),
        ]
      : []),
    '',
    'Exit code: 0 nothing at or above --fail-on, and complete; 1 something is; 2 the command or the configuration is wrong;',
    '3 nothing could be read, or the report is not complete.',
    '',
  ].join('\n');
