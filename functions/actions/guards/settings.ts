/** What `guards` of nightshift.yaml says, whole: with the defaults, and so that what makes no sense allows nothing. */
import type { GuardOptions, MaintenanceWindow } from '../../runtime/configuration.ts';

export interface GuardSettings {
  readonly limits: Limits;
  /** Names and globs. */
  readonly protectedNamespaces: readonly string[];
  /** Undefined: writes may happen at any time. */
  readonly windows: readonly MaintenanceWindow[] | undefined;
  readonly writesPerSecond: number;
}

/** How much one plan may hold of a kind; exceeding either the number or the share applies nothing. */
export interface Limits {
  readonly number: number;
  /** Of all objects of the kind. */
  readonly percent: number;
  /** So many are within the share, however few objects there are. */
  readonly atLeast: number;
}

/** What is in these is not deleted. https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces */
export const alwaysProtected: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

const defaults = { number: 200, percent: 10, atLeast: 5, writesPerSecond: 10 };

/** Settings that are not given have their defaults; one that is no number of its range counts as 0 and allows nothing. */
export const guardSettings = ({
  limits = {},
  protectedNamespaces = [],
  unprotectedNamespaces = [],
  windows,
  writesPerSecond = defaults.writesPerSecond,
}: GuardOptions = {}): GuardSettings => ({
  limits: {
    number: amount(limits.number ?? defaults.number),
    percent: amount(limits.percent ?? defaults.percent, 100),
    atLeast: amount(limits.atLeast ?? defaults.atLeast),
  },
  protectedNamespaces: [...alwaysProtected.filter((name) => !unprotectedNamespaces.includes(name)), ...protectedNamespaces],
  windows,
  // No pace would be no limit: the slowest that the configuration can mean.
  writesPerSecond: amount(writesPerSecond, 100) || 1,
});

/** What is not a finite number from 0 to `most` is none. */
export const amount = (value: unknown, most = Number.MAX_SAFE_INTEGER): number =>
  typeof value === 'number' && value > 0 && value <= most ? value : 0;
