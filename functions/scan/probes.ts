import type { ProbeAnswer, Source } from './contracts.ts';

/** The probes of one scan: each path is asked for once, however many observers want to know. */
export const probesOf = (source: Source, signal: AbortSignal) => {
  const asked = new Map<string, Promise<ProbeAnswer>>();
  const ask = (path: string): Promise<ProbeAnswer> => {
    const answer = asked.get(path) ?? source.probe(path, signal);
    asked.set(path, answer);
    return answer;
  };
  return {
    ask,
    /**
     * Asks before the lists are read, which may take all the time there is: what the API server says of itself is then known in any case. One
     * after another, so that probes that hang leave the lists their connections.
     */
    async askAhead(paths: readonly string[]): Promise<void> {
      // Whoever wants to know hears of a failure.
      for (const path of new Set(paths)) await ask(path).catch(() => undefined);
    },
  };
};
