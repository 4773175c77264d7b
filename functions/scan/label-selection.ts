import { type Read, refKey, refTo } from './contracts.ts';

interface Labelled {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string | null;
    readonly labels?: Readonly<Record<string, string | null>> | null;
  } | null;
}

/** Notes which of the passing objects each selector (`key` or `key=value`) selects: for the ignore rules that name a label. */
export const labelSelection = (selectors: readonly string[]) => {
  const parsed = selectors.map((selector) => {
    const at = selector.indexOf('=');
    return {
      key: at < 0 ? selector : selector.slice(0, at),
      value: at < 0 ? undefined : selector.slice(at + 1),
      selected: new Set<string>(),
    };
  });
  return {
    wanted: selectors.length > 0,
    note(read: Read, object: unknown): void {
      const metadata = (object as Labelled | null)?.metadata;
      if (!metadata?.labels) return;
      for (const { key, value, selected } of parsed) {
        if (!Object.hasOwn(metadata.labels, key)) continue;
        if (value === undefined || metadata.labels[key] === value) selected.add(refKey(refTo(read, metadata)));
      }
    },
    result: (): ReadonlyMap<string, ReadonlySet<string>> =>
      new Map(parsed.map(({ selected }, index) => [selectors[index] ?? '', selected])),
  };
};
