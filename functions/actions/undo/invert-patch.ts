/** JSON merge patches (RFC 7386), backwards. */
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../velero/archive/archived-object.ts';
import type { Fields } from './contracts.ts';

const valueAt = (object: unknown, key: string): unknown => (isRecord(object) && Object.hasOwn(object, key) ? object[key] : undefined);

/** Whether an object holds all that the patch says: what it sets is there, what it takes away (null) is not. */
export const holds = (patch: Fields, object: unknown): boolean =>
  Object.entries(patch).every(([key, wanted]) => {
    const value = valueAt(object, key);
    if (wanted === null) return value === undefined || value === null;
    return isRecord(wanted) ? holds(wanted, value) : isDeepStrictEqual(value, wanted);
  });

/** The patch that puts back, where the given one changed something, what was there before: null where nothing was. */
export const inverted = (patch: Fields, before: unknown): Fields =>
  Object.fromEntries(
    Object.entries(patch).flatMap(([key, wanted]) => {
      const former = valueAt(before, key);
      if (isRecord(wanted) && isRecord(former)) {
        const deeper = inverted(wanted, former);
        return Object.keys(deeper).length > 0 ? [[key, deeper]] : [];
      }
      const restored = former ?? null;
      return isDeepStrictEqual(restored, wanted) ? [] : [[key, restored]];
    }),
  );
