/** Which of a report’s changes matter to one receiver, and why it is sent a message. */
import type { NotificationConfiguration } from '../../runtime/configuration.ts';
import { type Report, type ReportedFinding, severityRank } from '../model.ts';
import { isUntold } from '../settling.ts';
import { orderTime } from '../store/report-store.ts';
import type { Receiver } from '../store/state.ts';

/**
 * Why a message is sent, the gravest reason if there are several:
 *
 * - `first`: the first report of the cluster, or the first message to this receiver; it lists all that there is.
 * - `owed`: the last report was not told here, or not all of it: the message could not be sent, or the topic was silenced, or told of graver
 *   findings alone; this message lists what is ongoing too.
 * - `new`, `graver`, `resolved`: a finding is.
 * - `remaining`: what another finding explained, so that nobody was told of it, stands for itself now that the other is gone.
 * - `incomplete`: checks could not run that ran the last time.
 * - `applied`: writes were made, or begun and stopped.
 * - `planned`: a plan proposes what the last one did not.
 * - `reminder`: nothing changed. Every report is wished for, or nothing was sent for `remindAfterDays` and findings go on.
 */
export type NotificationReason =
  | 'first'
  | 'owed'
  | 'new'
  | 'graver'
  | 'remaining'
  | 'resolved'
  | 'incomplete'
  | 'applied'
  | 'planned'
  | 'reminder';

export type NotificationRule = Pick<NotificationConfiguration, 'atLeast' | 'when'> &
  Partial<Pick<NotificationConfiguration, 'format' | 'remindAfterDays'>>;

/**
 * What marks call a rule’s messages to a topic: two rules of one topic are two receivers. For which clusters it is, and when it reminds, can
 * change without making a new receiver of it, which would be told everything anew.
 */
export const receiverName = (topicArn: string, { atLeast, when, format }: NotificationRule): string =>
  `${topicArn} (${[atLeast, when, ...(format === 'chat' ? [format] : [])].join(', ')})`;

/** What of a report is at or above the rule’s severity. Each list gravest first; no finding is in two. */
export interface Changes {
  readonly fresh: readonly ReportedFinding[];
  readonly graver: readonly ReportedFinding[];
  /** Consequences in the last report, which nobody was told of. */
  readonly remaining: readonly ReportedFinding[];
  readonly resolved: readonly ReportedFinding[];
  readonly ongoing: readonly ReportedFinding[];
  /** Those that whoever is told may not know of: if they are back they are ongoing, and nothing to be told again. */
  readonly settling: readonly ReportedFinding[];
}

/** What one receiver is to be told, and why. */
export interface Telling extends Changes {
  readonly reason: NotificationReason;
  /** The reason in words, to follow “Sent because”. */
  readonly because: string;
  /** Is what goes on listed too, and not only counted? */
  readonly listsOngoing: boolean;
}

const day = 86_400_000;
/** A run may begin a little earlier in the day than the last did: flexible schedules, daylight saving time. */
const earliness = 2 * 3_600_000;

/** The least that is known of a receiver: it was told before, at some time. */
const knownReceiver: Receiver = { owed: false, known: true };

/** What a receiver is to be told of a report; undefined where there is no reason to tell it anything. */
export function tellingOf(report: Report, rule: NotificationRule, receiver: Receiver = knownReceiver): Telling | undefined {
  const changes = changesFor(report, rule);
  const { ongoing } = changes;
  // Who is told of warnings is told of writes, whatever was told before.
  if (report.journal)
    return severityRank('warning') <= severityRank(rule.atLeast)
      ? { ...changes, reason: 'applied', because: why.applied, listsOngoing: false }
      : undefined;
  if (!report.comparedWith || !receiver.known) return firstTelling(report, rule, changes);
  const quiet = quietTime(report, receiver);
  const isDue = rule.remindAfterDays !== undefined && ongoing.length > 0 && quiet >= rule.remindAfterDays * day - earliness;
  const reason = receiver.owed
    ? 'owed'
    : (changeOf(report, changes) ?? plannedAnew(report, rule) ?? (isDue || rule.when === 'always' ? 'reminder' : undefined));
  if (!reason) return undefined;
  const because = reason === 'reminder' && isDue ? dueBecause(quiet) : why[reason];
  const settling = reason === 'owed' ? changes.settling : changes.settling.filter(isUntold);
  return { ...changes, settling, reason, because, listsOngoing: isDue || reason === 'owed' || reason === 'reminder' };
}

