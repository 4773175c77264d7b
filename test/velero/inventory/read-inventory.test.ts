import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readInventory } from '../../../functions/velero/inventory/read-inventory.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { bucketFiles, memoryObjectStore } from '../memory-object-store.ts';

const { signal } = new AbortController();
const failing = (reason: ConstructorParameters<typeof StoreError>[0], message: string) => () => new StoreError(reason, message, 'do this');

/** As it lies in the state. */
const asWritten = (known: unknown): { backups: Record<string, unknown>; specs: unknown[] } => JSON.parse(JSON.stringify(known));

const backupJson = (name: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    kind: 'Backup',
    apiVersion: 'velero.io/v1',
    metadata: { name, namespace: 'velero', labels: { 'velero.io/schedule-name': 'nightly' } },
    spec: { includedNamespaces: ['*'], storageLocation: 'default', ttl: '720h0m0s' },
    status: { phase: 'Completed', formatVersion: '1.1.0', startTimestamp: '2026-11-24T03:00:00Z', ...more },
  });
const filesOf = (name: string, json = backupJson(name)): Record<string, Uint8Array | string> => ({
  [`backups/${name}/velero-backup.json`]: json,
  [`backups/${name}/${name}.tar.gz`]: gzipSync(''),
});
const many = (count: number) =>
  Object.assign({}, ...Array.from({ length: count }, (_, index) => filesOf(`nightly-${String(index).padStart(5, '0')}`)));

test('the genuine bucket: two backups, newest first, with all their files', async () => {
  const store = memoryObjectStore(bucketFiles(), { lastModified: Date.parse('2026-11-23T19:42:00Z') });
  const { backups, topFolders } = await readInventory(store, { known: undefined, signal });
  assert.deepEqual(topFolders, ['backups']);
  assert.deepEqual(
    backups.map(({ name, metadata, trouble, strangers }) => [name, metadata?.phase, trouble, strangers.length]),
    [
      ['full-1', 'Completed', undefined, 0],
      ['shop-1', 'Completed', undefined, 0],
    ],
  );
  assert.deepEqual(Object.keys(backups[0]?.files ?? {}).toSorted(), [
    'contents',
    'itemOperations',
    'logs',
    'metadata',
    'podVolumeBackups',
    'resourceList',
    'results',
    'volumeInfo',
    'volumeSnapshots',
  ]);
  assert.equal(
    backups[0]?.bytes,
    store.objects.filter(({ key }) => key.startsWith('backups/full-1/')).reduce((sum, { size }) => sum + size, 0),
  );
});

test('requests at the floor: a page for 1,000 keys, a get for each changed backup, one for the top', async () => {
  const files = many(1200);
  const first = memoryObjectStore(files);
  const { known, backups } = await readInventory(first, { known: undefined, signal });
  assert.equal(backups.length, 1200);
  assert.equal(first.requests.length, 3 + 1 + 1200);
  const changed = {
    ...files,
    ...filesOf('nightly-00007', backupJson('nightly-00007', { errors: 2, phase: 'PartiallyFailed' })),
    ...filesOf('new'),
  };
  const second = memoryObjectStore(changed);
  // What lies in the state was JSON meanwhile.
  const again = await readInventory(second, { known: asWritten(known), signal });
  assert.equal(second.requests.length, 3 + 1 + 2);
  assert.deepEqual(
    second.requests.filter((request) => request.startsWith('read')),
    ['read backups/new/velero-backup.json', 'read backups/nightly-00007/velero-backup.json'],
  );
  assert.equal(again.backups.find(({ name }) => name === 'nightly-00007')?.metadata?.errors, 2);
  const [before, after] = [backups, again.backups].map((all) => all.find(({ name }) => name === 'nightly-00008')?.metadata);
  assert.deepEqual(after, before);
  assert.equal(Object.keys(asWritten(again.known).backups).length, 1201);
});

test('backups of one schedule share their specification, in memory and in the state', async () => {
  const { backups, known } = await readInventory(memoryObjectStore(many(3)), { known: undefined, signal });
  assert.equal(backups[0]?.metadata?.spec, backups[2]?.metadata?.spec);
  assert.equal(asWritten(known).specs.length, 1);
});

test('a state of another version, or none of ours, is as if there were none', async () => {
  for (const known of [
    null,
    'x',
    [],
    {},
    { version: 2, specs: [], labels: [], backups: {} },
    { version: 1, specs: [], labels: [], backups: { a: 1 } },
  ]) {
    const store = memoryObjectStore(many(2));
    const { backups } = await readInventory(store, { known, signal });
    assert.deepEqual([backups.length, store.requests.filter((request) => request.startsWith('read')).length], [2, 2]);
  }
});

