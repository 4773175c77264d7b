/** The embedded example cluster as Velero would back it up. */
import { join } from 'node:path';
import * as kinds from '../../functions/cluster/kinds.ts';
import { type Manifest, manifests } from '../../functions/cluster/manifest-documents.ts';
import { manifestTexts } from '../../functions/cluster/manifest-files.ts';
import type { Read } from '../../functions/scan/contracts.ts';
import type { Planted } from './planted-backup.ts';

export const example = join(import.meta.dirname, '../../functions/cli/example');

type Named = Pick<Read, 'group' | 'resource' | 'kind'>;
const reads = Object.values(kinds).flatMap((each): readonly Named[] => ('resource' in each ? [each] : []));

/** `pods`, `deployments.apps`; a definition is read by no check, but kept by Velero. */
function resourceOf({ apiVersion, kind }: Manifest): string | undefined {
  if (kind === 'CustomResourceDefinition') return 'customresourcedefinitions.apiextensions.k8s.io';
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const read = reads.find((each) => each.kind === kind && each.group === group);
  return read && (group === '' ? read.resource : `${read.resource}.${group}`);
}

const isLeaving = ({ metadata }: Manifest): boolean => metadata !== null && metadata !== undefined && 'deletionTimestamp' in metadata;

/** Its objects, without what is being deleted: Velero leaves it out. */
export async function plantedExample(): Promise<readonly Planted[]> {
  const planted: Planted[] = [];
  for await (const file of manifestTexts(example, process.stdin)) {
    for (const object of manifests(file)) {
      const { metadata } = object;
      const resource = resourceOf(object);
      if (resource === undefined || isLeaving(object) || typeof metadata?.name !== 'string') continue;
      planted.push({ resource, object: { ...object, metadata: { ...metadata, name: metadata.name } } });
    }
  }
  return planted;
}
