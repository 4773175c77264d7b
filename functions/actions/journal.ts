/**
 * The journal of one execution: what was there before anything was written, and what became of each action. It lies in `journal/<cluster>/
 * YYYY/MM/DD/<id>/`: journal.json before the first write, then for each batch batch-0001.json (it begins) and outcomes-0001.json (it is over),
 * and end.json. Each is written once and never again: where one is there already, somebody else goes on with the same journal.
 */
import * as z from 'zod';
import { actionSchema } from '../report/model.ts';
import type { Storage } from '../report/store/storage.ts';
import { configurationHash } from './configuration-hash.ts';
import type { Action, ActionOutcome, Outcome, PlannedAction } from './contracts.ts';
import { folderOf } from './ids.ts';
import { plannedActionSchema } from './planned-action.ts';
import { fieldOf } from './writer.ts';

const time = z.string();
const headerSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.string(),
  plan: z.string(),
  cluster: z.string(),
  clusterUid: z.string(),
  kind: z.enum(['cleanup', 'undo']),
  undoes: z.string().optional(),
  runId: z.string(),
  startedAt: time,
  nightshift: z.string().describe('The version that wrote it'),
});
const outcomeSchema = z.intersection(actionSchema.shape.outcome.unwrap(), z.object({ action: z.string() }));
const startSchema = z.object({
  header: headerSchema,
  actions: z.array(plannedActionSchema),
  /** By action id. */
  manifests: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Of what was settled before the first write. */
  outcomes: z.array(outcomeSchema),
});
const batchSchema = z.object({ at: time, actions: z.array(z.string()) });
const outcomesSchema = z.object({ at: time, outcomes: z.array(outcomeSchema) });
const endSchema = z.object({
  at: time,
  ended: z.enum(['complete', 'stopped']),
  why: z.string().optional(),
  warnings: z.array(z.string()).default([]),
});

export type JournalHeader = z.infer<typeof headerSchema>;
export type JournalStart = {
  readonly header: JournalHeader;
  readonly actions: readonly PlannedAction[];
  readonly manifests: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly outcomes: readonly Outcome[];
};
export type JournalEnd = z.infer<typeof endSchema>;

export interface JournalItem {
  readonly action: PlannedAction;
  /** The object as it was, without managedFields. Absent: it was not there, or could not be read, and nothing was written to it. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** When the batch began in which it was to be written: without an outcome it may be written or not, and only the cluster can tell. */
  readonly begunAt?: string;
  /** Absent: not settled. */
  readonly outcome?: ActionOutcome;
}

/** A journal, read whole. */
export interface Journal {
  readonly header: JournalHeader;
  /** In the plan's order. */
  readonly items: readonly JournalItem[];
  /** Absent: the execution was cut off, or stopped in a way that lets the next one go on. */
  readonly ended?: JournalEnd;
  /** The last batch that began; 0: none did. */
  readonly lastBatch: number;
  /** So many of its outcomes are failures of writes. */
  readonly failures: number;
}

/** A journal that is there and cannot be read: nothing is written on the strength of it. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged';
}
/** A part of the journal that was to be written is there already. */
export class JournalTaken extends Error {
  override readonly name = 'JournalTaken';
}

const json = 'application/json';
const numbered = (part: 'batch' | 'outcomes', batch: number) => `${part}-${String(batch).padStart(4, '0')}.json`;

/** What ends in one of these is a failure: too many of them stop an execution. */
export const isFailure = ({ result }: ActionOutcome): boolean => result === 'refused' || result === 'unknown';

/** The journal of an execution that is begun or over; undefined: there is none. Throws JournalDamaged, and what the storage throws. */
export async function readJournal(storage: Storage, cluster: string, id: string): Promise<Journal | undefined> {
  const part = async <Part>(name: string, schema: z.ZodType<Part>): Promise<Part | undefined> => {
    const key = `${folderOf('journal', cluster, id)}/${name}`;
    const stored = await storage.read(key);
    return stored && parsed(stored.text, schema, `${storage.location}/${key}`);
  };
  const start = await part('journal.json', startSchema);
  if (start === undefined) return undefined;
  const end = await part('end.json', endSchema);
  const begun = new Map<string, string>();
  const outcomes = new Map<string, Outcome>(start.outcomes.map((outcome) => [outcome.action, outcome]));
  let lastBatch = 0;
  let failures = 0;
  for (let batch = 1; ; batch += 1) {
    const [intent, over] = await Promise.all([
      part(numbered('batch', batch), batchSchema),
      part(numbered('outcomes', batch), outcomesSchema),
    ]);
    if (!intent && !over) break;
    lastBatch = batch;
    for (const action of intent?.actions ?? []) begun.set(action, begun.get(action) ?? intent?.at ?? '');
    // The first that was written is what became of it.
    for (const outcome of over?.outcomes ?? []) if (!outcomes.has(outcome.action)) outcomes.set(outcome.action, outcome);
    failures += over?.outcomes.filter(isFailure).length ?? 0;
  }
  const items = start.actions.map((action) => itemOf(action, start.manifests[action.id], begun.get(action.id), outcomes.get(action.id)));
  return { header: start.header, items, ...(end && { ended: end }), lastBatch, failures };
}

