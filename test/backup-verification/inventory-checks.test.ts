/** All checks of the inventory together: on the genuine bucket, and on one of 10,000 backups. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { NotApplicable } from '../../functions/scan/contracts.ts';
import { readInventory } from '../../functions/velero/inventory/read-inventory.ts';
import { bucketFiles, memoryObjectStore } from '../velero/memory-object-store.ts';
import { clusterOf, factsOf, type LookedAt, lookAt, noClusterAtAll } from './look-at.ts';
import { backupOf, hour, now } from './sample-location.ts';

const folder = join(import.meta.dirname, '../../functions/backup-verification/checks');
const { signal } = new AbortController();

const isCheck = (value: unknown): value is OperationCheck => typeof value === 'object' && value !== null && 'level' in value;

/** Those that need nothing but what an inventory has. */
const inventoryChecks = async (): Promise<readonly OperationCheck[]> => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts') && name !== 'index.ts');
  const checks = await Promise.all(files.map(async (name): Promise<unknown> => (await import(join(folder, name))).default));
  return checks.filter(isCheck).filter((check) => check.level === 'inventory' && 'look' in check);
};

const all = async (location: Parameters<typeof lookAt>[1], clock: number): Promise<ReadonlyMap<string, LookedAt>> => {
  const said = new Map<string, LookedAt>();
  for (const check of await inventoryChecks())
    try {
      said.set(check.id, await lookAt(check, location, { clock }));
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error;
    }
  return said;
};

test('the genuine bucket at its own time: nothing is said, but that all is there', async () => {
  const completed = Date.parse('2026-11-23T19:45:00Z');
  const store = memoryObjectStore(bucketFiles(), { lastModified: completed, location: '/genuine' });
  const { backups, topFolders } = await readInventory(store, { known: undefined, signal });
  const said = await all(factsOf(backups, { store, topFolders, name: store.location, cluster: noClusterAtAll }), completed + 5 * 60_000);
  for (const id of ['backup-files', 'backup-phase', 'backup-debris', 'schedule-failing', 'schedule-overdue']) assert.ok(said.has(id), id);
  for (const [id, { alarms, unknowns }] of said) assert.deepEqual([id, alarms, unknowns], [id, [], []]);
  assert.deepEqual(said.get('backup-files')?.rows.toSorted(), [
    'full-1 ok: its tarball and the files beside it are there, and none is empty',
    'shop-1 ok: its tarball and the files beside it are there, and none is empty',
  ]);
});

test('10,000 backups of an hourly schedule that runs as it should: nothing is said, and soon', async () => {
  const backups = Array.from({ length: 10_000 }, (_, index) => {
    const expiration = new Date(now + (10_000 - index) * hour).toISOString();
    return backupOf(`hourly-${index}`, 0.4 + index, { schedule: 'hourly', expiration });
  });
  const cluster = clusterOf({
    schedules: [{ metadata: { name: 'hourly', namespace: 'velero' }, spec: { schedule: '5 * * * *' }, status: { phase: 'Enabled' } }],
    backups: backups.map(({ name }) => ({
      metadata: { name, namespace: 'velero' },
      spec: { storageLocation: 'default' },
      status: { phase: 'Completed' },
    })),
  });
  const location = factsOf(backups, { cluster });
  const started = performance.now();
  const said = await all(location, now);
  assert.ok(performance.now() - started < 5000, `${performance.now() - started} ms`);
  for (const [id, { alarms }] of said) if (id !== 'backup-files') assert.deepEqual([id, alarms], [id, []]);
  // The samples have a tarball and metadata alone: one finding, and a row for each of the others.
  const files = said.get('backup-files');
  assert.deepEqual([files?.alarms.length, files?.rows.length], [1, 10_000]);
});
