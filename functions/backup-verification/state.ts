/** What a location's verification keeps between runs, beside the last report: `state/CLUSTER/backup-verification/LOCATION.json`. */
import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { severities } from '../report/model.ts';
import { type Storage, TooLong } from '../report/store/storage.ts';
import { levels, verdicts } from './contracts.ts';
import type { Said } from './said.ts';

/** When and how deep a backup was last looked into, by all checks of that level but those that the configuration turns off. */
const verified = z.object({
  /** RFC 3339. */
  at: z.string(),
  level: z.enum(levels),
  verdict: z.enum(verdicts),
  /** Of the tarball that was read. */
  etag: z.string(),
});
export type Verified = Readonly<z.output<typeof verified>>;

/** One archive's part of a round that did not fit into one invocation. */
export interface ArchiveDone {
  readonly etag: string;
  /** RFC 3339: when it was looked into. */
  readonly at: string;
  readonly said: Said;
  readonly objects: number;
  readonly end: { readonly whole: boolean; readonly objects: number; readonly bytes: number };
}

/** A run over all archives that is not yet through. */
export interface Round {
  /** RFC 3339. */
  readonly startedAt: string;
  /** By backup. */
  readonly done: Map<string, ArchiveDone>;
}

/** Maps where a bucket gives the names: a backup may be called `constructor`. */
export interface LocationState {
  readonly location: string;
  /** Of the text that was last read or written: another one means that another run wrote since. */
  revision?: string;
  /** The inventory's own: what need not be read again. */
  known: unknown;
  /** By check id. */
  readonly memory: Record<string, unknown>;
  /** By backup. */
  readonly verified: Map<string, Verified>;
  /** By schedule, RFC 3339: when one of its archives was last begun. Who waits longest comes first. */
  readonly begun: Map<string, string>;
  /** By what is asked for: what checks of which options said is no answer to others. */
  readonly rounds: Map<string, Round>;
}

export const newState = (location: string): LocationState => ({
  location,
  known: null,
  memory: {},
  verified: new Map(),
  begun: new Map(),
  rounds: new Map(),
});

const object = z.looseObject({ apiVersion: z.string(), kind: z.string(), name: z.string() });
const said = z.object({
  findings: z.array(z.looseObject({ observer: z.string(), object, severity: z.enum(severities), message: z.string(), remedy: z.string() })),
  links: z.array(z.object({ effect: object, cause: object, because: z.string() })),
  marks: z.array(z.object({ backup: z.string(), verdict: z.enum(verdicts), what: z.string(), check: z.string() })),
  unknowns: z.array(z.object({ check: z.string(), backup: z.string().optional(), reason: z.string(), remedy: z.string() })),
  looked: z.record(z.string(), z.number()),
  notApplicable: z.record(z.string(), z.string()),
});
const archiveDone = z.object({
  etag: z.string(),
  at: z.string(),
  said: said.transform((value) => value as Said),
  objects: z.number(),
  end: z.object({ whole: z.boolean(), objects: z.number(), bytes: z.number() }),
});
const mapOf = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value).transform((record) => new Map<string, z.output<Value>>(Object.entries(record)));
const writtenState = z.object({
  version: z.literal(1),
  location: z.string(),
  revision: z.string().optional(),
  known: z.unknown(),
  memory: z.record(z.string(), z.unknown()),
  verified: mapOf(verified),
  begun: mapOf(z.string()),
  // One that cannot be understood costs work, and nothing else.
  rounds: mapOf(z.object({ startedAt: z.string(), done: mapOf(archiveDone) })).catch(new Map()),
});

