/**
 * Bit rot in restic repositories, provable without their password: restic calls each file by the SHA-256 of its content. One part of all files a
 * run, told by the hash of the key (as restic's own `--read-data-subset n/t`), so that t runs have read all.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type ObjectStore, type StoredObject, StoreError } from '../store/object-store.ts';
import { isContentName } from './read-repositories.ts';

/** Where the next run goes on. JSON, kept in the state. */
export const sampleState = z.object({
  /** Parts in a round, and which is next: 0 to parts-1. */
  parts: z.number().int().min(1),
  part: z.number().int().min(0),
  /** The last key of that part that was read, where the bytes or the time of a run did not suffice for it. */
  after: z.string().optional(),
  /** Objects whose content was read in this round. */
  read: z.number().int().min(0),
  /** Keys that were found rotten: read again each run, until they are whole or gone. */
  rotten: z.array(z.string()),
});
export type SampleState = z.infer<typeof sampleState>;

export interface RottenObject {
  readonly key: string;
  /** SHA-256, hex: the name, and what the content has. */
  readonly expected: string;
  readonly got: string;
  readonly size: number;
}
export interface UnreadObject {
  readonly key: string;
  readonly reason: string;
  readonly remedy: string;
}

export interface SampleResult {
  readonly rotten: readonly RottenObject[];
  /** Could not be read, so that nobody knows: the first few. */
  readonly unread: readonly UnreadObject[];
  readonly unreadCount: number;
  /** In this run. */
  readonly read: number;
  readonly bytes: number;
  /** Files that can be checked at all, as far as they were listed. */
  readonly total: number;
  /** Of them, in this round: 0 to 100. */
  readonly coveredPercent: number;
  /** Why the listing, or the time, ended before its end. */
  readonly cut?: { readonly reason: string; readonly remedy: string };
  readonly next: SampleState;
}

export interface SampleLimits {
  readonly parts: number;
  /** In one run; one object may always be read, however large. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

const mostRotten = 50;
const mostUnread = 5;

/** Which part a key is in: the same in every run, however many keys come and go. */
export const partOf = (key: string, parts: number): number => createHash('sha256').update(key).digest().readUInt32BE(0) % parts;

/** What a file's content should hash to; undefined for `config`, and for locks, which come and go. */
function expectedHash({ key }: StoredObject): string | undefined {
  const [, , part, ...rest] = key.split('/');
  const name = rest.at(-1) ?? '';
  return part !== 'locks' && isContentName(name) ? name : undefined;
}

const firstState = (parts: number, rotten: readonly string[] = []): SampleState => ({ parts, part: 0, read: 0, rotten: [...rotten] });

/** Reads one part of what lies in `restic/`, and again what was rotten the last time. Never throws StoreError: `cut` and `unread` say what failed. */
export async function sampleRestic(store: ObjectStore, before: SampleState | undefined, limits: SampleLimits): Promise<SampleResult> {
  const { parts, mostBytes, signal } = limits;
  const from = before?.parts === parts && before.part < parts ? before : firstState(parts, before?.rotten);
  const sample = samples(store, signal);
  const again = new Set(from.rotten);
  const gone = new Set(from.rotten);
  let [total, after, isWhole] = [0, from.after, true];
  let cut: StoreError | undefined;
  try {
    for await (const page of store.list('restic/', signal)) {
      for (const object of page) {
        const { key, size } = object;
        const expected = expectedHash(object);
        if (expected === undefined) continue;
        total += 1;
        gone.delete(key);
        // Once the bytes are spent only the counting goes on.
        const isNext = isWhole && partOf(key, parts) === from.part && (from.after === undefined || key > from.after);
        if (!isNext && !again.has(key)) continue;
        if (sample.bytes() > 0 && sample.bytes() + size > mostBytes) {
          if (isNext) isWhole = false;
          continue;
        }
        await sample.take(object, expected, isNext);
        if (isNext) after = key;
      }
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    [cut, isWhole] = [error, false];
  }
  const { fresh, settled, ...found } = sample.result();
  const kept = from.rotten.filter((key) => !settled.has(key) && (cut !== undefined || !gone.has(key)));
  const rotten = [...new Set([...found.rotten.map(({ key }) => key), ...kept])].slice(0, mostRotten);
  const read = from.read + fresh;
  const isRoundOver = isWhole && from.part + 1 === parts;
  const next: SampleState = isWhole
    ? { parts, part: (from.part + 1) % parts, read: isRoundOver ? 0 : read, rotten }
    : { parts, part: from.part, read, rotten, ...(after !== undefined && { after }) };
  const coveredPercent = total === 0 ? 0 : Math.min(100, Math.floor((100 * read) / total));
  return { ...found, total, coveredPercent, ...(cut && { cut: { reason: cut.message, remedy: cut.remedy } }), next };
}

/** Hashes objects, one after another, and counts. */
function samples(store: ObjectStore, signal: AbortSignal) {
  const rotten: RottenObject[] = [];
  const unread: UnreadObject[] = [];
  const settled = new Set<string>();
  let [read, fresh, bytes, unreadCount] = [0, 0, 0, 0];
  return {
    bytes: () => bytes,
    /** Throws StoreError where the time is spent: the next run then begins with this one. */
    async take({ key, size, etag }: StoredObject, expected: string, isFresh: boolean): Promise<void> {
      try {
        const got = await hashOf(store, key, etag, signal, (length) => {
          bytes += length;
        });
        read += 1;
        if (isFresh) fresh += 1;
        if (got !== expected) rotten.push({ key, expected, got, size });
        settled.add(key);
      } catch (error) {
        if (!(error instanceof StoreError) || error.reason === 'budget') throw error;
        // Pruned since it was listed.
        if (error.reason === 'missing') return void settled.add(key);
        unreadCount += 1;
        if (unread.length < mostUnread) unread.push({ key, reason: error.message, remedy: error.remedy });
      }
    },
    result: () => ({ rotten, unread, unreadCount, read, fresh, bytes, settled }),
  };
}

async function hashOf(store: ObjectStore, key: string, etag: string, signal: AbortSignal, seen: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of store.open(key, { signal, etag })) {
    hash.update(chunk);
    seen(chunk.length);
  }
  return hash.digest('hex');
}
