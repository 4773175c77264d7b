/** How long a source or a check may still take after the budget is spent, in ms; then it is left behind. */
export const graceMs = 500;

/** Resolves to undefined when the signal is aborted and the grace is over, so that nothing can hold up the report. */
export const withinBudget = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => resolve(undefined), graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
};
