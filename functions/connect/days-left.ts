import { inWords } from '../health-check/age.ts';

/** Whole days until `end`; negative once it is over. */
export const daysLeft = (end: Date, now = Date.now()): number => Math.floor((end.getTime() - now) / 86_400_000);

/** `340 days left`, `ended 2 days ago`. */
export const leftText = (end: Date, now = Date.now()): string => {
  const left = end.getTime() - now;
  return left >= 0 ? `${inWords(left)} left` : `ended ${inWords(-left)} ago`;
};
