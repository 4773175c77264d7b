/**
 * What custom resources say of Services and of pods. Nobody knows all of them, so that any text in one which is the name of a Service counts as
 * a reference to it, and any labels as those of pods that its operator may make: to keep too much does no harm.
 */
import type { V1LabelSelector } from '@kubernetes/client-node';
import { textOf } from '../health-check/wire.ts';
import type { Pass, Read, SharedKey, Wire } from '../scan/contracts.ts';
import { isFulfilled, type Requirement, requirementsOf } from './label-selector.ts';
import { everywhere, podTargets } from './pod-targets.ts';
import { namesIn, placesIn } from './references/names.ts';
import { fieldsOf, placeOf, textsOf } from './references/shape.ts';

/** A Service's name is a DNS label. */
const longestName = 63;
/** What names more in more namespaces names them in all. */
const mostPairs = 100_000;
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const isNamespaceKey = (key: string): boolean => /namespaces?$/i.test(key);

/** A part of a text keeps the whole of it in memory; its copy does not. */
const copyOf = (text: string): string => Buffer.from(text).toString();

/** Names by namespace. */
const places = () => {
  const byNamespace = new Map<string, Set<string>>();
  return {
    add(namespace: string, name: string): void {
      if (name.length > longestName || name.includes('.')) return;
      const names = byNamespace.get(namespace) ?? new Set<string>();
      byNamespace.set(namespace, names);
      if (!names.has(name)) names.add(copyOf(name));
    },
    has: (namespace: string, name: string): boolean =>
      byNamespace.get(namespace)?.has(name) === true || byNamespace.get(everywhere)?.has(name) === true,
  };
};
type Places = ReturnType<typeof places>;

const labelsIn = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : [])));

/** Without recursion: depth is whoever's who writes the resource. */
const noteTexts = (
  object: unknown,
  namespace: string,
  mentioned: Places,
  noteLabels: (labels: Readonly<Record<string, string>>) => void,
) => {
  const names = new Set<string>();
  const namespaces = new Set([namespace || everywhere]);
  const left: { readonly value: unknown; readonly key: string }[] = [{ value: object, key: '' }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, key } = next;
    if (typeof value === 'string') {
      if (isNamespaceKey(key)) namespaces.add(value);
      for (const [place, name] of placesIn(value)) mentioned.add(place, name);
      for (const name of namesIn(value)) {
        names.add(name);
        // A host: web.shop.svc.cluster.local, however much of it is written.
        const [first = '', second] = name.split('.', 2);
        if (second) mentioned.add(second, first);
      }
    } else if (Array.isArray(value)) {
      for (const item of value) left.push({ value: item, key });
    } else if (typeof value === 'object' && value !== null) {
      if (/labels$/i.test(key)) noteLabels(labelsIn(value));
      for (const [inner, held] of Object.entries(value)) if (inner !== lastApplied) left.push({ value: held, key: inner });
    }
  }
  const all = names.size * namespaces.size > mostPairs ? [everywhere] : namespaces;
  for (const place of all) for (const name of names) mentioned.add(place, name);
};

/** Which Services a ServiceMonitor picks by their labels. */
interface Monitored {
  readonly namespaces: readonly string[];
  readonly requirements: readonly Requirement[];
}

/** prometheus-operator pkg/apis/monitoring/v1/servicemonitor_types.go. One that picks all means none in particular. */
const monitoredBy = (object: unknown, namespace: string): readonly Monitored[] => {
  const { selector, namespaceSelector } = fieldsOf(fieldsOf(object).spec);
  const { any, matchNames } = fieldsOf(namespaceSelector);
  const { matchLabels, matchExpressions } = fieldsOf(selector);
  const known: Wire<V1LabelSelector> = {
    matchLabels: labelsIn(matchLabels),
    matchExpressions: Array.isArray(matchExpressions) ? matchExpressions.map(fieldsOf) : [],
  };
  const requirements = requirementsOf(known);
  if (requirements?.length === 0) return [];
  const names = textsOf(matchNames);
  const namespaces = any === true ? [everywhere] : names.length > 0 ? names : [namespace];
  return [{ namespaces, requirements: requirements ?? [] }];
};

const makeCustomMentions = () => {
  const mentioned = places();
  const owners = places();
  const monitored: Monitored[] = [];
  const noted = new WeakSet<object>();
  return {
    /** Once an object, whatever the number of rules that it is shown to. */
    note({ group, kind }: Read, object: object, noteLabels: (namespace: string, labels: Readonly<Record<string, string>>) => void): void {
      if (noted.has(object)) return;
      const { namespace, name } = placeOf(object);
      const { metadata: _, ...rest } = fieldsOf(object);
      const { annotations } = fieldsOf(fieldsOf(object).metadata);
      owners.add(namespace || everywhere, name);
      noteTexts([name, annotations, rest], namespace, mentioned, (labels) => noteLabels(namespace || everywhere, labels));
      if (group === 'monitoring.coreos.com' && kind === 'ServiceMonitor') monitored.push(...monitoredBy(object, namespace));
      noted.add(object);
    },

    /** May any of them mean this Service? To be asked when all came whole. */
    isServiceMeant: (namespace: string | null | undefined, name: string, labels: Readonly<Record<string, string>>): boolean =>
      mentioned.has(namespace ?? '', name) ||
      monitored.some(
        ({ namespaces, requirements }) =>
          namespaces.some((each) => each === namespace || each === everywhere) && requirements.every((each) => isFulfilled(each, labels)),
      ),

    /** Does one of the values name a custom resource itself? Operators label the pods that they make by it: `cnpg.io/cluster: db`. */
    isOperated: (namespace: string | null | undefined, requirements: readonly Requirement[]): boolean =>
      requirements.some(
        ({ operator, values }) => operator === 'In' && values.some((value) => owners.has(namespace ?? '', textOf(value) ?? '')),
      ),
  };
};

/** One for all rules of a scan: `pass.shared(customMentions)`. */
export const customMentions: SharedKey<ReturnType<typeof makeCustomMentions>> = { make: makeCustomMentions };

/** Notes a custom resource for all rules of the scan. */
export const noteMentions =
  ({ shared }: Pick<Pass<never, never, never>, 'shared'>) =>
  (read: Read, object: object): void =>
    shared(customMentions).note(read, object, shared(podTargets).addTemplate);
