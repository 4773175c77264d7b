/** Rules for tags, which only some objects have; all else S3 itself plays in test/deployed/velero. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GetBucketLifecycleConfigurationCommand, GetBucketReplicationCommand } from '@aws-sdk/client-s3';
import { readBucketFacts } from '../../../functions/velero/bucket/read-bucket-facts.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import type { S3Asker } from '../../../functions/velero/store/s3-asker.ts';

const askerOf = (lifecycle: object, replication: object): S3Asker =>
  ({
    location: { bucket: 'velero', region: 'eu-central-1' },
    access: {},
    traffic: { requests: 0, bytes: 0 },
    ask: async (command: unknown) => {
      if (command instanceof GetBucketLifecycleConfigurationCommand) return lifecycle;
      if (command instanceof GetBucketReplicationCommand) return { ReplicationConfiguration: replication };
      throw new StoreError('denied', 'not asked here', 'allow it');
    },
  }) as unknown as S3Asker;
const tag = { Key: 'keep', Value: 'short' };
const factsOf = (filters: readonly object[]) => {
  const rules = filters.map((Filter) => ({ Filter, Status: 'Enabled' }));
  const lifecycle = { Rules: rules.map((rule) => ({ ...rule, Expiration: { Days: 1 } })) };
  return readBucketFacts(askerOf(lifecycle, { Rules: rules }), new AbortController().signal);
};

test('a lifecycle rule for tags says so, alone and beside a prefix; one for sizes is narrowed without', async () => {
  const { lifecycle } = await factsOf([
    { Tag: tag },
    { And: { Prefix: 'a/', Tags: [tag] } },
    { ObjectSizeGreaterThan: 5 },
    { And: { Prefix: 'a/', ObjectSizeLessThan: 5 } },
    { Prefix: 'a/' },
  ]);
  assert.ok(lifecycle.state === 'set');
  assert.deepEqual(
    lifecycle.value.map(({ prefix, narrowed, byTags }) => [prefix, narrowed, byTags]),
    [
      ['', true, true],
      ['a/', true, true],
      ['', true, undefined],
      ['a/', true, undefined],
      ['a/', false, undefined],
    ],
  );
});

test('a replication rule for tags replicates nothing of Velero’s', async () => {
  assert.deepEqual((await factsOf([{ Tag: tag }, { And: { Tags: [tag] } }])).replication, { state: 'unset' });
  const { replication } = await factsOf([{ Tag: tag }, { Prefix: 'backups/' }]);
  assert.deepEqual(replication, { state: 'set', value: { rules: 1, prefixes: ['backups/'] } });
});
