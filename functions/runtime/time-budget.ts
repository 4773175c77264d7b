/** What is kept back for writing and publishing the report, in ms: a tenth of the time, from 3 to 20 seconds, but never more than half. */
export const reserveOf = (remainingMs: number): number => Math.min(Math.max(remainingMs / 10, 3_000), 20_000, remainingMs / 2);

/**
 * A signal that is aborted while there is still time to write the report. (middy's own early abort leaves only milliseconds.)
 * Call `clear` when the work is done.
 */
export const timeBudget = (remainingMs: number): { readonly signal: AbortSignal; readonly clear: () => void } => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('the time budget was spent')), remainingMs - reserveOf(remainingMs));
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
};