/** Its name in the store: readable, and of no two locations the same. */
export const stateKey = (cluster: string, location: string): string => {
  const readable = location
    .replace(/^s3:\/\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .slice(-60);
  return `state/${cluster}/backup-verification/${readable}-${createHash('sha256').update(location).digest('hex').slice(0, 8)}.json`;
};

/** At most so much is read of it: 10,000 backups take some 10 MB. */
const mostBytes = 64 << 20;

export interface StateRead {
  readonly state: LocationState;
  /** Why a new one is begun though there is one. */
  readonly lost?: string;
  /** Nobody knows what it holds: it must not be written over. */
  readonly isUnread?: true;
}

/** What the last run left; a new one where there is none, or it cannot be used. */
export async function readState(storage: Storage | undefined, cluster: string, location: string): Promise<StateRead> {
  const state = newState(location);
  if (!storage) return { state };
  const key = stateKey(cluster, location);
  let text: string | undefined;
  try {
    text = (await storage.read(key, { mostBytes }))?.text;
  } catch (error) {
    const lost = `${key} could not be read: ${error instanceof Error ? error.message : String(error)}`;
    return { state, lost, ...(!(error instanceof TooLong) && { isUnread: true }) };
  }
  if (text === undefined) return { state };
  const parsed = writtenState.safeParse(jsonOf(text));
  if (!parsed.success) return { state, lost: `${key} is damaged or of another version` };
  const { version: _, revision, ...kept } = parsed.data;
  if (kept.location !== location) return { state, lost: `${key} is of another location` };
  return { state: { ...kept, ...(revision !== undefined && { revision }) } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What another run wrote since this one read it is kept, beside what this one found out: `remembered` are the checks whose memory is this run's.
 * Throws what the storage throws.
 */
export async function writeState(
  storage: Storage | undefined,
  cluster: string,
  state: LocationState,
  { remembered, round }: { readonly remembered: ReadonlySet<string>; readonly round?: string | undefined },
): Promise<void> {
  if (!storage) return;
  const { state: stored, isUnread, lost } = await readState(storage, cluster, state.location);
  if (isUnread) throw new Error(lost);
  if (stored.revision !== state.revision) merge(state, stored, remembered, round);
  state.revision = randomUUID();
  const rounds = [...state.rounds].map(([key, { startedAt, done }]) => [key, { startedAt, done: Object.fromEntries(done) }]);
  const written = {
    version: 1,
    ...state,
    verified: Object.fromEntries(state.verified),
    begun: Object.fromEntries(state.begun),
    rounds: Object.fromEntries(rounds),
  };
  await storage.write(stateKey(cluster, state.location), JSON.stringify(written), 'application/json');
}

function merge(state: LocationState, stored: LocationState, remembered: ReadonlySet<string>, round: string | undefined): void {
  for (const [check, memory] of Object.entries(stored.memory)) if (!remembered.has(check)) state.memory[check] = memory;
  for (const [backup, theirs] of stored.verified) {
    const ours = state.verified.get(backup);
    if (!ours || ours.at < theirs.at) state.verified.set(backup, theirs);
  }
  for (const [schedule, at] of stored.begun) if ((state.begun.get(schedule) ?? '') < at) state.begun.set(schedule, at);
  for (const key of state.rounds.keys()) if (key !== round) state.rounds.delete(key);
  for (const [key, theirs] of stored.rounds) if (key !== round) state.rounds.set(key, theirs);
}

/** A round that was begun longer ago (ms) than this is begun anew: its first archives say nothing of tonight. */
const roundLasts = 2 * 86_400_000;

/** Without what is no longer in the bucket, and without rounds that nobody went on with. */
export function prune(
  state: LocationState,
  backups: readonly { readonly name: string }[],
  schedules: readonly { readonly name: string }[],
  now: number,
): void {
  const names = new Set(backups.map(({ name }) => name));
  const scheduleNames = new Set(schedules.map(({ name }) => name));
  for (const name of state.verified.keys()) if (!names.has(name)) state.verified.delete(name);
  for (const name of state.begun.keys()) if (!scheduleNames.has(name)) state.begun.delete(name);
  for (const [key, { startedAt, done }] of state.rounds) {
    if (!(now - Date.parse(startedAt) < roundLasts)) state.rounds.delete(key);
    for (const name of done.keys()) if (!names.has(name)) done.delete(name);
  }
}
