import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ClusterError } from '../../../functions/cluster/cluster-error.ts';
import { openBackup, openBackupIn } from '../../../functions/velero/source/source-backup.ts';
import type { ObjectStore } from '../../../functions/velero/store/object-store.ts';
import { endOf, scanned, signal } from '../backups-as-sources.ts';
import { memoryObjectStore } from '../memory-object-store.ts';
import { plantedBackup } from '../planted-backup.ts';

const bucket = join(import.meta.dirname, '../bucket');

const clusterErrorOf = async (work: Promise<unknown>): Promise<ClusterError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof ClusterError, String(error));
  return error;
};

describe('which backup', () => {
  const of = async (name: string, day: number, status: object = {}, drop?: string) => {
    const files = await plantedBackup({ name, objects: [], status: { startTimestamp: `2026-03-${day}T01:00:00Z`, ...status } });
    return Object.fromEntries(Object.entries(files).filter(([key]) => drop === undefined || !key.endsWith(drop)));
  };
  let store: ObjectStore;
  before(async () => {
    store = memoryObjectStore({
      ...(await of('good', 10)),
      ...(await of('partial', 11, { phase: 'PartiallyFailed', errors: 1 })),
      ...(await of('failed', 12, { phase: 'Failed' })),
      ...(await of('running', 13, { phase: 'Finalizing' })),
      ...(await of('bare', 14, {}, '.tar.gz')),
      ...(await of('debris', 15, {}, 'velero-backup.json')),
    });
  });
  const open = (name?: string) => openBackupIn(store, { name, signal });

  test('the newest that would restore; those that are passed over are told', async () => {
    const told: string[] = [];
    const source = await openBackupIn(store, { signal, onChosen: (message) => told.push(message) });
    assert.match(source.name, /#partial of 2026-03-11 01:00 UTC$/);
    assert.match(told.join(), /, PartiallyFailed; newer, but not usable: \w+ \(.+\) and \d more$/);
  });
  test('a named one, and only its own file is read', async () => {
    const files = { ...(await of('good', 10)), ...(await of('other', 11)) };
    const own = memoryObjectStore(files);
    assert.match((await openBackupIn(own, { name: 'good', signal })).name, /#good /);
    assert.deepEqual(
      own.requests.filter((request) => request.startsWith('read')),
      ['read backups/good/velero-backup.json'],
    );
  });
  test('one that is not there, or not usable, is a mistake with a way out', async () => {
    for (const [name, pattern] of [
      ['nope', /^there is no backup nope in s3:\/\/backups$/],
      ['failed', /^the backup failed is not usable: Velero says Failed$/],
      ['running', /Velero says Finalizing$/],
      ['bare', /it has no tarball$/],
      ['debris', /it has no velero-backup.json$/],
    ] as const) {
      const { kind, message, remedy } = await clusterErrorOf(open(name));
      assert.equal(kind, 'configuration');
      assert.match(message, pattern);
      assert.match(remedy, /backup-verification/);
    }
  });
  test('none at all is a state', async () => {
    const empty = await clusterErrorOf(openBackupIn(memoryObjectStore({}), { signal }));
    assert.deepEqual([empty.kind, empty.message], ['not-found', 'there is no backup in s3://backups']);
    const failed = await clusterErrorOf(openBackupIn(memoryObjectStore(await of('failed', 12, { phase: 'Failed' })), { signal }));
    assert.match(failed.message, /^none of the 1 backups in s3:\/\/backups is usable; the newest, failed: Velero says Failed$/);
  });
});

describe('on disk', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nightshift-backup-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  test('a tarball alone: its clock is in it, what it holds is looked at, and what it does not hold is not known', async () => {
    const tarball = join(directory, 'shop-1-data.tar.gz');
    await copyFile(join(bucket, 'backups/shop-1/shop-1.tar.gz'), tarball);
    const source = await openBackup({ place: tarball }, { signal });
    assert.equal(new Date(source.now).toISOString(), '2026-11-23T19:41:18.000Z');
    const result = await scanned(source);
    assert.equal(endOf(result, 'deployment-unavailable'), 'ran 1');
    assert.match(
      endOf(result, 'statefulset-unavailable'),
      /^not-run 0 the backup holds no statefulsets.apps; a tarball alone does not say/,
    );
    assert.equal(endOf(result, 'service-without-endpoints'), 'not-run 0 a tarball alone does not say what was left out of it');
    assert.deepEqual(result.out, []);
  });
  test('one that is no gzip is damaged, not empty', async () => {
    const tarball = join(directory, 'broken.tar.gz');
    await writeFile(tarball, 'not a tarball at all, and longer than a header');
    const result = await scanned(await openBackup({ place: tarball }, { signal }));
    assert.match(endOf(result, 'deployment-unavailable'), /^incomplete 0 deployments.apps in the backup broken: its archive is damaged/);
  });
  test('a folder of one backup', async () => {
    const source = await openBackup({ place: join(bucket, 'backups/shop-1') }, { signal });
    assert.match(source.name, /shop-1#shop-1 of /);
    assert.deepEqual(source.namespaces, ['shop']);
  });
  test('no such place', async () => {
    await assert.rejects(openBackup({ place: join(directory, 'nowhere') }, { signal }), { name: 'PlaceError' });
  });
});
