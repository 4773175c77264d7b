/** What a label selector selects, as Services do: https://kubernetes.io/docs/concepts/services-networking/service/ */
import type { Ref } from '../scan/contracts.ts';

export type Labels = Readonly<Record<string, string | null | undefined>>;

/** Something with labels. */
export interface Labelled {
  readonly object: Ref;
  readonly labels: Labels;
  /** Since when it is as it is, in ms. */
  readonly since?: number | undefined;
}

const selects = (selector: Labels, labels: Labels): boolean => Object.entries(selector).every(([key, value]) => labels[key] === value);

/** Finds what was added by namespace and selector, without looking at everything. */
export const labelIndex = () => {
  const byLabel = new Map<string, Labelled[]>();
  const keyOf = (namespace: string | undefined, label: string, value: string | null | undefined) => `${namespace}/${label}=${value}`;
  return {
    add(labelled: Labelled): void {
      for (const [label, value] of Object.entries(labelled.labels)) {
        const key = keyOf(labelled.object.namespace, label, value);
        const known = byLabel.get(key);
        if (known) known.push(labelled);
        else byLabel.set(key, [labelled]);
      }
    },
    /** An empty selector selects nothing. */
    selected(namespace: string | undefined, selector: Labels): readonly Labelled[] {
      const [first] = Object.entries(selector);
      if (!first) return [];
      return (byLabel.get(keyOf(namespace, ...first)) ?? []).filter(({ labels }) => selects(selector, labels));
    },
  };
};
