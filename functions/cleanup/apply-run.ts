/** Applies a plan: this very one, on the cluster and under the configuration that it was made for, once. */
import type { ActionOutcome, Executed, Plan } from '../actions/contracts.ts';
import type { Execution } from '../actions/course.ts';
import { execute } from '../actions/execute.ts';
import { heldNow } from '../actions/guards/held.ts';
import { heldByLimits, numberExceeded } from '../actions/guards/limits.ts';
import { timedId } from '../actions/ids.ts';
import { optionsOf } from '../actions/make-plan.ts';
import { consumePlan, type LoadedPlan, loadPlan } from '../actions/plan-store.ts';
import { liveThrough, undoHooks } from '../actions/undo/plan-undo.ts';
import type { Action } from '../report/model.ts';
import { EventError } from '../runtime/events.ts';
import type { Look, Looked } from '../runtime/operation.ts';
import { clusterRef, type Finding, type Ref, type ScanResult } from '../scan/contracts.ts';
import { noScan } from '../scan/no-scan.ts';
import { actorOf, type Rule } from './contracts.ts';
import { planningConfiguration, type RulesOfRun } from './plan-run.ts';
import { cutOff, lastTaken, noteTaken } from './unattended-run.ts';
import { gateOf, lockOf, namespacesNow, openWriteSession, type WriteSession } from './write-session.ts';

/** Applies a plan by its id. Throws EventError where it may not be applied at all; what stands in its way after that is in the report. */
export const applyRun = async (rulesOfRun: RulesOfRun, look: Look, id: string): Promise<Looked> => {
  if (look.origin === 'schedule' || look.origin === 'sns')
    throw new EventError(
      `A ${look.origin === 'sns' ? 'message' : 'schedule'} cannot apply a plan by its id, only a person can: a schedule has applyPermitted, which applies what nightshift.yaml permits.`,
    );
  const session = await openWriteSession(look);
  try {
    const loaded = await loadPlan(session.storage, id, await identityNow(rulesOfRun.rules, look, session), session.writer.now());
    // What goes on by itself comes over the bus: only what a person, or the configuration, has begun.
    if (look.origin === 'bus' && !loaded.consumed)
      throw new EventError(`Plan ${id} was not begun: over the bus a plan is only gone on with. Apply it by hand first.`);
    return appliedReport(loaded.plan, await applied(rulesOfRun.rules, look, session, loaded), session, rulesOfRun.rules);
  } finally {
    await session.close();
  }
};

/**
 * Applies what this very run has planned and stored, or goes on with what an earlier try of it had taken; gives the report of the plan with what
 * came of it. @param plan absent: nothing is planned
 */
export const applyPermittedRun = async ({ rules }: RulesOfRun, look: Look, looked: Looked, plan: Plan | undefined): Promise<Looked> => {
  const { state, cluster, runId } = look;
  if (!state) return looked;
  const last = await lastTaken(state, cluster);
  const id = last?.runId === runId ? last.plan : plan?.id;
  const told = last && last.runId !== runId ? await cutOff(state, cluster, last, rules[0]?.id ?? '') : [];
  const withTold = { ...looked, scan: { ...looked.scan, out: [...looked.scan.out, ...told] } };
  return id === undefined ? withTold : applyAtOnce(rules, look, withTold, id);
};

const applyAtOnce = async (rules: readonly Rule[], look: Look, looked: Looked, id: string): Promise<Looked> => {
  const session = await openWriteSession(look);
  try {
    const loaded = await loadPlan(session.storage, id, await identityNow(rules, look, session), session.writer.now());
    refuseNotPermitted(loaded.plan, look);
    await noteTaken(session.storage, look.cluster, { runId: look.runId, plan: id });
    const executed = await applied(rules, look, session, loaded);
    const report = appliedReport(loaded.plan, executed, session, rules);
    const { plan: _, ...rest } = looked;
    return {
      ...rest,
      scan: { ...looked.scan, out: [...looked.scan.out, ...report.scan.out] },
      actions: withOutcomes(looked.actions ?? [], report.actions ?? [], id),
      ...(report.journal && { journal: report.journal }),
    };
  } finally {
    await session.close();
  }
};

