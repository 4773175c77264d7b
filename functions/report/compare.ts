import type { Severity } from '../scan/contracts.ts';
import type { FoldedFinding, IdentifiedFinding } from './fold.ts';
import type { Ignorable } from './ignore.ts';
import { type Report, type ReportedFinding, severityRank } from './model.ts';

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
  readonly isIgnored: (finding: Ignorable) => boolean;
}

export type Compared = Pick<Report, 'findings' | 'resolved' | 'comparedWith'>;

/** What the last report knew of a finding, as a root or as a consequence. */
interface Known {
  readonly since: string;
  readonly severity: Severity;
  readonly root?: ReportedFinding;
}

const knownFindings = (report: Report | undefined): Map<string, Known> => {
  const known = new Map<string, Known>();
  for (const finding of report?.findings ?? []) {
    for (const { fingerprint, severity, since = finding.since } of finding.consequences ?? []) known.set(fingerprint, { since, severity });
  }
  for (const root of report?.findings ?? []) known.set(root.fingerprint, { since: root.since, severity: root.severity, root });
  return known;
};

/**
 * Today’s findings beside the last report’s.
 *
 * - `new`: the last report had it neither as a finding nor as a consequence. `ongoing`: it had, and `since` is carried; `raisedFrom` is its
 *   severity there if that was lower.
 * - `resolved`: its check ran whole today and says it no longer, not even as a consequence. Consequences that go are not listed: nobody was
 *   told of them.
 * - `unverified`: its check should have run whole and did not; it is kept as it stood.
 * - A finding whose check is turned off, does not apply any more or is gone, and one that is ignored today, is dropped: that is a decision of
 *   the configuration and no repair, so it is neither kept nor called resolved.
 *
 * A last report with the same runId is this run’s own first try: its states and its own predecessor are taken over, so that a retry which
 * sees the same says the same.
 */
export function compare(comparison: Comparison): Compared {
  const { folded, previous, runId, startedAt, ran, incomplete, isIgnored } = comparison;
  const retried = previous?.runId === runId ? previous : undefined;
  const known = knownFindings(previous);
  const present = new Set(
    folded.flatMap(({ finding, consequences }) =>
      [finding, ...consequences.map((consequence) => consequence.finding)].map(({ fingerprint }) => fingerprint),
    ),
  );
  const gone = (previous?.findings ?? []).filter((finding) => !present.has(finding.fingerprint) && !isIgnored(asIgnorable(finding)));
  const unverified = gone.filter(({ check }) => incomplete.has(check)).map((finding) => keep(finding, present, incomplete));
  const resolved = [
    ...(retried?.resolved.filter(({ fingerprint }) => !present.has(fingerprint)) ?? []),
    ...gone.filter(({ check }) => ran.has(check)),
  ];

  const since = ({ fingerprint }: IdentifiedFinding) => known.get(fingerprint)?.since ?? startedAt;
  const findings = folded.map((root) => {
    const before = known.get(root.finding.fingerprint);
    return reported(root, retried ? stateOfTry(before, retried) : stateSince(before, root), since);
  });
  const comparedWith = retried
    ? retried.comparedWith
    : previous && { runId: previous.runId, startedAt: previous.startedAt, complete: previous.complete };
  return { findings: [...findings, ...unverified], resolved, ...(comparedWith && { comparedWith }) };
}

/** JSON holds no undefined, whatever the schema’s type allows. */
const asIgnorable = (finding: ReportedFinding): Ignorable => finding as Ignorable;

type State = Pick<ReportedFinding, 'change' | 'raisedFrom'>;

const stateSince = (before: Known | undefined, { finding, severity: withConsequences }: FoldedFinding): State => {
  if (!before) return { change: 'new' };
  const severity = before.root ? withConsequences : finding.severity;
  return severityRank(severity) < severityRank(before.severity)
    ? { change: 'ongoing', raisedFrom: before.severity }
    : { change: 'ongoing' };
};

/** What the first try of the same run said; what it had as a consequence was new if it had not been seen before that try. */
const stateOfTry = (before: Known | undefined, first: Report): State => {
  if (!before) return { change: 'new' };
  if (!before.root) return { change: before.since === first.startedAt ? 'new' : 'ongoing' };
  const { change, raisedFrom } = before.root;
  return { change: change === 'unverified' ? 'ongoing' : change, ...(raisedFrom && { raisedFrom }) };
};

const reported = (
  { finding, severity, consequences }: FoldedFinding,
  state: State,
  since: (finding: IdentifiedFinding) => string,
): ReportedFinding => ({
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
  ...(consequences.length > 0 && {
    consequences: consequences.slice(0, consequenceLimit).map(({ finding: explained, because }) => ({
      check: explained.check,
      severity: explained.severity,
      object: explained.object,
      message: explained.message,
      ...(because !== undefined && { because }),
      fingerprint: explained.fingerprint,
      since: since(explained),
    })),
    consequenceCount: consequences.length,
  }),
  ...(finding.details && { details: finding.details }),
});

/** A finding as it stood, without the consequences that today’s report has elsewhere or that are resolved. */
const keep = (finding: ReportedFinding, present: ReadonlySet<string>, incomplete: ReadonlySet<string>): ReportedFinding => {
  const { raisedFrom: _, consequences = [], consequenceCount = 0, ...rest } = finding;
  const kept = consequences.filter(({ fingerprint, check }) => !present.has(fingerprint) && incomplete.has(check));
  return {
    ...rest,
    change: 'unverified',
    ...(kept.length > 0 && { consequences: kept, consequenceCount: consequenceCount - consequences.length + kept.length }),
  };
};
