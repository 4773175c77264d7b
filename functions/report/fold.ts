import type { Finding, Link, Severity } from '../scan/contracts.ts';
import { causalGraph, explain } from './causes.ts';
import { byName, bySeverity, byText } from './order.ts';

/** A finding with the check that said it and its identity; no two of one report share a fingerprint. */
export interface IdentifiedFinding extends Finding {
  readonly check: string;
  readonly fingerprint: string;
}

/** A finding that another one explains. */
export interface Consequence {
  readonly finding: IdentifiedFinding;
  /** What the first link towards the cause says; absent where both speak of the same object. */
  readonly because?: string;
}

/** A finding that none explains, with all that it explains, whether directly or through others. */
export interface FoldedFinding {
  readonly finding: IdentifiedFinding;
  /** The gravest of the finding and its consequences: a cause is as grave as what it does. */
  readonly severity: Severity;
  /** All of them. Nearest first, then gravest, then by check and object. */
  readonly consequences: readonly Consequence[];
}

/**
 * Folds findings under their causes. A finding covers its object and its members; its causes are the findings that cover the first covered
 * objects on the way along links, effect to cause, from its members (from its object, if it has none).
 *
 * - A finding with members is folded only if each member has a cause.
 * - A finding of a check in `symptoms` also has a cause, without a link, in what another check says of the same object or member.
 * - Symptoms and findings of severity info are no causes along links: the one only restates, the other is no trouble.
 * - Of two causes the graver wins, then the lower fingerprint. Findings that explain each other in a circle follow the cause that lies
 *   outside of it, else the first of them in that order.
 *
 * Independent of the order of findings and links; its time grows with their number. Fingerprints must be unique.
 */
export function fold(findings: readonly IdentifiedFinding[], links: readonly Link[], symptoms: ReadonlySet<string>): FoldedFinding[] {
  const ranked = findings.toSorted((a, b) => bySeverity(a, b) || byText(a.fingerprint, b.fingerprint));
  const explanations = explain(causalGraph(ranked, links, symptoms));
  const explainedBy = Map.groupBy(ranked.keys(), (index) => explanations[index]?.root ?? index);
  return ranked.flatMap((finding, root): FoldedFinding[] => {
    const family = explainedBy.get(root);
    if (!family) return [];
    const gravest = ranked[family[0] ?? root] ?? finding;
    const consequences = family.flatMap((index) => {
      const { because, depth = 0 } = explanations[index] ?? {};
      const explained = ranked[index];
      return explained && index !== root ? [{ finding: explained, depth, ...(because !== undefined && { because }) }] : [];
    });
    const nearestFirst = consequences.toSorted(
      (a, b) => a.depth - b.depth || bySeverity(a.finding, b.finding) || byName(a.finding, b.finding),
    );
    return [{ finding, severity: gravest.severity, consequences: nearestFirst.map(({ depth: _, ...consequence }) => consequence) }];
  });
}