/** Throws EventError for what the configuration does not permit, whoever made the plan. */
const refuseNotPermitted = ({ id, kind, runId, actions }: Plan, { laid, runId: here }: Look): void => {
  const odd = actions.find(({ rule }) => !laid.apply?.rules.includes(rule));
  if (odd || kind !== 'cleanup' || runId !== here)
    throw new EventError(`Plan ${id} is not what this run may apply by itself${odd ? `: apply.rules does not name ${odd.rule}` : ''}.`);
};

/** What was found now, with what came of the plan; what else could be planned by now is for the next run. */
const withOutcomes = (found: readonly Action[], carriedOut: readonly Action[], plan: string): Action[] => {
  const ofPlan = new Map(carriedOut.map((action) => [action.id, action]));
  const heldBy = { guard: 'one-plan', because: `this run applies the plan ${plan}, which an earlier try of it had made` };
  return [
    ...carriedOut,
    ...found
      .filter(({ id }) => !ofPlan.has(id))
      .map((action): Action => (action.state === 'planned' ? { ...action, state: 'held', heldBy } : action)),
  ];
};

/** What a plan has to be made for and under to be applied here and now. */
export const identityNow = async (rules: readonly Rule[], look: Look, { writer }: WriteSession) => ({
  cluster: look.cluster,
  clusterUid: await writer.clusterUid(look.signal),
  configuration: planningConfiguration(rules, look),
});

/** Lock, journal, writes. Where another run writes to the cluster nothing is done, and the report says so. */
const applied = async (rules: readonly Rule[], look: Look, session: WriteSession, { plan, consumed }: LoadedPlan): Promise<Executed> => {
  const { writer, storage } = session;
  const journalId = consumed?.journal ?? timedId(writer.now(), look.runId);
  const refused = (why: string): Executed => ({ journal: journalId, outcomes: new Map(), ended: 'refused', why, warnings: [] });
  const tooMany = overLimits(plan, rules, session);
  if (tooMany !== undefined) return refused(tooMany);
  const lock = await (await lockOf(look, session)).acquire();
  if (!lock.held) return refused(lock.because);
  try {
    await consumePlan(storage, plan, { journal: journalId, runId: look.runId, at: writer.now() });
    return await execute(executionOf(rules, look, session, plan, journalId, gateOf(look, session, lock.lease)));
  } finally {
    await lock.lease.release();
  }
};

/** The number alone, whoever made the plan: the share was known when it was made. */
const overLimits = ({ actions }: Plan, rules: readonly Rule[], { settings: { limits } }: WriteSession): string | undefined => {
  const byNamespace = new Set(rules.flatMap(({ id, limitsByNamespace }) => (limitsByNamespace ? [id] : [])));
  const all = actions.map(({ rule, resource, object }) => ({
    ...resource,
    namespace: byNamespace.has(rule) ? object.namespace : undefined,
  }));
  return heldByLimits(numberExceeded(all, limits))?.because;
};

/** As the configuration has them: what the plan says of them is the same, or the configuration is not. */
const optionsNow = (rules: readonly Rule[], { options }: Look): Plan['options'] =>
  Object.fromEntries(rules.map((rule) => [rule.id, optionsOf(rule, options)]));

const executionOf = (
  rules: readonly Rule[],
  look: Look,
  session: WriteSession,
  loaded: Plan,
  journalId: string,
  gate: Execution['gate'],
): Execution => {
  const { writer, storage, settings } = session;
  const plan = loaded.kind === 'undo' ? loaded : { ...loaded, options: optionsNow(rules, look) };
  const namespaces = namespacesNow(session, look.signal);
  return {
    plan,
    writer,
    actors: new Map(rules.flatMap((rule) => actorOf(rule) ?? []).map((actor) => [actor.id, actor])),
    storage,
    journalId,
    runId: look.runId,
    // Guards keep what is there; what an undo gives back is not, and the same guards let it go.
    held: async (action, fresh) =>
      plan.kind === 'undo'
        ? undefined
        : heldNow(action, fresh, {
            now: writer.now(),
            settings,
            namespaces: await namespaces(action.object.namespace),
            options: plan.options,
          }),
    gate,
    settings: { writesPerSecond: settings.writesPerSecond },
    ...(plan.kind === 'undo' && {
      undo: undoHooks(plan, liveThrough(writer, look.signal)),
    }),
    signal: look.signal,
    ...(look.onProgress && {
      onProgress: ({ phase, done, of }) => look.onProgress?.({ objects: done, resource: `${phase} (of ${of})` }),
    }),
  };
};

