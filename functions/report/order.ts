/** The orders in which a report lists what it has. Texts by code unit, so that no locale changes a report. */
import type { Severity } from '../scan/contracts.ts';
import { severityRank } from './model.ts';

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Graded {
  readonly severity: Severity;
}
export const bySeverity = (a: Graded, b: Graded): number => severityRank(a.severity) - severityRank(b.severity);

interface Named {
  readonly check: string;
  readonly object: { readonly namespace?: string | undefined; readonly name: string };
  readonly fingerprint: string;
}
/** Check, then namespace, name and fingerprint. */
export const byName = (a: Named, b: Named): number =>
  byText(a.check, b.check) ||
  byText(a.object.namespace ?? '', b.object.namespace ?? '') ||
  byText(a.object.name, b.object.name) ||
  byText(a.fingerprint, b.fingerprint);

/** The order in which people want to see what a finding explains: what hurts most, and of that the nearest. */
export const gravestFirst = <T extends Graded>(consequences: readonly T[]): T[] => consequences.toSorted(bySeverity);
