/** Of which objects the conditions of rules could not be told: they are kept, and the report says so once a rule. */
import { oneLine } from '../../health-check/wire.ts';
import { clusterRef, type Finding } from '../../scan/contracts.ts';

/** Of how many objects, and of which first by name, what is wrong. */
export interface Count {
  readonly count: number;
  /** Its refKey. */
  readonly object: string;
  readonly message: string;
}

/** Both together. Whichever comes first in the order of names, not of pages, is named. */
export const joined = (one: Count | undefined, other: Count): Count => {
  if (!one) return other;
  return { ...(one.object < other.object ? one : other), count: one.count + other.count };
};

export interface NotTolds {
  add(rule: string, notTold: Count): void;
  /** A new scan begins. */
  forget(rule: string): void;
  /** One finding a rule, each with the id of its rule as `observer`, as the scan gives findings. */
  findings(cluster: string): readonly (Finding & { readonly observer: string })[];
}

export const noteNotTolds = (): NotTolds => {
  const byRule = new Map<string, Count>();
  return {
    add: (rule, notTold) => void byRule.set(rule, joined(byRule.get(rule), notTold)),
    forget: (rule) => void byRule.delete(rule),
    findings: (cluster) =>
      [...byRule].map(([rule, { count, object, message }]) => ({
        observer: rule,
        object: clusterRef(cluster),
        subject: rule,
        severity: 'warning',
        message: `the condition of rule ${rule} could not be told of ${count} ${count === 1 ? 'object, which is' : 'objects, which are'} kept; of ${namedBy(object)}: ${message}`,
        remedy: 'ask in the condition whether a field is there before it is used, such as has(object.spec) && has(object.spec.replicas)',
      })),
  };
};

/** `/ConfigMap/default/web` for people. */
const namedBy = (key: string): string => {
  const [, kind = '', namespace = '', name = ''] = key.split('/');
  return oneLine([kind, namespace ? `${namespace}/${name}` : name].join(' '), 160);
};
