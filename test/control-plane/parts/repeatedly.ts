/** Controllers that tests play: a step that is taken again and again. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Repeated {
  /** Ends it after the step that it is at; throws what went wrong in a step, which ended it too. */
  stop(): Promise<void>;
}

/** Takes the step every 100 ms. */
export function repeatedly(step: () => Promise<void>): Repeated {
  const stopped = new AbortController();
  const work = (async () => {
    while (!stopped.signal.aborted) {
      await step();
      await sleep(100);
    }
  })();
  // It is thrown by stop(), not by the process.
  work.catch(() => {});
  return {
    async stop() {
      stopped.abort();
      await work;
    },
  };
}
