/** Randomness that is the same in every run, and the identities made of it. */
import { createHash } from 'node:crypto';

/** A source of numbers in [0, 1) that always gives the same ones (mulberry32). */
export function sameRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The uid of an object: always the same for the same name. */
export function uidOf(...path: readonly string[]): string {
  const hex = createHash('sha1').update(path.join('/')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Two characters of a suffix that no other index below 729 has. */
export function suffixOfIndex(index: number): string {
  return [Math.floor(index / alphabet.length), index % alphabet.length].map((digit) => alphabet[digit % alphabet.length]).join('');
}

/** A suffix like those that Kubernetes gives: no vowels, so that no word appears. */
export function suffixOf(length: number, ...path: readonly string[]): string {
  const bytes = createHash('sha1').update(path.join('/')).digest();
  return [...bytes.subarray(0, length)].map((byte) => alphabet[byte % alphabet.length]).join('');
}