test('what goes wrong with one backup is its trouble: unknown, or damaged; the others are as they are', async () => {
  const key = (name: string) => `backups/${name}/velero-backup.json`;
  const store = memoryObjectStore(
    {
      ...filesOf('good'),
      ...filesOf('gone'),
      ...filesOf('denied'),
      ...filesOf('cut', '{"kind":"Backup"'),
      ...filesOf('newer', backupJson('newer', { formatVersion: '2.0.0' })),
    },
    { faults: { [key('gone')]: failing('missing', 'no such key'), [key('denied')]: failing('denied', 'access denied to it') } },
  );
  const { backups, known } = await readInventory(store, { known: undefined, signal });
  const told = Object.fromEntries(
    backups.map(({ name, trouble, metadata }) => [name, [metadata !== undefined, trouble?.unknown, trouble?.message]]),
  );
  assert.deepEqual(told, {
    good: [true, undefined, undefined],
    gone: [false, true, 'backups/gone/velero-backup.json was listed, and gone when it was read'],
    denied: [false, true, 'backups/denied/velero-backup.json: access denied to it'],
    cut: [false, false, 'velero-backup.json is no JSON (16 bytes)'],
    newer: [false, true, 'velero-backup.json says format version 2.0.0, newer than the 1.x that is known'],
  });
  // Trouble is looked at anew the next time.
  assert.deepEqual(Object.keys(asWritten(known).backups), ['good']);
});

test('each reason for which a key cannot be had is unknown, never damage', async () => {
  for (const reason of [
    'denied',
    'key',
    'customer-key',
    'archived',
    'throttled',
    'budget',
    'changed',
    'too-large',
    'unreachable',
    'location',
  ] as const) {
    const store = memoryObjectStore(filesOf('b'), { faults: { 'backups/b/velero-backup.json': failing(reason, reason) } });
    const { backups } = await readInventory(store, { known: undefined, signal });
    assert.deepEqual([backups[0]?.trouble?.unknown, backups[0]?.trouble?.remedy, backups[0]?.metadata], [true, 'do this', undefined]);
  }
});

test('a listing that fails is thrown on, at its first page and at its second, and so is one of the top', async () => {
  const denied = { reason: 'denied', name: 'StoreError' };
  const list = (faults: Readonly<Record<string, (attempt: number) => Error | undefined>>) =>
    readInventory(memoryObjectStore(many(10), { pageSize: 5, faults }), { known: undefined, signal });
  const deny = failing('denied', 'no');
  await assert.rejects(list({ 'backups/': deny }), denied);
  await assert.rejects(list({ 'backups/': (attempt) => (attempt === 3 ? deny() : undefined) }), denied);
  await assert.rejects(list({ '': deny }), denied);
});

test('an error that is none of the store’s is thrown on: nothing is unknown because of a bug', async () => {
  const store = memoryObjectStore(filesOf('b'), { faults: { 'backups/b/velero-backup.json': () => new TypeError('a bug') } });
  await assert.rejects(readInventory(store, { known: undefined, signal }), TypeError);
});

test('a time that is spent between listing and reading makes the rest unknown', async () => {
  const aborting = new AbortController();
  const spend = () => void aborting.abort();
  const store = memoryObjectStore(many(40), { faults: { 'backups/nightly-00003/velero-backup.json': () => spend() as undefined } });
  const { backups } = await readInventory(store, { known: undefined, signal: aborting.signal });
  assert.equal(backups.length, 40);
  assert.ok(backups.some(({ metadata }) => metadata) && backups.some(({ trouble }) => trouble?.unknown));
  assert.ok(backups.every(({ metadata, trouble }) => (metadata === undefined) !== (trouble === undefined)));
});

test('folders without velero-backup.json, strangers, folder markers and loose files', async () => {
  const store = memoryObjectStore({
    ...filesOf('good'),
    'backups/debris/debris.tar.gz': 'x',
    'backups/good/notes.txt': 'hello',
    'backups/empty/': '',
    'backups/loose.txt': 'x',
    'kopia/shop/kopia.repository': '{}',
    'ours/': '',
    'README.md': 'objects at the top are allowed',
  });
  const { backups, topFolders } = await readInventory(store, { known: undefined, signal });
  assert.deepEqual(topFolders, ['backups', 'kopia', 'ours']);
  const debris = backups.find(({ name }) => name === 'debris');
  assert.deepEqual([debris?.metadata, debris?.trouble, debris?.files.contents?.size], [undefined, undefined, 1]);
  assert.deepEqual(backups.map(({ name, strangers }) => [name, strangers.map(({ key }) => key)]).toSorted(), [
    ['debris', []],
    ['good', ['backups/good/notes.txt']],
  ]);
});

test('an empty location is no error', async () => {
  const { backups, topFolders } = await readInventory(memoryObjectStore({}), { known: undefined, signal });
  assert.deepEqual([backups, topFolders], [[], []]);
});
