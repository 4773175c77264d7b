/** The source's side of a scan. */
import type { Batch, End, FailureReason, Read, Source } from './contracts.ts';
import type { PlannedRead } from './plan-reads.ts';
import { graceMs, withinBudget } from './within-budget.ts';

export const budgetRemedy = 'give the function more time (deployment.timeoutSeconds) or fewer checks';

/** Takes batches and ends from the source until all is said or the budget is spent; every planned read gets an end. */
export const consume = async (
  source: Source,
  planned: readonly PlannedRead[],
  signal: AbortSignal,
  onBatch: (batch: Batch) => void,
): Promise<ReadonlyMap<Read, End>> => {
  const ends = new Map<Read, End>();
  const seen = new Map<Read, number>();
  const endAll = (reason: FailureReason, message: string, remedy: string) => {
    for (const { read } of planned) {
      if (!ends.has(read)) ends.set(read, { read, objects: seen.get(read) ?? 0, state: 'failed', reason, message, remedy });
    }
  };
  if (planned.length === 0) return ends;
  const stream = source
    .read(
      planned.map(({ read }) => read),
      signal,
    )
    [Symbol.asyncIterator]();
  // One grace for all that it still sends: a source that does not listen could otherwise go on, batch by batch.
  let leaveAt = Number.POSITIVE_INFINITY;
  const onAbort = () => {
    leaveAt = performance.now() + graceMs;
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (ends.size < planned.length && performance.now() < leaveAt) {
      const next = await withinBudget(stream.next(), signal);
      if (next === undefined || next.done) break;
      if ('state' in next.value) ends.set(next.value.read, next.value);
      else {
        seen.set(next.value.read, (seen.get(next.value.read) ?? 0) + next.value.objects.length);
        onBatch(next.value);
      }
    }
  } catch (error) {
    endAll('unavailable', error instanceof Error ? error.message : String(error), 'look at the message and run again');
  }
  signal.removeEventListener('abort', onAbort);
  if (signal.aborted) endAll('budget', 'the time budget was spent', budgetRemedy);
  endAll('unavailable', 'the source ended without saying how', 'run again');
  // Not awaited: a source that hangs must not hold up the report.
  void Promise.resolve(stream.return?.()).catch(() => undefined);
  return ends;
};
