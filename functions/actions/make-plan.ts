/** From what rules propose to what is planned, held and reported. Pure: the same proposals in any order give the same plan. */
import type { Rule } from '../cleanup/contracts.ts';
import { hours } from '../health-check/age.ts';
import type { Action, Held, Plan, PlanIdentity, PlannedAction, Proposal, Resource } from './contracts.ts';
import { declaredElsewhere } from './guards/declared-elsewhere.ts';
import { type Guarded, held, heldFromReport, minimumAgeOf } from './guards/held.ts';
import { keptByKey } from './guards/keep-keys.ts';
import { type Counted, heldByLimits, type LimitExceeded, limitsExceeded } from './guards/limits.ts';
import { notUnattended, type Unattended } from './guards/unattended.ts';
import { planIdOf } from './ids.ts';

/** What has to be known of a rule to plan what it proposes. */
export type PlanningRule = Pick<Rule, 'id' | 'target' | 'does' | 'propagationPolicy' | 'limitsByNamespace' | 'options'>;

export interface PlanInput extends Pick<Guarded, 'now' | 'settings' | 'namespaces'> {
  /** Of rules that ran whole alone. */
  readonly proposals: readonly (Proposal & { readonly rule: string })[];
  readonly rules: readonly PlanningRule[];
  /** By rule id, not yet validated. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many objects there are before any rule, by `totalKey`: `batch/jobs`; of rules with limits by namespace `/events/shop`. Absent: not known. */
  readonly totals: ReadonlyMap<string, number>;
  readonly identity: PlanIdentity;
  readonly runId: string;
  /** When the plan is to be applied at once and nobody watches. */
  readonly unattended?: Unattended;
}

export interface MadePlan {
  /** All that was proposed: planned, held and reported, by rule, namespace and name. */
  readonly actions: readonly Action[];
  /** Where anything is planned. */
  readonly plan?: Plan;
  /** If any, nothing is planned. */
  readonly limitsExceeded: readonly LimitExceeded[];
}

/** How long a plan may be applied. */
export const planLifetime = hours(24);

/** An action with what a plan needs beside it. */
interface Draft {
  readonly action: Action;
  readonly counted: Counted;
  readonly carriedOut: Omit<PlannedAction, keyof Action>;
}

export const makePlan = (input: PlanInput): MadePlan => {
  const rules = new Map(input.rules.map((rule) => [rule.id, { rule, options: optionsOf(rule, input.options) }]));
  const drafts = onceEach(
    withIds(
      input.proposals.flatMap((proposal) => {
        const proposing = rules.get(proposal.rule);
        return proposing ? [draftOf(proposal, proposing, input)] : [];
      }),
    ),
  );
  const planned = drafts.filter(({ action }) => action.state === 'planned');
  const exceeded = limitsExceeded(
    planned.map(({ counted }) => counted),
    input.totals,
    input.settings.limits,
  );
  const all = heldByLimits(exceeded);
  const actions = drafts.map(({ action }) => (all && action.state === 'planned' ? keep(action, all) : action));
  if (all || planned.length === 0) return { actions, limitsExceeded: exceeded };
  const used = [...new Set(planned.map(({ action }) => action.rule))];
  const options = Object.fromEntries(used.map((id) => [id, rules.get(id)?.options]));
  return { actions, limitsExceeded: [], plan: planOf(planned, options, input) };
};

const planOf = (planned: readonly Draft[], options: Plan['options'], { identity, now, runId }: PlanInput): Plan => {
  const saying: Omit<Plan, 'id'> = {
    schemaVersion: 1,
    ...identity,
    operation: 'cleanup',
    kind: 'cleanup',
    runId,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + planLifetime).toISOString(),
    actions: planned.map(({ action, carriedOut }) => ({ ...action, state: 'planned', ...carriedOut })),
    options,
  };
  return { ...saying, id: planIdOf(saying) };
};

/** A rule with its options, whole. */
interface Proposing {
  readonly rule: PlanningRule;
  readonly options: unknown;
}

/** As the rule itself has them; undefined where they are not valid, and then it has no minimum age and keeps everything. */
export const optionsOf = ({ id, options: schema }: Pick<PlanningRule, 'id' | 'options'>, options: PlanInput['options']): unknown =>
  schema.safeParse((Object.hasOwn(options, id) ? options[id] : undefined) ?? {}).data;

const draftOf = (proposal: PlanInput['proposals'][number], proposing: Proposing, input: PlanInput): Draft => {
  const { object, reason, risk, facts, lost, frees, since, patch } = proposal;
  const { rule } = proposing;
  const kind = rule.does === 'patch' ? 'patch' : 'delete';
  return {
    action: {
      id: '',
      kind,
      object,
      rule: rule.id,
      reason,
      risk,
      ...verdictOf(proposal, proposing, input),
      ...(since !== undefined && Math.abs(since) <= 8.64e15 && { since: new Date(since).toISOString() }),
      ...(Object.keys(facts).length > 0 && { facts }),
      ...(lost && lost.length > 0 && { lost: [...lost] }),
      ...(frees && { frees }),
    },
    counted: {
      group: rule.target.group,
      resource: rule.target.resource,
      ...(rule.limitsByNamespace && { namespace: object.namespace }),
    },
    carriedOut: {
      resource: resourceOf(proposal, rule),
      ...(kind === 'patch' ? { patch: patch ?? {} } : { propagationPolicy: rule.propagationPolicy ?? 'Background' }),
    },
  };
};

