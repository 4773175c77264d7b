import type { Severity } from '../scan/contracts.ts';
import type { FoldedFinding, IdentifiedFinding } from './fold.ts';
import type { Ignorable } from './ignorable.ts';
import { type Report, type ReportedConsequence, type ReportedFinding, severityRank } from './model.ts';
import { settle } from './settling.ts';
import { unverifiedOf } from './unverified.ts';

/** A report lists so many consequences of one finding; consequenceCount tells how many there are. */
const consequenceLimit = 1000;

export interface Comparison {
  readonly folded: readonly FoldedFinding[];
  readonly previous: Report | undefined;
  readonly runId: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Checks that ran whole: what they no longer say is resolved. */
  readonly ran: ReadonlySet<string>;
  /** Checks that should have run whole and did not: what they said last stays, unverified. */
  readonly incomplete: ReadonlySet<string>;
  /** Checks whose findings come and go: what they no longer say settles first. */
  readonly flapping: ReadonlySet<string>;
  /** Is it left out of today's report, found or not? */
  readonly isIgnored: (finding: Ignorable & { readonly fingerprint: string }) => boolean;
}

export interface Compared extends Pick<Report, 'findings' | 'resolved' | 'comparedWith'> {
  readonly settling: readonly ReportedFinding[];
}

/** What the last report knew of a finding, as a root or as a consequence. */
interface Known {
  readonly since: string;
  readonly severity: Severity;
  readonly root?: ReportedFinding;
  /** What explained it there. */
  readonly under?: ReportedFinding;
}

const knownFindings = (report: Report | undefined): Map<string, Known> => {
  const known = new Map<string, Known>();
  for (const finding of report?.findings ?? []) {
    for (const { fingerprint, severity, since = finding.since } of finding.consequences ?? []) {
      known.set(fingerprint, { since, severity, under: finding });
    }
  }
  for (const root of report?.findings ?? []) known.set(root.fingerprint, { since: root.since, severity: root.severity, root });
  return known;
};

/** As a root that was found before. */
const asFound = (finding: ReportedFinding): Known => ({
  since: finding.since,
  severity: finding.severity,
  root: { ...finding, change: 'ongoing' },
});

/**
 * Today’s findings beside the last report’s.
 *
 * - `new`: the last report had it neither as a finding nor as a consequence. `ongoing`: it had, and `since` is carried; `raisedFrom` is its
 *   severity there if that was lower.
 * - `resolved`: its check ran whole today and says it no longer, not even as a consequence. Consequences that go are not listed: nobody was
 *   told of them. What a flapping check no longer says is `settling` first (settling.ts), and if it is found again it is `ongoing` as before.
 * - `formerCause`: it was a consequence in the last report, of which nobody was told, and stands for itself today.
 * - `unverified`: its check should have run whole and did not; it is kept as it stood, a consequence with its cause where that is still there.
 * - A finding whose check is turned off, does not apply any more or is gone, and one that is ignored today, is dropped: that is a decision of
 *   the configuration and no repair, so it is neither kept nor called resolved.
 *
 * A last report with the same runId is this run’s own first try: its states and its own predecessor are taken over, so that a retry which
 * sees the same says the same. What only the first try found new is dropped: nobody was told of it.
 */
export function compare(comparison: Comparison): Compared {
  const { folded, previous, runId, startedAt, ran, incomplete, flapping, isIgnored } = comparison;
  const retried = previous?.runId === runId ? previous : undefined;
  const known = knownFindings(previous);
  for (const finding of [...(previous?.settling ?? []), ...(retried?.resolved ?? [])]) known.set(finding.fingerprint, asFound(finding));
  /** By fingerprint of all that is found today: that of the finding it stands under, or its own. */
  const rootOf = new Map(
    folded.flatMap(({ finding, consequences }) =>
      [finding, ...consequences.map((consequence) => consequence.finding)].map(({ fingerprint }) => [fingerprint, finding.fingerprint]),
    ),
  );
  const isGone = (said: ReportedFinding | ReportedConsequence) => !rootOf.has(said.fingerprint) && !isIgnored(asIgnorable(said));
  const isKept = (said: ReportedFinding | ReportedConsequence) => isGone(said) && incomplete.has(said.check);
  const settled = settle({
    gone: (previous?.findings ?? []).filter(
      (finding) => isGone(finding) && ran.has(finding.check) && !(retried && finding.change === 'new'),
    ),
    settling: (previous?.settling ?? []).filter(isGone),
    flapping,
    ran,
    incomplete,
    isRetry: retried !== undefined,
  });
  const resolved = [...(retried?.resolved.filter(({ fingerprint }) => !rootOf.has(fingerprint)) ?? []), ...settled.resolved];

  const unverified = unverifiedOf(previous?.findings ?? [], rootOf, isKept, retried !== undefined);
  const since = ({ fingerprint }: IdentifiedFinding) => known.get(fingerprint)?.since ?? startedAt;
  const findings = folded.map((root): ReportedFinding => {
    const kept = unverified.consequences.get(root.finding.fingerprint) ?? [];
    const severity = gravest([root.severity, ...kept.map((consequence) => consequence.severity)]);
    const before = known.get(root.finding.fingerprint);
    const state = retried ? stateOfTry(before, retried, severity) : stateSince(before, root, severity);
    return reported({ ...root, severity }, state, since, kept);
  });
  const comparedWith = retried ? retried.comparedWith : previous && predecessor(previous);
  const { settling } = settled;
  return { findings: [...findings, ...unverified.findings], resolved, settling, ...(comparedWith && { comparedWith }) };
}

