/** What texts that people wrote may name: they hold far more words than names, so that a filter keeps them, which costs the same whatever there is. */

/** 8 MB. With a million words one of some three hundred names that nobody says seems to be said: to keep too much does no harm. */
const bits = 2 ** 26;
/** FNV-1a, from two beginnings: two bits a name. */
const seeds = [0x811c9dc5, 0x01234567] as const;
const prime = 0x01000193;

type Hash = readonly [number, number];
const hashOf = (text: string, from = 0, to = text.length): Hash => {
  let [one, other]: [number, number] = [...seeds];
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, prime);
    other = Math.imul(other ^ code, prime);
  }
  return [one, other];
};
const bitOf = (place: number, name: number): number => {
  const mixed = Math.imul(place ^ (name >>> 16) ^ (name << 7), prime) ^ Math.imul(name, 0x85ebca6b);
  return ((mixed ^ (mixed >>> 13)) >>> 0) % bits;
};

const [dash, stop, slash, colon] = [...'-./:'].map((character) => character.charCodeAt(0));
const isAlphanumeric = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
const isOfName = (code: number): boolean => isAlphanumeric(code) || code === dash || code === stop;

/**
 * Each word of the text that may be a name, of RFC 1123: from and to, and whether the one before belongs to it (`shop/web`, `shop:web`). A
 * regular expression would make a text of each, at ten times the price.
 */
const eachWord = (text: string, look: (from: number, to: number, follows: boolean) => void): void => {
  let joined = false;
  for (let at = 0; at < text.length; ) {
    const begin = at;
    while (at < text.length && isOfName(text.charCodeAt(at))) at += 1;
    let [from, to] = [begin, at];
    while (from < to && !isAlphanumeric(text.charCodeAt(from))) from += 1;
    while (to > from && !isAlphanumeric(text.charCodeAt(to - 1))) to -= 1;
    if (to > from && to - from <= 253) look(from, to, joined && from === begin);
    const after = text.charCodeAt(at);
    joined = to > from && to === at && (after === slash || after === colon);
    at += 1;
  }
};

/** A name that an object says of itself is not told by another: such are told in a space of their own. */
const byAnother = (namespace: string): Hash => hashOf(`~${namespace}`);

/** A Bloom filter of names in namespaces: what was told is there, and what was not hardly ever. Takes its memory with the first text. */
export const toldNames = () => {
  let words: Uint32Array | undefined;
  const add = (filter: Uint32Array, place: Hash, name: Hash): void => {
    for (const each of [0, 1] as const) {
      const bit = bitOf(place[each], name[each]);
      filter[bit >>> 5] = (filter[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  };
  return {
    /** @param by the name of the object that holds the text, which lies in the first of the namespaces */
    addText(text: string, namespaces: readonly string[], by: string): void {
      words ??= new Uint32Array(bits / 32);
      const filter = words;
      const [own, ownPlace] = [hashOf(by), byAnother(namespaces[0] ?? '')];
      const others = namespaces.slice(1).map(byAnother);
      const places = namespaces.map((namespace) => hashOf(namespace));
      let before: string | undefined;
      eachWord(text, (from, to, follows) => {
        const name = hashOf(text, from, to);
        for (const place of places) add(filter, place, name);
        for (const place of others) add(filter, place, name);
        if (own[0] !== name[0] || own[1] !== name[1]) add(filter, ownPlace, name);
        if (follows && before !== undefined) {
          add(filter, hashOf(before), name);
          if (before !== namespaces[0] || text.slice(from, to) !== by) add(filter, byAnother(before), name);
        }
        const separator = text.charCodeAt(to);
        before = separator === slash || separator === colon ? text.slice(from, to) : undefined;
      });
    },
    /** @param byAnotherAlone what an object says of itself does not count */
    has(namespace: string, name: string, byAnotherAlone = false): boolean {
      if (words === undefined) return false;
      const [place, hash] = [byAnotherAlone ? byAnother(namespace) : hashOf(namespace), hashOf(name)];
      const filter = words;
      return ([0, 1] as const).every((each) => {
        const bit = bitOf(place[each], hash[each]);
        return ((filter[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
      });
    },
  };
};