/** In the version that the object was seen in. */
const resourceOf = ({ object }: Proposal, { target }: PlanningRule): Resource => ({
  group: target.group,
  version: object.apiVersion.slice(object.apiVersion.lastIndexOf('/') + 1),
  resource: target.resource,
  kind: target.kind,
  namespaced: object.namespace !== undefined,
});

const verdictOf = (proposal: Proposal, { rule, options }: Proposing, input: PlanInput): Pick<Action, 'state' | 'heldBy'> => {
  const { metadata, object, since, reportOnly } = proposal;
  const guarded: Guarded = {
    kind: rule.does === 'patch' ? 'patch' : 'delete',
    object,
    resource: rule.target.resource,
    since,
    minimumAgeHours: minimumAgeOf(options),
    now: input.now,
    settings: input.settings,
    namespaces: input.namespaces,
  };
  if (rule.does === 'report' || reportOnly !== undefined) {
    const heldBy = heldFromReport(metadata, guarded);
    if (heldBy) return { state: 'held', heldBy };
    // Whoever takes it away by hand should know who would bring it back.
    const owned =
      reportOnly === undefined
        ? (keptByKey(metadata, object.kind)?.held ?? declaredElsewhere(metadata))
        : { guard: 'report-only', because: reportOnly };
    return { state: 'reported', ...(owned && { heldBy: owned }) };
  }
  const heldBy = notOfTarget(proposal, rule) ?? held(metadata, guarded) ?? (input.unattended && notUnattended(rule.id, input.unattended));
  return heldBy ? { state: 'held', heldBy } : { state: 'planned' };
};

/** Limits count by the rule's own kind, and rights are given for it: another would pass both. */
const notOfTarget = ({ object, patch, metadata }: Proposal, { target, does }: PlanningRule): Held | undefined => {
  const group = object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '';
  const guard = 'not-understood';
  if (group !== target.group || object.kind !== target.kind)
    return { guard, because: `is no ${target.kind}, which is what its rule acts on` };
  if (object.uid === '' || object.resourceVersion === '') return { guard, because: 'has no uid or resourceVersion' };
  if (object.namespace !== metadata.namespace) return { guard, because: 'its namespace is not known' };
  return does === 'patch' && patch === undefined ? { guard, because: 'its rule does not say what to change' } : undefined;
};

const keep = (action: Action, heldBy: Held): Action => ({ ...action, state: 'held', heldBy });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By rule, namespace and name; what is proposed twice is here once. An id is its place in that order, with the uid where a name came twice. */
const withIds = (drafts: readonly Draft[]): readonly Draft[] => {
  const sorted = drafts.toSorted(
    ({ action: a }, { action: b }) =>
      compare(a.rule, b.rule) ||
      compare(a.object.namespace ?? '', b.object.namespace ?? '') ||
      compare(a.object.name, b.object.name) ||
      compare(a.object.uid, b.object.uid) ||
      // Of one object that a rule proposes twice, the one that keeps it.
      compare(a.state, b.state) ||
      compare(JSON.stringify(a), JSON.stringify(b)),
  );
  const [seen, used] = [new Set<string>(), new Set<string>()];
  return sorted.flatMap(({ action, ...rest }) => {
    const { rule, object } = action;
    const identity = `${rule}/${object.uid || `${object.namespace ?? ''}/${object.name}`}`;
    if (seen.has(identity)) return [];
    seen.add(identity);
    const name = [rule, ...(object.namespace === undefined ? [] : [object.namespace]), object.name].join('/');
    const id = used.has(name) ? `${name}#${object.uid}` : name;
    used.add(id);
    return [{ ...rest, action: { ...action, id } }];
  });
};

/** One object is written to once: the first rule has it. Where another would do something else with it, neither does. */
const onceEach = (drafts: readonly Draft[]): readonly Draft[] => {
  const byUid = Map.groupBy(
    drafts.filter(({ action }) => action.state === 'planned'),
    ({ action }) => action.object.uid,
  );
  return drafts.map((draft) => {
    const { action } = draft;
    const same = action.state === 'planned' ? (byUid.get(action.object.uid) ?? []) : [];
    const other = same.find((each) => each !== draft)?.action;
    if (!other) return draft;
    if (!same.every((each) => each.action.kind === 'delete'))
      return { ...draft, action: keep(action, { guard: 'one-action', because: `${other.rule} would ${other.kind} it too` }) };
    return same[0] === draft ? draft : { ...draft, action: keep(action, { guard: 'one-action', because: `planned by ${other.rule}` }) };
  });
};
