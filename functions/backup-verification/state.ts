/** What a location's verification keeps between runs, beside the last report: `state/CLUSTER/backup-verification/LOCATION.json`. */
import { createHash } from 'node:crypto';
import type { Storage } from '../report/store/storage.ts';
import type { ArchiveEnd } from '../velero/archive-facts.ts';
import type { Level, Verdict } from './contracts.ts';
import type { Said } from './said.ts';

/** When and how deep a backup was last looked into. */
export interface Verified {
  /** RFC 3339. */
  readonly at: string;
  readonly level: Level;
  readonly verdict: Verdict;
  /** Of the tarball that was read. */
  readonly etag: string;
}

/** One archive's part of a round that did not fit into one invocation. */
export interface ArchiveDone {
  readonly etag: string;
  readonly said: Said;
  readonly objects: number;
  readonly end: Pick<ArchiveEnd, 'whole' | 'objects' | 'bytes'>;
}

/** A run over all archives that is not yet through. */
export interface Round {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly level: Level;
  /** By backup. */
  readonly done: Record<string, ArchiveDone>;
}

export interface LocationState {
  readonly version: 1;
  readonly location: string;
  /** The inventory's own: what need not be read again. */
  known: unknown;
  /** By check id. */
  readonly memory: Record<string, unknown>;
  /** By backup. */
  readonly verified: Record<string, Verified>;
  round?: Round | undefined;
}

export const newState = (location: string): LocationState => ({ version: 1, location, known: null, memory: {}, verified: {} });

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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isState = (value: unknown): value is LocationState =>
  isRecord(value) && value.version === 1 && isRecord(value.memory) && isRecord(value.verified);

/** What the last run left; a new one where there is none, or it cannot be used (`lost` says why): it only saves work and keeps history. */
export async function readState(
  storage: Storage | undefined,
  cluster: string,
  location: string,
): Promise<{ readonly state: LocationState; readonly lost?: string }> {
  const state = newState(location);
  if (!storage) return { state };
  const key = stateKey(cluster, location);
  try {
    const stored = await storage.read(key, { mostBytes });
    if (stored === undefined) return { state };
    const parsed: unknown = JSON.parse(stored.text);
    return isState(parsed) ? { state: parsed } : { state, lost: `${key} is of another version` };
  } catch (error) {
    return { state, lost: `${key} could not be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Throws what the storage throws. */
export async function writeState(storage: Storage | undefined, cluster: string, state: LocationState): Promise<void> {
  await storage?.write(stateKey(cluster, state.location), JSON.stringify(state), 'application/json');
}

/** Without what is no longer in the bucket. */
export function prune(state: LocationState, backups: readonly { readonly name: string }[]): void {
  const names = new Set(backups.map(({ name }) => name));
  for (const name of Object.keys(state.verified)) if (!names.has(name)) delete state.verified[name];
  for (const name of Object.keys(state.round?.done ?? {})) if (!names.has(name)) delete state.round?.done[name];
}
