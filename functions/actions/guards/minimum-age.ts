/** What ended a moment ago may still be looked into; what has no time is never old enough. */
import { hours, inWords } from '../../health-check/age.ts';
import type { Held } from '../contracts.ts';

/** The last that a Date can hold; a time of Kubernetes that is not set parses to one before 1970. */
const isTime = (time: number | undefined): time is number => time !== undefined && time > 0 && time <= 8.64e15;

/** @param minimumAgeHours as the rule's options have it: what is no number of 0 or more keeps everything */
export const tooYoung = (since: number | undefined, minimumAgeHours: unknown, now: number): Held | undefined => {
  const guard = 'minimum-age';
  if (!isTime(since)) return { guard, because: 'since when is not known' };
  if (typeof minimumAgeHours !== 'number' || !(minimumAgeHours >= 0)) return { guard, because: 'the minimum age is not known' };
  // Not turned around: NaN compares with nothing.
  if (now - since >= hours(minimumAgeHours)) return undefined;
  return { guard, because: `is ${inWords(now - since)} old, of at least ${inWords(hours(minimumAgeHours))}` };
};
