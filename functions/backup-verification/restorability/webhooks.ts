/** Webhooks of admission as far as a restore meets them: k8s.io/api admissionregistration/v1. */
import type { Ref } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { type Fields, fieldsAt, itemsOf, labelsOf, nameOf, refOf, textAt, textsOf } from './fields.ts';

export interface ServicePlace {
  readonly namespace: string;
  readonly name: string;
}

/** Something that calls a Service, and fails without it. */
export interface Webhook {
  /** The configuration that it is in. */
  readonly object: Ref;
  /** resource.group of the configuration. */
  readonly configuration: string;
  readonly name: string;
  readonly service: ServicePlace;
  readonly rules: readonly Fields[];
  readonly namespaceSelector: Fields;
  /** It asks about some of these objects alone, and which is not known here. */
  readonly isChoosy: boolean;
}

/** The Service of a clientConfig; undefined where it is a URL, or nothing. */
export function serviceOf(clientConfig: unknown): ServicePlace | undefined {
  const service = fieldsAt(clientConfig, 'service');
  const [namespace, name] = [nameOf(service.namespace), nameOf(service.name)];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Those of a configuration that refuse what they are asked about when their Service does not answer. */
export function failingWebhooks(object: ArchivedObject): readonly Webhook[] {
  const configuration = groupResource(object);
  const isConfiguration = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'].includes(object.resource);
  if (!isConfiguration || object.group !== 'admissionregistration.k8s.io') return [];
  // Unset is Fail in v1, and was Ignore in v1beta1.
  const unset = object.apiVersion.endsWith('/v1beta1') ? 'Ignore' : 'Fail';
  return itemsOf(object.body.webhooks).flatMap((webhook): Webhook[] => {
    const service = serviceOf(webhook.clientConfig);
    if (!service || (webhook.failurePolicy ?? unset) === 'Ignore') return [];
    return [
      {
        object: refOf(object),
        configuration,
        name: nameOf(webhook.name) ?? '?',
        service,
        rules: itemsOf(webhook.rules),
        namespaceSelector: fieldsAt(webhook, 'namespaceSelector'),
        isChoosy: isChoosy(webhook),
      },
    ];
  });
}

const labelsRequired = new Set(['In', 'Exists']);
/** By CEL, or by labels that an object must have; what only leaves out the ones with some label asks about nearly all. */
function isChoosy({ objectSelector, matchConditions }: Fields): boolean {
  const { matchLabels, matchExpressions } = fieldsAt(objectSelector);
  const requires = itemsOf(matchExpressions).some(({ operator }) => typeof operator === 'string' && labelsRequired.has(operator));
  return requires || Object.keys(fieldsAt(matchLabels)).length > 0 || itemsOf(matchConditions).length > 0;
}

const hasAny = (list: unknown, ...names: readonly string[]): boolean => textsOf(list).some((text) => text === '*' || names.includes(text));

/** Is it asked when an object of this kind is created? `kind` is a resource.group. */
export function isAskedAbout({ rules }: Webhook, kind: string, isNamespaced: boolean): boolean {
  const dot = kind.indexOf('.');
  const [resource, group] = dot < 0 ? [kind, ''] : [kind.slice(0, dot), kind.slice(dot + 1)];
  return rules.some(({ operations, apiGroups, resources, scope }) => {
    if (!hasAny(operations, 'CREATE') || !hasAny(apiGroups, group) || !hasAny(resources, resource, '*/*')) return false;
    return scope === 'Namespaced' ? isNamespaced : scope === 'Cluster' ? !isNamespaced : true;
  });
}

/** metav1.LabelSelector on a namespace’s labels; an empty one selects everything, and an operator that nobody knows nothing. */
export function selectsNamespace({ namespaceSelector }: Webhook, namespace: string, labels: Fields): boolean {
  const labelOf = (key: unknown): string | undefined =>
    typeof key === 'string' ? (textAt(labels, key) ?? (key === 'kubernetes.io/metadata.name' ? namespace : undefined)) : undefined;
  const matchLabels = fieldsAt(namespaceSelector, 'matchLabels');
  if (Object.keys(matchLabels).some((key) => labelOf(key) !== textAt(matchLabels, key))) return false;
  return itemsOf(namespaceSelector.matchExpressions).every(({ key, operator, values }) => {
    const value = labelOf(key);
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    if (operator === 'In') return value !== undefined && textsOf(values).includes(value);
    return operator === 'NotIn' && (value === undefined || !textsOf(values).includes(value));
  });
}

export type RestoredCounts = ReturnType<typeof restoredCounts>;

/** Counts what a restore brings, by kind and namespace: what a webhook would be asked about is told from it. */
export const restoredCounts = () => {
  const counts = new Map<string, Map<string, number>>();
  const versions = new Map<string, Set<string>>();
  const labels = new Map<string, Fields>();
  return {
    note(object: ArchivedObject): void {
      const kind = groupResource(object);
      // The empty text: it is in none.
      const { namespace = '' } = object;
      const byNamespace = counts.get(kind) ?? new Map<string, number>();
      counts.set(kind, byNamespace);
      byNamespace.set(namespace, (byNamespace.get(namespace) ?? 0) + 1);
      if (kind === 'namespaces') labels.set(object.name, labelsOf(object));
      if (object.group.includes('.')) versions.set(kind, (versions.get(kind) ?? new Set()).add(object.apiVersion.split('/')[1] ?? ''));
    },
    /** How many objects of each kind (resource.group) the webhook is asked about. */
    askedOf(webhook: Webhook): ReadonlyMap<string, number> {
      const found = new Map<string, number>();
      for (const [kind, byNamespace] of counts) {
        for (const [namespace, count] of byNamespace) {
          const isNamespaced = namespace !== '';
          if (!isAskedAbout(webhook, kind, isNamespaced)) continue;
          if (isNamespaced && !selectsNamespace(webhook, namespace, labels.get(namespace) ?? {})) continue;
          found.set(kind, (found.get(kind) ?? 0) + count);
        }
      }
      return found;
    },
    /** The versions of what is restored of a kind that a CRD defines. */
    versionsOf: (kind: string): ReadonlySet<string> => versions.get(kind) ?? new Set(),
  };
};
