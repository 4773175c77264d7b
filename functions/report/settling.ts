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
  // Within one run they are still to be told if a further try finds it again.
  const noted = (finding: ReportedFinding) => (isRetry ? finding : withoutNotes(finding));
  const still = settling.flatMap((finding): ReportedFinding[] => {
    if (seenGoneByFirstTry(finding)) return ran.has(finding.check) || incomplete.has(finding.check) ? [finding] : [];
    return incomplete.has(finding.check) ? [{ ...noted(finding), change: 'unverified' }] : [];
  });
  const over = settling.filter((finding) => ran.has(finding.check) && !seenGoneByFirstTry(finding));
  return {
    settling: [...still, ...gone.filter(({ check }) => flapping.has(check)).map((finding) => asSettling(noted(finding)))],
    resolved: [
      ...gone.filter(({ check }) => !flapping.has(check)),
      ...over.map((finding): ReportedFinding => ({ ...withoutNotes(finding), change: 'ongoing' })),
    ],
  };
}

/**
 * Did an earlier try of this same run have something to tell of it that no try may have told? If it is back it is ongoing, and if not it is
 * called resolved: both make sense only to who has heard of it.
 */
export const isUntold = ({ raisedFrom, formerCause }: ReportedFinding): boolean => (raisedFrom ?? formerCause) !== undefined;

/** Without why it was told of, which is of the night in which it was found. */
const withoutNotes = ({ raisedFrom: _, formerCause: __, ...finding }: ReportedFinding): ReportedFinding => finding;

/** Without what it explained, which stands elsewhere or is over. */
const asSettling = ({ consequences: _, consequenceCount: __, ...finding }: ReportedFinding): ReportedFinding => ({
  ...finding,
  change: 'ongoing',
});
