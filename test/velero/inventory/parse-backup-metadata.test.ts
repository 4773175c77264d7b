import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseBackupMetadata } from '../../../functions/velero/inventory/parse-backup-metadata.ts';
import fc from '../../fuzz.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const genuine = (name: string): Uint8Array => readFileSync(join(import.meta.dirname, `../bucket/backups/${name}/velero-backup.json`));

const metadataOf = (value: unknown) => {
  const parsed = parseBackupMetadata(bytes(value));
  assert.ok('metadata' in parsed, JSON.stringify(parsed));
  return parsed.metadata;
};
const troubleOf = (content: Uint8Array) => {
  const parsed = parseBackupMetadata(content);
  assert.ok('trouble' in parsed);
  return parsed.trouble;
};
const smallest = { kind: 'Backup', apiVersion: 'velero.io/v1', metadata: { name: 'b' } };

test('a genuine backup is read as Velero wrote it', () => {
  const parsed = parseBackupMetadata(genuine('shop-1'));
  assert.ok('metadata' in parsed);
  const { spec, ...metadata } = parsed.metadata;
  assert.deepEqual(metadata, {
    name: 'shop-1',
    namespace: 'velero',
    uid: 'db14cb80-0dbb-4d9e-ac23-9c774121c4a5',
    labels: { environment: 'production', team: 'backend', 'velero.io/storage-location': 'default' },
    kubernetesVersion: 'v1.36.3',
    phase: 'Completed',
    formatVersion: '1.1.0',
    startTimestamp: '2026-11-23T19:41:17Z',
    completionTimestamp: '2026-11-23T19:41:18Z',
    expiration: '2026-12-23T19:41:17Z',
    errors: 0,
    warnings: 0,
    itemsBackedUp: 4,
    totalItems: 4,
    operationsAttempted: 0,
    operationsCompleted: 0,
    operationsFailed: 0,
    volumeSnapshotsAttempted: 0,
    volumeSnapshotsCompleted: 0,
    csiVolumeSnapshotsAttempted: 0,
    csiVolumeSnapshotsCompleted: 0,
    hooksAttempted: 0,
    hooksFailed: 0,
    validationErrors: [],
  });
  assert.deepEqual(
    [spec.includedNamespaces, spec.ttl, spec.itemOperationTimeout, spec.snapshotMoveData, spec.labelSelector],
    [['shop'], '720h0m0s', '4h0m0s', false, undefined],
  );
});

test('what is absent, null or of an odd type is none: every counter of a status is omitempty', () => {
  const bare = metadataOf(smallest);
  assert.deepEqual([bare.phase, bare.errors, bare.labels, bare.spec.includedNamespaces, bare.formatVersion], ['', 0, {}, [], undefined]);
  const odd = metadataOf({
    ...smallest,
    metadata: { name: 'b', labels: { a: 1, b: 'two' }, annotations: null },
    spec: { includedNamespaces: null, excludedNamespaces: ['a', 3], labelSelector: { matchLabels: null }, orLabelSelectors: [null, {}] },
    status: { errors: '3', warnings: null, hookStatus: [], progress: 7, phase: 5 },
  });
  assert.deepEqual([odd.labels, odd.errors, odd.spec.excludedNamespaces, odd.spec.orLabelSelectors], [{ b: 'two' }, 0, ['a'], [{}]]);
});

test('counters, schedule and selectors', () => {
  const read = metadataOf({
    ...smallest,
    metadata: { name: 'b', labels: { 'velero.io/schedule-name': 'nightly' } },
    spec: { labelSelector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] } },
    status: {
      errors: 3,
      backupItemOperationsAttempted: 2,
      backupItemOperationsFailed: 1,
      hookStatus: { hooksAttempted: 4, hooksFailed: 1 },
    },
  });
  assert.deepEqual(
    [read.schedule, read.errors, read.operationsAttempted, read.operationsFailed, read.hooksFailed],
    ['nightly', 3, 2, 1, 1],
  );
  assert.deepEqual(read.spec.labelSelector, {
    matchLabels: { app: 'web' },
    matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
  });
});

test('damaged: empty, cut off at each of 20 places, another kind; no content is told', () => {
  assert.match(troubleOf(new Uint8Array()).message, /is empty/);
  const whole = genuine('shop-1');
  for (let part = 1; part <= 20; part += 1) {
    const { unknown, message } = troubleOf(whole.subarray(0, Math.floor((whole.length * part) / 21)));
    assert.deepEqual([unknown, /^velero-backup.json is no JSON \(\d+ bytes\)$/.test(message)], [false, true], message);
  }
  for (const other of ['null', '[]', '{}', '{"kind":"Restore","apiVersion":"velero.io/v1","metadata":{"name":"b"}}', '"Backup"'])
    assert.deepEqual(
      [troubleOf(bytes(other)).unknown, troubleOf(bytes(other)).message],
      [false, 'velero-backup.json holds no Backup of velero.io'],
    );
  assert.match(troubleOf(bytes({ ...smallest, metadata: {} })).message, /without a name/);
  assert.equal(troubleOf(Buffer.from([0x7b, 0xff, 0x7d])).unknown, false);
});

test('a format newer than known is unknown, not damaged; 1.x, 1 and none are known', () => {
  for (const formatVersion of ['2.0.0', '10.1', 'latest']) {
    const { unknown, message } = troubleOf(bytes({ ...smallest, status: { formatVersion } }));
    assert.deepEqual([unknown, message.includes(formatVersion)], [true, true]);
  }
  assert.equal(troubleOf(bytes({ ...smallest, apiVersion: 'velero.io/v2' })).unknown, true);
  assert.equal(troubleOf(bytes({ ...smallest, status: { version: 2 } })).unknown, true);
  for (const status of [{}, { version: 1 }, { formatVersion: '1' }, { formatVersion: '1.1.0', version: 1 }, { formatVersion: '1.99' }])
    assert.ok('metadata' in parseBackupMetadata(bytes({ ...smallest, status })));
});

test('whatever lies there, it is metadata or trouble, and never a throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map(bytes),
        fc.uint8Array(),
        fc.dictionary(fc.constantFrom('metadata', 'spec', 'status'), fc.jsonValue()).map((more) => bytes({ ...smallest, ...more })),
      ),
      (content) => {
        const parsed = parseBackupMetadata(content);
        assert.ok('metadata' in parsed !== 'trouble' in parsed);
        if ('metadata' in parsed)
          assert.ok(Number.isFinite(parsed.metadata.errors) && Array.isArray(parsed.metadata.spec.includedNamespaces));
      },
    ),
  );
});
