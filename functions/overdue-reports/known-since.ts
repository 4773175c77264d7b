/**
 * Since when each report is known to be owed. Without this a cluster that is configured in the afternoon would be overdue for the morning,
 * and neither a bundle nor the reports tell when it was. Kept in the report bucket.
 */
import type { Storage } from '../report/store/storage.ts';
import { pairOf, watchOf } from './overdue.ts';
import type { WatchedReport } from './watched-reports.ts';

/** Beside what operations keep between runs. */
export const stateKey = 'state/overdue-reports.json';

/**
 * Since when (ms) each watch is known: as remembered; else, where nothing is remembered at all (the first run, or the memory is lost), since
 * the last report, as the schedule was there by then; else since now.
 */
export const knownSince = (
  watched: readonly WatchedReport[],
  remembered: Readonly<Record<string, string>> | undefined,
  { now, lastReports }: { readonly now: number; readonly lastReports: ReadonlyMap<string, number> },
): Map<string, number> =>
  new Map(
    watched.map((report) => {
      const watch = watchOf(report);
      const since = remembered ? Date.parse(remembered[watch] ?? '') : (lastReports.get(pairOf(report)) ?? Number.NaN);
      return [watch, Number.isNaN(since) ? now : Math.min(since, now)];
    }),
  );

/** What the state remembers; undefined where there is none, or none that can be understood. */
export const readKnownSince = async (storage: Storage): Promise<Readonly<Record<string, string>> | undefined> => {
  const stored = await storage.read(stateKey);
  try {
    const state = JSON.parse(stored?.text ?? '') as { readonly knownSince?: Readonly<Record<string, string>> } | null;
    return state?.knownSince;
  } catch {
    return undefined;
  }
};

/** Remembers for the next run, where something changed. */
export const writeKnownSince = async (
  storage: Storage,
  known: ReadonlyMap<string, number>,
  remembered: Readonly<Record<string, string>> | undefined,
): Promise<void> => {
  const next = Object.fromEntries([...known].sort().map(([watch, since]) => [watch, new Date(since).toISOString()]));
  if (remembered && JSON.stringify(Object.entries(remembered).sort()) === JSON.stringify(Object.entries(next))) return;
  await storage.write(stateKey, `${JSON.stringify({ knownSince: next })}\n`, 'application/json');
};
