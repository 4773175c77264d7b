/** Kinds with which more goes than the object: whatever rule says so, these are not deleted. */
import type { Action, Held } from '../contracts.ts';

/** By group and kind. */
const kinds: Readonly<Record<string, string>> = {
  '/Namespace': 'everything in it would go with it',
  '/Node': 'its pods would go with it',
  '/PersistentVolume': 'the pointer to its disk would be lost; reclaim-released-volumes lets the provisioner remove the disk',
  'apiextensions.k8s.io/CustomResourceDefinition': 'all its custom resources would go with it',
};

/** The kind that a path leads to is told by its plural; what a rule of nightshift.yaml calls it may be mistaken. */
const kindOfPlural: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  nodes: 'Node',
  persistentvolumes: 'PersistentVolume',
  customresourcedefinitions: 'CustomResourceDefinition',
};

export const neverDeleted = ({
  kind,
  object,
  resource,
}: {
  readonly kind: Action['kind'];
  readonly object: Pick<Action['object'], 'apiVersion' | 'kind'>;
  /** The plural. */
  readonly resource: string;
}): Held | undefined => {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const ofPlural = Object.hasOwn(kindOfPlural, resource) ? kindOfPlural[resource] : undefined;
  const [of = ''] = [object.kind, ofPlural].map((each) => `${group}/${each}`).filter((each) => Object.hasOwn(kinds, each));
  const because = kind === 'delete' && Object.hasOwn(kinds, of) ? kinds[of] : undefined;
  return because === undefined
    ? undefined
    : { guard: 'never-deleted', because: `no ${of.slice(of.indexOf('/') + 1)} is ever deleted: ${because}` };
};
