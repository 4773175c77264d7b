/** What checks remember between runs, in bytes of JSON, all together. */
const budget = 65_536;

export interface MemoryInput {
  readonly today: Readonly<Record<string, unknown>>;
  readonly previous: Readonly<Record<string, unknown>>;
  /** The checks that there are today. */
  readonly checks: readonly string[];
  readonly ran: ReadonlySet<string>;
}

/**
 * What the next run is given: of a check that ran whole what it remembers now, of any other what it remembered last. Where all together
 * do not fit, the largest is dropped first: its check then begins anew, and the others are unharmed.
 */
export function memoryForNextRun({ today, previous, checks, ran }: MemoryInput): Record<string, unknown> {
  const entries = checks
    .toSorted()
    .flatMap((check) => {
      const value = (ran.has(check) ? today : previous)[check];
      const json = value === undefined ? undefined : JSON.stringify({ [check]: value });
      return json === undefined ? [] : [{ check, value, bytes: Buffer.byteLength(json) }];
    })
    .toSorted((a, b) => a.bytes - b.bytes);
  let used = 0;
  const kept = entries.filter(({ bytes }) => {
    used += bytes;
    return used <= budget;
  });
  return Object.fromEntries(kept.map(({ check, value }): [string, unknown] => [check, value]).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
