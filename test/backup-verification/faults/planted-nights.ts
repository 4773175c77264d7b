/** Backups of two nights, made of the genuine shop-1: its spec, its four objects and its files, beside what a test lays over them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type BackupFileKind, backupFileKinds, backupKey } from '../../../functions/velero/layout.ts';
import { type Entry, entriesOf, genuine, tarOf, twins, version } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { archived, type Manifest } from '../archive-of.ts';
import { hour, now } from '../sample-location.ts';
import type { Files, PlayedObject } from './played-objects.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The newest, of this night, and the one before. */
export const newest = 'nightly-20261124010000';
export const older = 'nightly-20261123010000';
const hoursAgo: Readonly<Record<string, number>> = { [newest]: 4.5, [older]: 28.5 };

export interface Night {
  readonly name?: string;
  readonly hoursAgo?: number;
  /** Null: made by hand. */
  readonly schedule?: string | null;
  /** Beside the genuine ones. */
  readonly objects?: readonly Manifest[];
  /** Of all objects, those that the archive lacks though they are listed: `Kind ns/name`. */
  readonly lost?: readonly string[];
  /** Objects that are listed nowhere. */
  readonly unlisted?: readonly Manifest[];
  readonly metadata?: Fields;
  readonly spec?: Fields;
  readonly status?: Fields;
  /** What is in the files beside the archive (packed here); bytes as they are; null: it is not there. */
  readonly files?: Readonly<Partial<Record<BackupFileKind, unknown>>>;
  /** What becomes of the archive's members. */
  readonly members?: (members: Entry[]) => Entry[] | Promise<Entry[]>;
  /** And of the whole of it, packed. */
  readonly packed?: (packed: Buffer) => Uint8Array;
  /** In hours before now, by file, where it was not written when the backup was completed. */
  readonly written?: Readonly<Partial<Record<BackupFileKind, number>>>;
  readonly storageClass?: Readonly<Partial<Record<BackupFileKind, string>>>;
}

const shop = JSON.parse(readFileSync(join(import.meta.dirname, '../../velero/bucket/backups/shop-1/velero-backup.json'), 'utf8'));
const members = await entriesOf(genuine('shop-1'));
const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z/, 'Z');

const nameOf = ({ metadata: { namespace, name } }: Manifest): string => (namespace === undefined ? name : `${namespace}/${name}`);
export const called = (object: Manifest): string => `${object.kind} ${nameOf(object)}`;

/** The genuine objects of shop-1. */
export const shopObjects: readonly Manifest[] = members.flatMap(({ name, content = '' }) =>
  name.startsWith('resources/') && !name.includes('-preferredversion/') ? [JSON.parse(content.toString())] : [],
);

/** All files of one backup by key. */
export async function nightOf(night: Night = {}): Promise<Files> {
  const { name = newest, schedule = 'nightly', files = {}, written = {}, storageClass = {} } = night;
  const began = now - (night.hoursAgo ?? hoursAgo[name] ?? 4.5) * hour;
  const objects = [...shopObjects, ...(night.objects ?? [])];
  const [listed, stored] = [objects, [...objects, ...(night.unlisted ?? [])].filter((each) => !night.lost?.includes(called(each)))];
  const contents: Readonly<Record<string, unknown>> = {
    metadata: backupJson(night, { name, schedule, began, items: listed.length }),
    contents: await archive(night, stored, began),
    resourceList: resourceList(listed),
    results: { errors: {}, warnings: {} },
    podVolumeBackups: null,
    volumeSnapshots: null,
    itemOperations: [],
    volumeInfo: [],
    logs: Buffer.from(gzipSync(`time="${iso(began)}" level=info msg="Setting up backup temp file"\n`)),
    ...files,
  };
  return Object.fromEntries(
    backupFileKinds.flatMap((kind): [string, PlayedObject][] => {
      if (!(kind in contents) || (kind in files && files[kind] === null)) return [];
      const content = contents[kind];
      const body = content instanceof Uint8Array ? content : new Uint8Array(gzipSync(`${JSON.stringify(content)}\n`));
      const at = written[kind] === undefined ? began + 60_000 : now - written[kind] * hour;
      const stored = storageClass[kind];
      return [[backupKey(name, kind), { body, lastModified: at, ...(stored !== undefined && { storageClass: stored }) }]];
    }),
  );
}

interface Named {
  readonly name: string;
  readonly schedule: string | null;
  readonly began: number;
  readonly items: number;
}

function backupJson({ metadata = {}, spec = {}, status = {} }: Night, { name, schedule, began, items }: Named): Uint8Array {
  const { managedFields: _fields, ...own } = shop.metadata;
  const labels = { ...own.labels, ...(schedule !== null && { 'velero.io/schedule-name': schedule }) };
  const backup = {
    ...shop,
    metadata: { ...own, name, labels, ...metadata },
    spec: { ...shop.spec, ...spec },
    status: {
      ...shop.status,
      startTimestamp: iso(began),
      completionTimestamp: iso(began + 60_000),
      expiration: iso(began + 720 * hour),
      progress: { totalItems: items, itemsBackedUp: items },
      ...status,
    },
  };
  return Buffer.from(JSON.stringify(backup, undefined, 2));
}

const resourceOf = (object: Manifest): string => {
  const { resource, group } = archived(object);
  return group ? `${resource}.${group}` : resource;
};

/** The members of an object, as Velero writes them. */
export const membersOf = (object: Manifest): Entry[] =>
  twins(resourceOf(object), object.metadata.namespace === undefined ? 'cluster' : `namespaces/${object.metadata.namespace}`, object);

async function archive({ members: change, packed }: Night, objects: readonly Manifest[], began: number): Promise<Uint8Array> {
  const own = [version, ...objects.flatMap(membersOf)];
  const changed = (await change?.(own)) ?? own;
  const tar = await tarOf(changed.map((each) => ({ mtime: new Date(began), ...each })));
  const whole = gzipSync(tar);
  return packed ? packed(whole) : new Uint8Array(whole);
}

function resourceList(objects: readonly Manifest[]): Readonly<Record<string, readonly string[]>> {
  const byKind = Map.groupBy(objects, ({ apiVersion, kind }) => `${apiVersion}/${kind}`);
  return Object.fromEntries([...byKind].map(([kind, own]) => [kind, own.map(nameOf).toSorted()]));
}

/** Both nights; the older is sound. */
export const nights = async (last: Night = {}, before: Night = {}): Promise<Files> => ({
  ...(await nightOf({ name: older, ...before })),
  ...(await nightOf(last)),
});

/** Of the tar inside: taken out, changed, packed again. */
export const repacked =
  (change: (tar: Buffer) => Uint8Array) =>
  (packed: Buffer): Uint8Array =>
    new Uint8Array(gzipSync(change(gunzipSync(packed))));

/** The genuine backups, written when they were made. */
export const genuineFiles = (): Record<string, PlayedObject> =>
  Object.fromEntries(
    Object.entries(bucketFiles()).map(([key, body]) => [
      key,
      { body, lastModified: Date.parse(key.includes('full-1') ? '2026-11-23T19:43:16Z' : '2026-11-23T19:41:18Z') },
    ]),
  );

/** Files as they lie in a bucket beside backups: repositories, or what nobody wants. */
export const beside = (files: Readonly<Record<string, Uint8Array | string>>): Files =>
  Object.fromEntries(
    Object.entries(files).map(([key, body]) => [
      key,
      { body: typeof body === 'string' ? Buffer.from(body) : body, lastModified: now - 4.4 * hour },
    ]),
  );
