import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ObjectStore, type StoredObject, StoreError } from '../../../functions/velero/store/object-store.ts';
import { type KopiaRepository, type ResticRepository, readRepository } from '../../../functions/velero/volumes/read-repositories.ts';
import { repositoryFiles, snapshotIds } from '../../backup-verification/volume-records.ts';
import { memoryObjectStore } from '../memory-object-store.ts';

const { signal } = new AbortController();
const kopia = async (store: ObjectStore, namespace = 'shop'): Promise<KopiaRepository> => {
  const repository = await readRepository(store, { type: 'kopia', namespace }, signal);
  assert.ok(repository.type === 'kopia');
  return repository;
};
const restic = async (store: ObjectStore): Promise<ResticRepository> => {
  const repository = await readRepository(store, { type: 'restic', namespace: 'legacy' }, signal);
  assert.ok(repository.type === 'restic');
  return repository;
};

test('a genuine kopia repository of Velero 1.18: its parts by their names, its two files say one id', async () => {
  const store = memoryObjectStore(repositoryFiles, { lastModified: 1000 });
  const { format, initialised, ...facts } = await kopia(store);
  assert.equal(format.state, 'read');
  assert.deepEqual(initialised, format);
  const { packs, metadataPacks, indexes, objects, hasBlobSettings, newestWrite, empty, archived } = facts;
  assert.deepEqual(
    { packs, metadataPacks, indexes, hasBlobSettings, newestWrite },
    {
      packs: 1,
      metadataPacks: 3,
      indexes: 3,
      hasBlobSettings: true,
      newestWrite: 1000,
    },
  );
  assert.equal(objects, Object.keys(repositoryFiles).filter((key) => key.startsWith('kopia/')).length);
  assert.deepEqual([empty.count, archived.count], [0, 0]);
  // One page, and the two files that are no secret.
  assert.deepEqual(store.requests.length, 3);
});

test('a genuine restic repository: config, keys, indexes, packs, and the snapshot by its name', async () => {
  const { hasConfig, keys, indexes, packs, snapshots, empty } = await restic(memoryObjectStore(repositoryFiles));
  assert.deepEqual({ hasConfig, keys, indexes, packs, empty: empty.count }, { hasConfig: true, keys: 1, indexes: 1, packs: 2, empty: 0 });
  assert.deepEqual(
    snapshots.map((name) => name.slice(0, 8)),
    [snapshotIds.restic],
  );
});

test('a repository that is not there has no objects; a namespace whose name begins alike is another', async () => {
  const store = memoryObjectStore(repositoryFiles);
  assert.equal((await kopia(store, 'sho')).objects, 0);
  assert.equal((await kopia(store, 'shop-2')).objects, 0);
});

test('it is listed once for each store, however many backups ask', async () => {
  const store = memoryObjectStore(repositoryFiles);
  await Promise.all([kopia(store), kopia(store)]);
  await kopia(store);
  assert.equal(store.requests.filter((request) => request === 'list kopia/shop/').length, 1);
});

test('indexes of every age count, and nothing else does', async () => {
  const hex = '0123456789abcdef'.repeat(2);
  const files = Object.fromEntries(
    [
      `n${hex}`,
      `xn0_${hex}-s1-c1`,
      `xs2_${hex}-c1`,
      `xr0_5_${hex}-c2`,
      `xe3`,
      `xw1795528384`,
      `m${hex}`,
      `s${hex}`,
      `_log_1`,
      '.storageconfig',
    ].map((name) => [`kopia/shop/${name}`, 'x']),
  );
  const { indexes, objects, packs, metadataPacks } = await kopia(memoryObjectStore(files));
  assert.deepEqual({ indexes, objects, packs, metadataPacks }, { indexes: 4, objects: 10, packs: 0, metadataPacks: 0 });
});

test('objects without bytes are counted where it matters, the first few by key; markers are none', async () => {
  const hex = (index: number) => index.toString(16).padStart(32, '0');
  const files = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`kopia/shop/p${hex(index)}-s1`, '']));
  const { empty } = await kopia(memoryObjectStore({ ...files, 'kopia/shop/xe1': '', 'kopia/shop/_log_1': '' }));
  assert.deepEqual([empty.count, empty.keys.length], [9, 5]);
});

test('what is archived is told by its storage class: Glacier Instant Retrieval is read like any other', async () => {
  const [pack = '', other = ''] = Object.keys(repositoryFiles).filter((key) => /kopia\/shop\/[pq]/.test(key));
  const { archived } = await kopia(memoryObjectStore(repositoryFiles, { storageClass: { [pack]: 'DEEP_ARCHIVE', [other]: 'GLACIER_IR' } }));
  assert.deepEqual(archived, { count: 1, keys: [pack] });
});

test('files that say nothing sensible are damaged; those that cannot be had are unknown', async () => {
  const key = 'kopia/shop/kopia.repository';
  const formatOf = async (store: ObjectStore) => (await kopia(store)).format;
  const damaged = async (content: string) => {
    const format = await formatOf(memoryObjectStore({ ...repositoryFiles, [key]: content }));
    assert.ok(format.state === 'damaged');
    return format.message;
  };
  assert.match(await damaged('{"uniqueID":'), /kopia\.repository is not JSON \(12 characters\)/);
  assert.match(await damaged('[]'), /has no uniqueID/);
  assert.match(await damaged(''), /not JSON/);
  assert.match(await damaged('x'.repeat(100_000)), /has 100000 bytes/);
  const denied = new StoreError('denied', `${key} is denied`, 'allow it');
  assert.deepEqual(await formatOf(memoryObjectStore(repositoryFiles, { faults: { [key]: () => denied } })), {
    state: 'unknown',
    message: `${key} is denied`,
    remedy: 'allow it',
  });
  const gone = new StoreError('missing', 'gone', '');
  assert.equal((await formatOf(memoryObjectStore(repositoryFiles, { faults: { [key]: () => gone } }))).state, 'absent');
});

test('a listing that fails is thrown: nothing is known then', async () => {
  const faults = { 'kopia/shop/': () => new StoreError('denied', 'denied', 'allow it') };
  await assert.rejects(kopia(memoryObjectStore(repositoryFiles, { faults })), { reason: 'denied' });
});

test('500,000 blobs take no more memory than a page', { timeout: 60_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const page = (at: number): readonly StoredObject[] =>
    Array.from({ length: 1000 }, (_, index) => ({
      key: `kopia/shop/p${(at * 1000 + index).toString(16).padStart(32, '0')}-s8adc9112792ca190147`,
      size: 20_000_000,
      etag: `etag-${at}-${index}`,
      lastModified: 1000,
    }));
  const before = used();
  let most = before;
  const store: ObjectStore = {
    ...memoryObjectStore({}),
    async *list() {
      for (let at = 0; at < 500; at++) {
        yield page(at);
        if (at % 100 === 99) most = Math.max(most, used());
      }
    },
  };
  const { packs, bytes } = await kopia(store);
  assert.deepEqual([packs, bytes], [500_000, 500_000 * 20_000_000]);
  // A text of each key alone would be 40 MB.
  assert.ok(most - before < 8_000_000, `${most - before} bytes more`);
});
