/** What the last report had of checks that should have run whole today and did not. Nobody knows whether it is over, so it stays. */
import type { ReportedConsequence, ReportedFinding } from './model.ts';

export interface Unverified {
  /** On their own: those that were, and the consequences of causes that are gone. */
  readonly findings: readonly ReportedFinding[];
  /** By the fingerprint of today’s finding that they stay under: that of their cause, or of what explains their cause today. */
  readonly consequences: ReadonlyMap<string, readonly ReportedConsequence[]>;
}

/**
 * @param rootOf by the fingerprint of all that is found today: that of the finding it stands under, or its own
 * @param isKept is it of such a check, neither found nor ignored today?
 * @param isRetry is `last` the first try of the same run, whose notes are to be said again?
 */
export function unverifiedOf(
  last: readonly ReportedFinding[],
  rootOf: ReadonlyMap<string, string>,
  isKept: (said: ReportedFinding | ReportedConsequence) => boolean,
  isRetry: boolean,
): Unverified {
  const findings: ReportedFinding[] = [];
  const consequences = new Map<string, ReportedConsequence[]>();
  for (const finding of last) {
    const kept = (finding.consequences ?? []).filter(isKept).map((said): ReportedConsequence => ({ ...said, change: 'unverified' }));
    const root = rootOf.get(finding.fingerprint);
    if (isKept(finding)) findings.push(asItStood(finding, kept, isRetry));
    else if (root === undefined) findings.push(...kept.map((said) => onItsOwn(said, finding)));
    else if (kept.length > 0) consequences.set(root, [...(consequences.get(root) ?? []), ...kept]);
  }
  return { findings, consequences };
}

/**
 * Without the consequences that today’s report has elsewhere or that are over. What the first try of the same run had to tell of it is still to
 * be told: that try may have been killed before it did.
 */
const asItStood = (finding: ReportedFinding, kept: ReportedConsequence[], isRetry: boolean): ReportedFinding => {
  const { raisedFrom, formerCause, consequences = [], consequenceCount = 0, ...rest } = finding;
  return {
    ...rest,
    change: isRetry && finding.change === 'new' ? 'new' : 'unverified',
    ...(isRetry && raisedFrom && { raisedFrom }),
    ...(isRetry && formerCause && { formerCause }),
    ...(kept.length > 0 && { consequences: kept, consequenceCount: consequenceCount - consequences.length + kept.length }),
  };
};

const onItsOwn = (
  { check, severity, object, message, fingerprint, since }: ReportedConsequence,
  cause: ReportedFinding,
): ReportedFinding => ({
  check,
  severity,
  object,
  message,
  remedy: `look whether it is over: ${check} could not run`,
  fingerprint,
  change: 'unverified',
  since: since ?? cause.since,
  formerCause: cause.object,
});
