/** How fast writes go: one every so often, none while the server asks for patience. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /** Resolves when the next write may go; false: the signal came first. */
  take(signal: AbortSignal): Promise<boolean>;
  /** Nothing goes for so long (ms) from now. */
  holdFor(wait: number): void;
}

/** At most so many writes in a second, evenly: what would pile up while nothing is to be written is not caught up on. */
export function paceOf(writesPerSecond: number): Pace {
  const gap = 1000 / writesPerSecond;
  let next = 0;
  let heldUntil = 0;
  return {
    take: async (signal) => {
      const at = Math.max(performance.now(), next);
      next = at + gap;
      for (;;) {
        const wait = Math.max(at, heldUntil) - performance.now();
        if (signal.aborted) return false;
        if (wait <= 0) return true;
        await sleep(wait, undefined, { signal }).catch(() => undefined);
      }
    },
    holdFor: (wait) => {
      heldUntil = Math.max(heldUntil, performance.now() + wait);
      next = Math.max(next, heldUntil);
    },
  };
}