const predecessor = ({ runId, startedAt, complete, incomplete }: Report): NonNullable<Report['comparedWith']> => ({
  runId,
  startedAt,
  complete,
  ...(incomplete.length > 0 && { incomplete: incomplete.map(({ check }) => check) }),
});

/** JSON holds no undefined, whatever the schema’s type allows. */
const asIgnorable = (finding: ReportedFinding | ReportedConsequence) => finding as Ignorable & { readonly fingerprint: string };

const gravest = (severities: readonly Severity[]): Severity => severities.reduce((a, b) => (severityRank(b) < severityRank(a) ? b : a));

type State = Pick<ReportedFinding, 'change' | 'raisedFrom' | 'formerCause'>;

/** @param severity with its consequences */
const stateSince = (before: Known | undefined, { finding }: FoldedFinding, severity: Severity): State => {
  if (!before) return { change: 'new' };
  const isRaised = severityRank(before.root ? severity : finding.severity) < severityRank(before.severity);
  return {
    change: 'ongoing',
    ...(isRaised && { raisedFrom: before.severity }),
    ...(before.under && { formerCause: before.under.object }),
  };
};

/**
 * What the first try of the same run said, graver where it is graver now. What that try had as a consequence was new if it had not been seen
 * before, and else is told, as it may not have been.
 *
 * @param severity with its consequences
 */
const stateOfTry = (before: Known | undefined, first: Report, severity: Severity): State => {
  if (!before) return { change: 'new' };
  if (!before.root) {
    return before.since === first.startedAt
      ? { change: 'new' }
      : { change: 'ongoing', ...(before.under && { formerCause: before.under.object }) };
  }
  const { change, raisedFrom = before.severity, formerCause } = before.root;
  if (change === 'new') return { change };
  const isRaised = severityRank(severity) < severityRank(raisedFrom);
  return { change: 'ongoing', ...(isRaised && { raisedFrom }), ...(formerCause && { formerCause }) };
};

const reported = (
  { finding, severity, consequences }: FoldedFinding,
  state: State,
  since: (finding: IdentifiedFinding) => string,
  kept: readonly ReportedConsequence[],
): ReportedFinding => {
  const explained = consequences.slice(0, consequenceLimit).map(
    ({ finding: effect, because }): ReportedConsequence => ({
      check: effect.check,
      severity: effect.severity,
      object: effect.object,
      message: effect.message,
      ...(because !== undefined && { because }),
      fingerprint: effect.fingerprint,
      since: since(effect),
    }),
  );
  return {
    check: finding.check,
    severity,
    object: finding.object,
    ...(finding.subject !== undefined && { subject: finding.subject }),
    message: finding.message,
    remedy: finding.remedy,
    fingerprint: finding.fingerprint,
    ...state,
    since: since(finding),
    ...(finding.startedAt !== undefined && { startedAt: finding.startedAt }),
    ...(finding.members && finding.members.length > 0 && { members: [...finding.members] }),
    ...(finding.location && { location: finding.location }),
    ...(consequences.length + kept.length > 0 && {
      consequences: [...explained, ...kept].slice(0, consequenceLimit),
      consequenceCount: consequences.length + kept.length,
    }),
    ...(finding.details && { details: finding.details }),
  };
};
