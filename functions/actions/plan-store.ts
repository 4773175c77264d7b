/** Plans as they are stored: what was shown is what is applied, once, on the cluster and under the configuration that it was made for. */
import * as z from 'zod';
import { hours } from '../health-check/age.ts';
import { parseJson } from '../report/store/state.ts';
import type { Storage } from '../report/store/storage.ts';
import { pointInTime } from '../report/wording.ts';
import { EventError } from '../runtime/events.ts';
import type { Plan, PlanIdentity } from './contracts.ts';
import { folderOf, isTimedId, planIdOf } from './ids.ts';
import { plannedActionSchema } from './planned-action.ts';

const planSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.string(),
  operation: z.literal('cleanup'),
  kind: z.enum(['cleanup', 'undo']),
  runId: z.string().exactOptional(),
  undoes: z.string().exactOptional(),
  cluster: z.string(),
  clusterUid: z.string().min(1),
  configuration: z.string().min(1),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  actions: z
    .array(plannedActionSchema)
    .refine((actions) => new Set(actions.map(({ id }) => id)).size === actions.length, 'two actions have the same id'),
  options: z.record(z.string(), z.unknown()),
});

const consumptionSchema = z.object({ plan: z.string(), journal: z.string(), runId: z.string(), at: z.iso.datetime() });
/** By which run a plan was taken to be applied, and into which journal. */
export type Consumption = z.infer<typeof consumptionSchema>;

export interface LoadedPlan {
  readonly plan: Plan;
  /** It is being applied already, or was: only that journal can be gone on with. */
  readonly consumed?: Consumption;
}

const planKey = (cluster: string, id: string): string => `${folderOf('plans', cluster, id)}/plan.json`;
const consumedKey = (cluster: string, id: string): string => `${folderOf('plans', cluster, id)}/consumed.json`;

/** What to do instead, in the words of the event and of the command. */
const again = 'make a new plan ({"plan": true}, or npx nightshift cleanup) and apply that';

/**
 * Stores a plan, whose id is made of what it says: another text in its place is none of ours and is written over, unless it is being applied
 * already: false then, and this one is nobody's.
 */