const plannedAnew = ({ actions }: Report, { atLeast }: NotificationRule): 'planned' | undefined =>
  severityRank('warning') <= severityRank(atLeast) && actions.some(({ change }) => change === 'new') ? 'planned' : undefined;

const changesFor = ({ findings, resolved, settling = [] }: Report, { atLeast }: NotificationRule): Changes => {
  const matters = ({ severity }: Pick<ReportedFinding, 'severity'>) => severityRank(severity) <= severityRank(atLeast);
  const relevant = findings.filter(matters);
  const fresh = relevant.filter(({ change }) => change === 'new');
  const graver = relevant.filter(({ raisedFrom }) => raisedFrom !== undefined);
  const remaining = relevant.filter(({ formerCause, raisedFrom }) => formerCause !== undefined && raisedFrom === undefined);
  const told = new Set([...fresh, ...graver, ...remaining]);
  return {
    fresh,
    graver,
    remaining,
    resolved: resolved.filter(matters),
    ongoing: relevant.filter((finding) => !told.has(finding)),
    settling: settling.filter(matters),
  };
};

/** Everything there is, as found: who was told nothing before can make nothing of what changed or is over. */
const firstTelling = (report: Report, rule: NotificationRule, changes: Changes): Telling => {
  const told = new Set([...changes.fresh, ...changes.graver, ...changes.remaining, ...changes.ongoing]);
  const before = report.comparedWith ? 'nothing of this cluster was sent here before' : 'this is the first report of this cluster';
  return {
    reason: 'first',
    because: rule.when === 'changes' ? `${before}; from now on only changes are told` : before,
    fresh: report.findings.filter((finding) => told.has(finding)),
    graver: [],
    remaining: [],
    resolved: [],
    ongoing: [],
    settling: changes.settling,
    listsOngoing: false,
  };
};

const changeOf = (report: Report, { fresh, graver, remaining, resolved }: Changes): Exclude<NotificationReason, 'first'> | undefined => {
  if (fresh.length > 0) return 'new';
  if (graver.length > 0) return 'graver';
  if (remaining.length > 0) return 'remaining';
  if (resolved.length > 0) return 'resolved';
  const gapsBefore = new Set(report.comparedWith?.incomplete);
  return report.incomplete.some(({ check }) => !gapsBefore.has(check)) ? 'incomplete' : undefined;
};

/** For how long (ms) nothing was sent. A state that knows no time is from before there were reminders. */
const quietTime = (report: Report, { lastTold }: Receiver): number =>
  lastTold === undefined ? Number.POSITIVE_INFINITY : Date.parse(orderTime(report)) - Date.parse(lastTold);

const dueBecause = (quiet: number): string => {
  const days = Math.round(quiet / day);
  return Number.isFinite(days) ? `nothing was sent for ${days} ${days === 1 ? 'day' : 'days'}, and this goes on` : 'this goes on';
};

const why: Readonly<Record<Exclude<NotificationReason, 'first'>, string>> = {
  owed: 'the last report was not told here: what it would have said is among the findings below, or over',
  new: 'there are new findings',
  graver: 'a finding became graver',
  remaining: 'a finding remains that another no longer explains',
  resolved: 'a finding is resolved',
  incomplete: 'checks could not run that ran the last time',
  applied: 'writes were made',
  planned: 'there is a plan with what the last one did not have',
  reminder: 'every report is to be sent',
};
