/** Marks of very many texts (paths, names of objects) in little memory: 64 bits of each text’s SHA-256 are kept instead of it, 17 bytes a place. */
import { hash } from 'node:crypto';

export interface IdentityTable {
  /** The place of a text, entered where it is new. Good until the next call of `slot`. */
  slot(text: string): number;
  marks(slot: number): number;
  /** Adds marks: bits of one byte. */
  mark(slot: number, bits: number): void;
  /** What is kept of a content beside the marks. */
  digest(slot: number): Digest;
  setDigest(slot: number, digest: Digest): void;
  /** How many entered texts carry exactly these marks. */
  count(marks: number): number;
}
/** 64 bits of a SHA-256. */
export type Digest = readonly [number, number];

export const digestOf = (content: string | Uint8Array): Digest => {
  const whole = hash('sha256', content, 'buffer');
  return [whole.readUInt32LE(0), whole.readUInt32LE(4)];
};

interface Columns {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly marks: Uint8Array;
  readonly contentFirst: Uint32Array;
  readonly contentSecond: Uint32Array;
}
const columns = (capacity: number): Columns => ({
  first: new Uint32Array(capacity),
  second: new Uint32Array(capacity),
  marks: new Uint8Array(capacity),
  contentFirst: new Uint32Array(capacity),
  contentSecond: new Uint32Array(capacity),
});

/** The place of a hash, or the free one where it belongs; the hash 0 0 means free (no text has it in practice). */
function find({ first, second }: Columns, [a, b]: Digest): number {
  const mask = first.length - 1;
  let slot = a & mask;
  while ((first[slot] !== 0 || second[slot] !== 0) && (first[slot] !== a || second[slot] !== b)) slot = (slot + 1) & mask;
  return slot;
}

function grown(old: Columns): Columns {
  const next = columns(old.first.length * 2);
  for (let slot = 0; slot < old.first.length; slot += 1) {
    const [a = 0, b = 0] = [old.first[slot], old.second[slot]];
    if (a === 0 && b === 0) continue;
    const place = find(next, [a, b]);
    next.first[place] = a;
    next.second[place] = b;
    next.marks[place] = old.marks[slot] ?? 0;
    next.contentFirst[place] = old.contentFirst[slot] ?? 0;
    next.contentSecond[place] = old.contentSecond[slot] ?? 0;
  }
  return next;
}

export function identityTable(): IdentityTable {
  let table = columns(1024);
  let entered = 0;
  return {
    slot(text) {
      const digest = digestOf(text);
      let slot = find(table, digest);
      if (table.first[slot] !== 0 || table.second[slot] !== 0) return slot;
      if (entered * 2 >= table.first.length) {
        table = grown(table);
        slot = find(table, digest);
      }
      entered += 1;
      [table.first[slot], table.second[slot]] = digest;
      return slot;
    },
    marks: (slot) => table.marks[slot] ?? 0,
    mark(slot, bits) {
      table.marks[slot] = (table.marks[slot] ?? 0) | bits;
    },
    digest: (slot) => [table.contentFirst[slot] ?? 0, table.contentSecond[slot] ?? 0],
    setDigest(slot, digest) {
      [table.contentFirst[slot], table.contentSecond[slot]] = digest;
    },
    count(marks) {
      let count = 0;
      for (const each of table.marks) if (each === marks) count += 1;
      return count;
    },
  };
}
