/** Objects with holes: what may be missing, null or of a value that nobody has heard of is so, somewhere at random. */
import assert from 'node:assert/strict';
import type { Check } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';
import { type CheckRun, runCheck } from './run-check.ts';

type Json = unknown;
/** Where in an object. */
export type Path = readonly (string | number)[];

/** Every place in a JSON value below the object's own apiVersion and kind. */
export const placesIn = (value: Json, path: Path = []): Path[] => {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, inner]) => {
    if (path.length === 0 && (key === 'apiVersion' || key === 'kind')) return [];
    const here = [...path, key];
    return [here, ...placesIn(inner, here)];
  });
};

type Hole = 'missing' | 'null' | 'unknown';
/** In the place of what was there: nothing at all, or another value. */
type Replace = (old: Json) => readonly [] | readonly [Json];

const punch = (object: Json, path: Path, hole: Hole): Json =>
  replaced(object, path, (old) => (hole === 'missing' ? [] : [filling(old, hole)]));

/** The object with something else at one place; what is not on the way there stays the very same. */
export const replaced = (object: Json, path: Path, replace: Replace): Json => {
  const [key, ...rest] = path;
  if (key === undefined || typeof object !== 'object' || object === null) return object;
  if (Array.isArray(object)) {
    return object.flatMap((item, index) => {
      if (index !== key) return [item];
      return rest.length > 0 ? [replaced(item, rest, replace)] : replace(item);
    });
  }
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, inner]): [string, Json][] => {
      if (name !== key) return [[name, inner]];
      return (rest.length > 0 ? [replaced(inner, rest, replace)] : replace(inner)).map((value) => [name, value]);
    }),
  );
};

/** An unknown value keeps its type, as the API server would. */
const filling = (old: Json, hole: Hole): Json => (hole === 'unknown' && typeof old === 'string' ? 'SomethingNew' : null);

/** Objects of which some have up to four holes. */
export const punched = (objects: readonly object[]): fc.Arbitrary<object[]> =>
  fc.tuple(
    ...objects.map((object) =>
      fc
        .array(fc.tuple(fc.constantFrom(...placesIn(object)), fc.constantFrom<Hole>('missing', 'null', 'unknown')), { maxLength: 4 })
        .map((holes) => holes.reduce<Json>((punchedSoFar, [path, hole]) => punch(punchedSoFar, path, hole), object) as object),
    ),
  );

/**
 * Asserts that no holes in these objects make the check throw, and that each finding is fit for a report: it names an object and says
 * something in one line.
 */
export const assertSurvivesHoles = async (check: Check, objects: readonly object[], run: Omit<CheckRun, 'objects'> = {}): Promise<void> => {
  await fc.assert(
    fc.asyncProperty(punched(objects), async (holed) => {
      const { findings, links, end } = await runCheck(check, { ...run, objects: holed });
      assert.notEqual(end.outcome, 'incomplete', end.reason);
      for (const { object, message, remedy, startedAt } of findings) {
        assert.ok(object.kind && object.apiVersion);
        assert.match(message, /^[^\n]+[^.\n]$/);
        assert.ok(!/undefined|null|NaN|\[object/.test(message), message);
        assert.ok(remedy.length > 0);
        if (startedAt !== undefined) assert.ok(Date.parse(startedAt) > 0, startedAt);
      }
      for (const { effect, cause } of links) assert.ok(effect.kind && cause.kind);
    }),
    { numRuns: 150 },
  );
};
