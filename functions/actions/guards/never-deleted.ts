/** Kinds with which more goes than the object: whatever rule says so, these are not deleted. */
import type { Action, Held } from '../contracts.ts';

const kinds: Readonly<Record<string, string>> = {
  '/Namespace': 'everything in it would go with it',
  '/Node': 'its pods would go with it',
  '/PersistentVolume': 'the pointer to its disk would be lost; reclaim-released-volumes lets the provisioner remove the disk',
  'apiextensions.k8s.io/CustomResourceDefinition': 'all its custom resources would go with it',
};

export const neverDeleted = ({
  kind,
  object,
}: {
  kind: Action['kind'];
  object: Pick<Action['object'], 'apiVersion' | 'kind'>;
}): Held | undefined => {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const of = `${group}/${object.kind}`;
  const because = kind === 'delete' && Object.hasOwn(kinds, of) ? kinds[of] : undefined;
  return because === undefined ? undefined : { guard: 'never-deleted', because: `no ${object.kind} is ever deleted: ${because}` };
};
