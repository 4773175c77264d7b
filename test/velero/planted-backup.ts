/** Small backups, laid out as Velero lays them out: what they hold is planted by a test. */
import { gzipSync } from 'node:zlib';
import { archiveOf, type Entry, twins, version } from './archives.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An object with the plural that it lies under in the archive. */
export interface Planted {
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  readonly object: Fields & { readonly apiVersion: string; readonly kind: string; readonly metadata: Fields & { readonly name: string } };
}

export interface PlantedBackup {
  readonly name?: string;
  readonly spec?: Fields;
  readonly status?: Fields;
  readonly metadata?: Fields;
  readonly objects: readonly Planted[];
  /** Beside those of the objects, or in their place: by the member's path. */
  readonly members?: Readonly<Record<string, string>>;
  /** Of the members but metadata/version, which is the first. */
  readonly reorder?: (members: readonly Entry[]) => readonly Entry[];
  /** By kind (`v1/Pod`): what the backup says that it holds. */
  readonly resourceList?: Readonly<Record<string, readonly string[]>>;
  readonly results?: unknown;
}

export const startedAt = '2026-03-18T09:00:00Z';

/** As defaulted by Velero 1.16 and older, which exclude nothing of themselves. */
const everything = { includedNamespaces: ['*'], ttl: '720h0m0s', storageLocation: 'default' };

/** The files of a backup by key, for a store in memory or a folder. */
export async function plantedBackup(planted: PlantedBackup): Promise<Record<string, Uint8Array | string>> {
  const { name = 'nightly-1', spec = {}, status = {}, metadata = {}, resourceList = {}, results = { errors: {}, warnings: {} } } = planted;
  const folder = `backups/${name}/`;
  const backup = {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name, namespace: 'velero', annotations: { 'velero.io/source-cluster-k8s-gitversion': 'v1.36.3' }, ...metadata },
    spec: { ...everything, ...spec },
    status: {
      version: 1,
      formatVersion: '1.1.0',
      phase: 'Completed',
      startTimestamp: startedAt,
      completionTimestamp: '2026-03-18T09:20:00Z',
      ...status,
    },
  };
  const gzip = (value: unknown): Uint8Array => new Uint8Array(gzipSync(JSON.stringify(value)));
  return {
    [`${folder}velero-backup.json`]: JSON.stringify(backup, null, 2),
    [`${folder}${name}.tar.gz`]: await tarball(planted),
    [`${folder}${name}-resource-list.json.gz`]: gzip(resourceList),
    [`${folder}${name}-results.gz`]: gzip(results),
  };
}

/** Each object twice, as Velero writes it. */
async function tarball({ objects, members = {}, reorder = (entries) => entries }: PlantedBackup): Promise<Uint8Array> {
  const own = objects.flatMap(({ resource, object }) => {
    const { namespace } = object.metadata;
    return twins(resource, typeof namespace === 'string' ? `namespaces/${namespace}` : 'cluster', object);
  });
  const replaced = new Map(
    [...own, ...Object.entries(members).map(([name, content]): Entry => ({ name, content }))].map((each) => [each.name, each]),
  );
  return new Uint8Array(await archiveOf([{ ...version, mtime: new Date(startedAt) }, ...reorder([...replaced.values()])]));
}