/** The scan of a run that looks at no objects by rules; what they said the last time is left out and not over. */
export const notRun = (rules: readonly Rule[], reason: string): ScanResult<never> =>
  noScan(rules.map(({ id }) => ({ id, outcome: 'not-run', objects: 0, reason, narrowed: true })));

const appliedReport = (plan: Plan, executed: Executed, { writer }: WriteSession, rules: readonly Rule[]): Looked => {
  const { journal, ended, why, warnings, outcomes } = executed;
  return {
    source: { kind: 'cluster', name: writer.host },
    scan: { ...notRun(rules, 'this run applies a plan'), out: failures(plan, executed), objects: plan.actions.length },
    sourceFindings: [],
    actions: plan.actions.map((action) => reported(action, outcomes.get(action.id))),
    journal: {
      id: journal,
      plan: plan.id,
      ended,
      ...(why !== undefined && { why }),
      ...(warnings.length > 0 && { warnings: [...warnings] }),
    },
  };
};

/** Without what only the executor needs. */
const reported = (
  { resource: _resource, patch: _patch, propagationPolicy: _policy, manifest: _manifest, ...action }: Plan['actions'][number],
  outcome: ActionOutcome | undefined,
): Action => ({ ...action, ...(outcome && { outcome }) });

const refOf = ({ apiVersion, kind, namespace, name, uid }: Action['object']): Ref => ({
  ...{ apiVersion, kind, name, uid },
  ...(namespace !== undefined && { namespace }),
});

const done: Readonly<Record<Action['kind'], string>> = { delete: 'deleted', patch: 'patched', create: 'given back' };
const went: ReadonlySet<ActionOutcome['result']> = new Set(['refused', 'forbidden', 'unknown', 'conflict']);

/** What went wrong, a finding a rule and way, and one for an execution that came to no good end. */
const failures = (plan: Plan, { outcomes, ended, why, closed, journal }: Executed): (Finding & { readonly observer: string })[] => {
  const failed = plan.actions.flatMap((action) => {
    const outcome = outcomes.get(action.id);
    return outcome && went.has(outcome.result) ? [{ action, outcome }] : [];
  });
  const byWay = Map.groupBy(failed, ({ action, outcome }) => `${action.rule} ${outcome.result}`);
  const found = [...byWay.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const { rule, kind } = first.action;
    const { result, message } = first.outcome;
    return [
      {
        observer: rule,
        object: clusterRef(plan.cluster),
        subject: `${rule} ${result}`,
        severity: 'warning' as const,
        message: `${same.length} of ${plan.actions.length} could not be ${done[kind]} (${result}), such as ${first.action.object.name}${message ? `: ${message}` : ''}`,
        remedy:
          result === 'forbidden'
            ? `kubectl apply -f infra/in-cluster/write/${rule}.yaml`
            : `look at each in the report; the journal is ${journal}`,
        members: same.map(({ action: { object } }) => refOf(object)),
      },
    ];
  });
  const [rule] = plan.actions;
  if (ended === 'complete' || ended === 'interrupted' || !rule) return found;
  return [
    ...found,
    {
      observer: rule.rule,
      object: clusterRef(plan.cluster),
      subject: `plan ${ended}`,
      severity: 'warning',
      message: ended === 'refused' ? `nothing was written: ${why ?? ''}` : `writing was stopped: ${why ?? ''}`,
      remedy: closed
        ? `look at what went wrong in the report; for what is left make a new plan: npx nightshift cleanup --cluster ${plan.cluster}`
        : `once it may go on: npx nightshift cleanup --cluster ${plan.cluster} --apply ${plan.id}`,
    },
  ];
};
