/** A cluster in memory, as undo asks it. */
import { absent } from '../../../functions/actions/contracts.ts';
import type { Fields, Live } from '../../../functions/actions/undo/contracts.ts';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export const namespaceNamed = (name: string, more: object = {}): Named => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, uid: `uid-${name}` },
  ...more,
});

/** These objects and the namespace `shop`; asking for what `broken` says throws. */
export const liveWith = (
  objects: readonly Named[] = [],
  broken: (kind: string, name: string) => boolean = () => false,
): Live & { readonly asked: string[] } => {
  const asked: string[] = [];
  return {
    asked,
    get: async (apiVersion, kind, namespace, name) => {
      asked.push(`${kind} ${name}`);
      if (broken(kind, name)) throw new Error('the server is busy');
      return (
        [namespaceNamed('shop'), ...objects].find(
          (each) =>
            each.apiVersion === apiVersion &&
            each.kind === kind &&
            each.metadata.name === name &&
            (each.metadata.namespace === undefined || each.metadata.namespace === namespace),
        ) ?? absent
      );
    },
  };
};

/** An object as a journal has it, with all that servers set. */
export const journaled = (apiVersion: string, kind: string, name: string, more: Fields = {}, metadata: Fields = {}): Named => ({
  apiVersion,
  kind,
  ...more,
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: '42',
    generation: 3,
    creationTimestamp: '2026-11-20T08:00:00Z',
    selfLink: '/somewhere',
    generateName: 'prefix-',
    ...metadata,
  },
});

/** No function may write to what it is given. */
export const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) for (const each of Object.values(Object.freeze(value))) frozen(each);
  return value;
};