function itemOf(
  action: z.infer<typeof plannedActionSchema>,
  manifest: Readonly<Record<string, unknown>> | undefined,
  begunAt: string | undefined,
  outcome: Outcome | undefined,
): JournalItem {
  return {
    // What is absent is undefined to zod's types, and not there in JSON.
    action: action as PlannedAction,
    ...(manifest && { manifest }),
    ...(begunAt !== undefined && { begunAt }),
    ...(outcome && { outcome: withoutAction(outcome) }),
  };
}

const withoutAction = ({ action: _, ...outcome }: Outcome): ActionOutcome => outcome;

function parsed<Part>(text: string, schema: z.ZodType<Part>, where: string): Part {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Node's own message would quote the text, which may hold a Secret.
    throw new JournalDamaged(`${where} is no JSON`);
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new JournalDamaged(`${where} is no journal of ours (${result.error.issues[0]?.path.join('.') ?? 'its form'})`);
  return result.data;
}

/** Writes the parts of one journal. Each throws JournalTaken where the part is there already, and what the storage throws. */
export function journalWriter(storage: Storage, cluster: string, id: string) {
  const folder = folderOf('journal', cluster, id);
  const by = crypto.randomUUID();
  const put = async (name: string, part: object): Promise<void> => {
    const text = `${JSON.stringify({ by, ...part })}\n`;
    if (await storage.write(`${folder}/${name}`, text, json, 'absent')) return;
    // Sent again, since its answer was lost, it finds itself: nobody else writes the same.
    if ((await storage.read(`${folder}/${name}`))?.text === text) return;
    throw new JournalTaken(`${storage.location}/${folder}/${name} is there already: somebody else goes on with this journal`);
  };
  return {
    start: (start: JournalStart) => put('journal.json', start),
    begin: (batch: number, at: string, actions: readonly string[]) => put(numbered('batch', batch), { at, actions }),
    outcomes: (batch: number, at: string, outcomes: readonly Outcome[]) => put(numbered('outcomes', batch), { at, outcomes }),
    end: (end: JournalEnd) => put('end.json', end),
  };
}
export type JournalWriter = ReturnType<typeof journalWriter>;

/** Whether manifests of this kind may lie where the journal lies: a Secret's only in the bucket, which has a key of its own. */
export const mayKeep = (storage: Storage, { group, resource }: { readonly group: string; readonly resource: string }): boolean =>
  !(group === '' && resource === 'secrets') || storage.location.startsWith('s3://');

/** So that what is created is what was planned to be, whatever became of the journal since. */
export const manifestDigest = (manifest: Readonly<Record<string, unknown>>): string => configurationHash(manifest);

/** Whether it is this very object's: what lies in a journal is only as good as who may write there. */
export const isManifestOf = ({ apiVersion, kind, namespace, name, uid }: Action['object'], manifest: unknown): boolean => {
  const metadata = fieldOf(manifest, 'metadata');
  return (
    fieldOf(manifest, 'apiVersion') === apiVersion &&
    fieldOf(manifest, 'kind') === kind &&
    fieldOf(metadata, 'name') === name &&
    fieldOf(metadata, 'uid') === uid &&
    (fieldOf(metadata, 'namespace') ?? undefined) === namespace
  );
};

/** The manifest as it is kept: managedFields are the server's own bookkeeping, and larger than the rest. */
export function keptManifest(object: unknown): Readonly<Record<string, unknown>> {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) throw new TypeError('no object');
  const { managedFields: _, ...metadata } = object.metadata as Record<string, unknown>;
  return { ...object, metadata };
}
