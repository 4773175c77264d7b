/** Looks at a cluster by rules, makes a plan of what they propose, and stores it. Writes nothing to the cluster. */
import { configurationHash } from '../actions/configuration-hash.ts';
import type { Plan } from '../actions/contracts.ts';
import type { LimitExceeded } from '../actions/guards/limits.ts';
import { guardSettings } from '../actions/guards/settings.ts';
import { type MadePlan, makePlan } from '../actions/make-plan.ts';
import { observe, observedRuns } from '../actions/observations.ts';
import { savePlan } from '../actions/plan-store.ts';
import { userAgent } from '../cluster/user-agent.ts';
import type { Look, Looked } from '../runtime/operation.ts';
import { clusterRef, type Finding, type Source } from '../scan/contracts.ts';
import { openWithinBudget, sourceFacts } from '../scan/look-at-objects.ts';
import type { Rule, RuleOptions } from './contracts.ts';
import { lacking } from './lacking.ts';
import { type Proposed, propose } from './propose.ts';
import { withCustomResources } from './references/with-custom-resources.ts';

/** What a run that plans gives: the report's part, and the plan where one was stored. */
export interface Planned {
  readonly looked: Looked;
  readonly plan?: Plan;
}

/** All rules of a run: the built-in ones, and those of nightshift.yaml. */
export interface RulesOfRun {
  readonly rules: readonly Rule[];
  /** Told after the scan: of conditions that could not be evaluated. */
  readonly findings: () => readonly (Finding & { readonly observer: string })[];
}

/** SHA-256 of what a plan is made under: options, guards and rules, and Nightshift’s version. */
export const planningConfiguration = (rules: readonly Rule[], { laid }: Pick<Look, 'laid'>): string => {
  const { ignore: _, ...under } = laid;
  return configurationHash({ under, rules: rules.map(({ id }) => id).toSorted(), version: userAgent });
};

/** By rule id: why it does not run. What is off by default runs only where nightshift.yaml turns it on. */
const rulesOff = (rules: readonly Rule[], { off, options }: Pick<Look, 'off' | 'options'>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rules.flatMap(({ id, options: schema }): [string, string][] => {
      if (off[id] !== undefined) return [[id, off[id]]];
      const { enabled }: RuleOptions = schema.parse(options[id] ?? {});
      return enabled ? [] : [[id, `turned off: enabled: true under options.cleanup.checks.${id} turns it on`]];
    }),
  );

/** @param atOnce the plan is to be applied by the same run, unattended: guards then hold what is not permitted */
export const planRun = async ({ rules, findings }: RulesOfRun, look: Look, atOnce: boolean): Promise<Planned> => {
  const source = await openWithinBudget(look);
  try {
    const reading = await withCustomResources(rules, source, look.signal);
    const off = rulesOff(rules, look);
    const proposed = await propose(source, reading, { ...look, off });
    const { clusterUid, scan } = proposed;
    const hashes = new Map(
      scan.observers.flatMap(({ id, outcome }): [string, string][] =>
        outcome === 'ran' ? [[id, configurationHash(asObserved(id, look))]] : [],
      ),
    );
    const observed = atOnce ? await observedBefore(look, clusterUid, hashes) : undefined;
    const made = makePlan({
      ...proposed,
      rules,
      options: look.options,
      identity: { cluster: look.cluster, clusterUid: clusterUid ?? '', configuration: planningConfiguration(rules, look) },
      now: source.now,
      settings: guardSettings(look.laid.guards),
      runId: look.runId,
      ...(observed && { unattended: { permitted: look.laid.apply, observed } }),
    });
    const plan = await stored(made, source, look, clusterUid);
    await noteObserved(look, clusterUid, hashes);
    const lacks = plan && (await lacking(plan, look));
    return {
      looked: lookedOf(source, proposed, made, plan && { id: plan.id, expiresAt: plan.expiresAt, ...(lacks && { lacks }) }, [
        ...findings(),
        ...limitFindings(made, rules, look.cluster),
      ]),
      ...(plan && { plan }),
    };
  } finally {
    await source.close();
  }
};

/** What a rule is observed as: with other options, another condition or another version it is another. */
const asObserved = (id: string, { options, laid }: Look) => ({
  options: options[id] ?? {},
  definition: laid.rules?.find((rule) => rule.id === id),
  version: userAgent,
});

/** Only what was seen of a live cluster can be applied, where there is a place to keep it and the cluster can be told from another. */
const stored = async ({ plan }: MadePlan, source: Source, { state }: Look, clusterUid: string | undefined): Promise<Plan | undefined> => {
  if (!plan || !state || source.kind !== 'cluster' || clusterUid === undefined) return undefined;
  // Where an earlier try of this run has stored its plan and somebody applies that already, this one is nobody's.
  return (await savePlan(state, plan)) ? plan : undefined;
};

const observedBefore = async ({ state, cluster, runId }: Look, clusterUid: string | undefined, rules: ReadonlyMap<string, string>) =>
  state && clusterUid !== undefined ? observedRuns(state, { cluster, clusterUid, runId, rules }) : new Map<string, number>();

/** What is told of a part of the rules counts for those: each is observed for itself. */
const noteObserved = async ({ state, cluster, runId }: Look, clusterUid: string | undefined, rules: ReadonlyMap<string, string>) => {
  if (state && clusterUid !== undefined && rules.size > 0) await observe(state, { cluster, clusterUid, runId, rules });
};

const lookedOf = (
  source: Source,
  { scan }: Proposed,
  { actions }: MadePlan,
  plan: Looked['plan'],
  out: readonly (Finding & { readonly observer: string })[],
): Looked => ({
  ...sourceFacts(source),
  scan: { ...scan, out },
  actions: [...actions],
  ...(plan && { plan }),
});

/** A plan that is too large is either a rule that is mistaken or a cluster that needs somebody to look at it. */
const limitFindings = (
  { limitsExceeded, actions }: MadePlan,
  rules: readonly Rule[],
  cluster: string,
): (Finding & { readonly observer: string })[] =>
  limitsExceeded.flatMap(({ resource, namespace, text }: LimitExceeded) => {
    const held = Map.groupBy(
      actions.filter(({ state, heldBy }) => state === 'held' && heldBy?.guard === 'limits'),
      ({ rule: id }) => id,
    );
    const countOf = ({ id }: Rule) => held.get(id)?.length ?? 0;
    const ofKind = ({ target: { group, resource: plural } }: Rule) => (group === '' ? plural : `${plural}.${group}`) === resource;
    // Of several for the kind the one that proposes most.
    const [first] = rules.filter((each) => ofKind(each) && countOf(each) > 0).toSorted((one, other) => countOf(other) - countOf(one));
    const rule = first?.id;
    if (rule === undefined) return [];
    return [
      {
        observer: rule,
        object: clusterRef(cluster),
        subject: namespace === undefined ? `limit of ${resource}` : `limit of ${resource} in ${namespace}`,
        severity: 'warning',
        message: `nothing is planned, as it would be too much: ${text}`,
        remedy:
          'look at the full set below: if it is right, raise options.cleanup.guards.limits for one run, or take the rules one by one (--only, or "only" in the event)',
      },
    ];
  });
