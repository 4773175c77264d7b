/**
 * What a flapping check said and says no longer: it may be back in the next run, as a container that crashes works for a while in between. It
 * is called resolved only when a second complete run of its check does not say it either.
 */
import type { ReportedFinding } from './model.ts';

export interface SettlingInput {
  /** Findings of the last report that their checks, which ran whole today, no longer say. */
  readonly gone: readonly ReportedFinding[];
  /** What was settling in the last report and is neither found nor ignored today. */
  readonly settling: readonly ReportedFinding[];
  readonly flapping: ReadonlySet<string>;
  readonly ran: ReadonlySet<string>;
  readonly incomplete: ReadonlySet<string>;
  /** Is the last report the first try of this same run? */
  readonly isRetry: boolean;
}

export interface Settled {
  readonly settling: readonly ReportedFinding[];
  readonly resolved: readonly ReportedFinding[];
}

/**
 * A retry of a run is no second run: what its first try saw gone goes on settling, unless it was already settling before and that try could
 * not verify it (`unverified`). What a check says that is turned off or does not apply any more is dropped.
 */
export function settle({ gone, settling, flapping, ran, incomplete, isRetry }: SettlingInput): Settled {
  const seenGoneByFirstTry = ({ change }: ReportedFinding) => isRetry && change !== 'unverified';
  const still = settling.flatMap((finding): ReportedFinding[] => {
    if (seenGoneByFirstTry(finding)) return ran.has(finding.check) || incomplete.has(finding.check) ? [finding] : [];
    return incomplete.has(finding.check) ? [{ ...finding, change: 'unverified' }] : [];
  });
  const over = settling.filter((finding) => ran.has(finding.check) && !seenGoneByFirstTry(finding));
  return {
    settling: [...still, ...gone.filter(({ check }) => flapping.has(check)).map(asSettling)],
    resolved: [
      ...gone.filter(({ check }) => !flapping.has(check)),
      ...over.map((finding): ReportedFinding => ({ ...finding, change: 'ongoing' })),
    ],
  };
}

/** Without what it explained, which stands elsewhere or is over. */
const asSettling = (finding: ReportedFinding): ReportedFinding => {
  const { raisedFrom: _, formerCause: __, consequences: ___, consequenceCount: ____, ...rest } = finding;
  return { ...rest, change: 'ongoing' };
};
