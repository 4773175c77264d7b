/** A backup's archive as batches for a scan: the archive pushes, the scan pulls, and no more than a little lies between them. */
import { cleanValue } from '../../cluster/clean.ts';
import type { Batch, Read } from '../../scan/contracts.ts';
import type { ArchivedObject, ArchiveEnd } from '../archive/archive-facts.ts';
import { readArchive } from '../archive/read-archive.ts';
import { withoutSecrets } from './without-secrets.ts';

/** A batch is passed on with so many objects, or so many bytes of JSON, over all kinds. */
const batchObjects = 250;
const batchBytes = 1_000_000;
/** Packed bytes that are unpacked before the scan is waited for: 54 times as many of JSON are usual. */
const pieceBytes = 16_384;

export interface ArchiveReader {
  /** Called with each object of the archive, wanted or not; tells which reads it is for. */
  readonly readersOf: (object: ArchivedObject) => readonly Read[];
  readonly signal: AbortSignal;
}

/** Reads the archive once, and returns what was seen of it. Throws StoreError, as `packed` does. */
export async function* archiveBatches(
  packed: AsyncIterable<Uint8Array>,
  { readersOf, signal }: ArchiveReader,
): AsyncGenerator<Batch, ArchiveEnd, undefined> {
  const collected = collection();
  const left = new AbortController();
  const change = changes();
  async function* paced(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of packed) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        while (collected.isReady() && !left.signal.aborted) await change.next();
        if (left.signal.aborted) return;
        yield chunk.subarray(at, at + pieceBytes);
      }
    }
  }
  const see = (object: ArchivedObject): void => {
    for (const read of readersOf(object)) collected.add(read, object);
    if (collected.isReady()) change.tell();
  };
  let isOver = false;
  const reading = readArchive(paced(), { see, signal: AbortSignal.any([signal, left.signal]) }).finally(() => {
    isOver = true;
    change.tell();
  });
  // It may fail while a batch is looked at: nobody waits for it then.
  reading.catch(() => undefined);
  try {
    while (!isOver || collected.isReady()) {
      if (collected.isReady()) yield* collected.take();
      else await change.next();
      change.tell();
    }
    const end = await reading;
    yield* collected.take();
    return end;
  } finally {
    left.abort();
    change.tell();
    await reading.catch(() => undefined);
  }
}

/** Objects by the read that they are for. */
function collection() {
  let byRead = new Map<Read, unknown[]>();
  let [objects, bytes] = [0, 0];
  return {
    add(read: Read, { body, size }: ArchivedObject): void {
      // In place: what the next reader of the same object is given.
      cleanValue(body);
      const kept = withoutSecrets(body);
      const { apiVersion, kind, metadata } = kept;
      const given = read.part === 'metadata' ? { apiVersion, kind, metadata } : kept;
      const same = byRead.get(read);
      if (same) same.push(given);
      else byRead.set(read, [given]);
      objects += 1;
      bytes += size;
    },
    isReady: (): boolean => objects >= batchObjects || bytes >= batchBytes,
    take(): readonly Batch[] {
      const taken = [...byRead].map(([read, all]): Batch => ({ read, objects: all }));
      byRead = new Map();
      [objects, bytes] = [0, 0];
      return taken;
    },
  };
}

/** Wakes whoever waits for the next change. */
function changes() {
  let waiting = Promise.withResolvers<void>();
  return {
    next: (): Promise<void> => waiting.promise,
    tell(): void {
      waiting.resolve();
      waiting = Promise.withResolvers<void>();
    },
  };
}
