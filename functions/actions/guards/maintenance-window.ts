/** Writes happen only while a maintenance window is open, where any is configured. */
import { lastDue, nextDue } from '../../overdue-reports/due-times.ts';
import { pointInTime } from '../../report/wording.ts';
import type { MaintenanceWindow } from '../../runtime/configuration.ts';
import type { Held } from '../contracts.ts';

/** Times in ms; `until` is absent where it never closes, `next` where none ever opens. */
export type WindowState = { readonly open: true; readonly until?: number } | { readonly open: false; readonly next?: number };

/**
 * Which way the windows are at `now` (ms). A window is open from each time that its cron names for `durationMinutes` of real time; a time that
 * the clocks leave out opens none, and of one that comes twice the first does. One that is not understood is never open.
 */
export const windowState = (windows: readonly MaintenanceWindow[] | undefined, now: number): WindowState => {
  if (windows === undefined) return { open: true };
  const ends = windows.flatMap((window) => {
    const opened = understood(() => lastDue(timing(window), now));
    const end = opened === undefined ? Number.NaN : opened + window.durationMinutes * 60_000;
    return end > now ? [end] : [];
  });
  if (ends.length > 0) return { open: true, until: Math.max(...ends) };
  const starts = windows.flatMap((window) => understood(() => nextDue(timing(window), now)) ?? []);
  return { open: false, ...(starts.length > 0 && { next: Math.min(...starts) }) };
};

/** What keeps everything while no window is open. */
export const outsideWindows = (windows: readonly MaintenanceWindow[] | undefined, now: number): Held | undefined => {
  const state = windowState(windows, now);
  if (state.open) return undefined;
  const next = state.next === undefined ? 'none ever opens' : `the next opens at ${pointInTime(new Date(state.next).toISOString())}`;
  return { guard: 'maintenance-window', because: `no maintenance window is open; ${next}` };
};

const timing = ({ cron, timeZone }: MaintenanceWindow) => ({ cron, ...(timeZone !== undefined && { timeZone }) });

const understood = <T>(ask: () => T): T | undefined => {
  try {
    return ask();
  } catch {
    return undefined;
  }
};