export const savePlan = async (storage: Storage, plan: Plan): Promise<boolean> => {
  const key = planKey(plan.cluster, plan.id);
  const text = `${JSON.stringify(plan)}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    const stored = await storage.read(key);
    if (stored?.text === text) return true;
    if (stored && (await storage.read(consumedKey(plan.cluster, plan.id)))) return false;
    if (await storage.write(key, text, 'application/json', stored ? { version: stored.version } : 'absent')) return true;
  }
  throw new Error(`${storage.location}/${key} could not be written: others write it at the same moment`);
};

/**
 * The plan of this id, if it may still be applied here and now. Throws EventError that says what was planned, what is, and what to do, for one
 * that is unknown, damaged or expired, or was made for another cluster or under another configuration.
 * A plan that was taken already can be gone on with for another 24 hours, by whoever has its journal (`consumePlan` tells).
 */
export const loadPlan = async (storage: Storage, id: string, identity: PlanIdentity, now: number): Promise<LoadedPlan> => {
  if (!isTimedId(id)) throw new EventError(`${JSON.stringify(id)} names no plan: it looks like 20261124T173000Z-0123456789abcdef.`);
  const key = planKey(identity.cluster, id);
  const stored = await storage.read(key);
  if (!stored)
    throw new EventError(
      `There is no plan ${id} for ${identity.cluster} in ${storage.location}. Plans of a cluster are applied on it alone, from where they are kept: ${again}.`,
    );
  const said = parseJson(stored.text);
  const { data: plan } = planSchema.safeParse(said);
  if (!plan || plan.id !== id) throw new EventError(`${storage.location}/${key} is damaged and cannot be applied: ${again}.`);
  if (!saysWhatItsIdSays(said))
    throw new EventError(
      `${storage.location}/${key} is not what was planned as ${id}: somebody changed it. Find out who writes there, then ${again}.`,
    );
  const consumed = await consumptionOf(storage, plan);
  refuseMoved(plan, identity);
  const expires = Date.parse(plan.expiresAt);
  // Taken and not begun (the cluster was frozen, another run wrote) it is as old as any other.
  const begun = consumed && (now < expires || (await isBegun(storage, plan.cluster, consumed.journal)));
  const until = begun ? Math.min(Date.parse(consumed.at), expires) + hours(24) : expires;
  if (!(now < until)) {
    const what = begun
      ? `Plan ${id} was begun at ${pointInTime(consumed.at)} and can no longer be gone on with; its journal ${consumed.journal} tells what was done`
      : `Plan ${id} of ${pointInTime(plan.createdAt)} expired at ${pointInTime(plan.expiresAt)}; it is ${pointInTime(new Date(now).toISOString())} now`;
    throw new EventError(`${what}: ${again}.`);
  }
  return { plan, ...(consumed && { consumed }) };
};

/** As it was parsed, before the schema leaves out what it does not know. */
const saysWhatItsIdSays = (said: unknown): boolean => {
  const { id, ...saying } = said as Plan;
  return id === planIdOf(saying);
};

const isBegun = async (storage: Storage, cluster: string, journal: string): Promise<boolean> =>
  isTimedId(journal) && (await storage.read(`${folderOf('journal', cluster, journal)}/journal.json`)) !== undefined;

/** Of two texts that differ, enough to see that they do. */
const brief = (text: string): string => (text.length > 16 ? text.slice(0, 12) : text) || 'not known';

const refuseMoved = (plan: PlanIdentity & Pick<Plan, 'id'>, now: PlanIdentity): void => {
  if (plan.cluster !== now.cluster)
    throw new EventError(`Plan ${plan.id} was made for ${plan.cluster}, and this is ${now.cluster}: ${again}.`);
  if (plan.clusterUid !== now.clusterUid)
    throw new EventError(
      `Plan ${plan.id} was made for the cluster whose kube-system has the uid ${plan.clusterUid}; behind the name ${now.cluster} is now one with ${now.clusterUid || 'none that could be read'}: look which cluster this is, then ${again}.`,
    );
  if (plan.configuration !== now.configuration)
    throw new EventError(
      `Plan ${plan.id} was made under other options, guards or rules, or by another version of Nightshift (${brief(plan.configuration)}, now ${brief(now.configuration)}): ${again}.`,
    );
};

/** By whom the plan was taken, if so. Throws EventError where that cannot be told. */
export const consumptionOf = async (storage: Storage, { cluster, id }: Pick<Plan, 'cluster' | 'id'>): Promise<Consumption | undefined> => {
  const key = consumedKey(cluster, id);
  const stored = await storage.read(key);
  if (!stored) return undefined;
  const { data } = consumptionSchema.safeParse(parseJson(stored.text));
  // By whom is not known: then by somebody else.
  if (data?.plan !== id)
    throw new EventError(`${storage.location}/${key} is damaged; whether plan ${id} was applied is not known: ${again}.`);
  return data;
};

/**
 * Takes the plan for this journal, once and for all; to be done before the journal is begun. Of a plan that was taken for the same journal:
 * `resumed`. Throws EventError for one that was taken for another.
 */
export const consumePlan = async (
  storage: Storage,
  plan: Pick<Plan, 'cluster' | 'id'>,
  taken: { readonly journal: string; readonly runId: string; readonly at: number },
): Promise<'taken' | 'resumed'> => {
  const text: Consumption = { plan: plan.id, journal: taken.journal, runId: taken.runId, at: new Date(taken.at).toISOString() };
  if (await storage.write(consumedKey(plan.cluster, plan.id), `${JSON.stringify(text)}\n`, 'application/json', 'absent')) return 'taken';
  const consumed = await consumptionOf(storage, plan);
  // S3 also answers so to two who write at the same moment, of whom none may have won yet.
  if (!consumed) throw new EventError(`Another run takes plan ${plan.id} at this moment: look at its report, and try again.`);
  if (consumed.journal === taken.journal) return 'resumed';
  throw new EventError(
    `Plan ${plan.id} was taken by the run ${consumed.runId} at ${pointInTime(consumed.at)} and is applied once: its journal is ${consumed.journal} (npx nightshift undo ${consumed.journal} gives back what it took). For what is left, ${again}.`,
  );
};
