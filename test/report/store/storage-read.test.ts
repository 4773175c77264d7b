import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { s3Storage } from '../../../functions/report/store/s3.ts';

test('of a directory, what is longer than wanted is refused, and a folder is no text', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nightshift-storage-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'text'), 'é'.repeat(10));
  await mkdir(join(directory, 'folder'));
  const storage = directoryStorage(directory);
  assert.equal((await storage.read('text', { mostBytes: 20 }))?.text.length, 10);
  await assert.rejects(storage.read('text', { mostBytes: 19 }), /it has 20 bytes; at most 19 are read/);
  await assert.rejects(storage.read('folder'), /EISDIR/);
});

test('of a bucket, what is known is asked for by its ETag, and what is too long is not read', async () => {
  const client = new S3Client({ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const asked: unknown[] = [];
  const answers: (() => unknown)[] = [];
  client.send = (async (command: GetObjectCommand) => {
    asked.push(command.input);
    return answers.shift()?.();
  }) as typeof client.send;
  const storage = s3Storage(client, 'reports', 'a');
  const known = { text: 'x', version: '"1"' };
  let destroyed = false;
  answers.push(
    () => {
      throw Object.assign(new Error('304'), { $metadata: { httpStatusCode: 304 } });
    },
    () => ({ ContentLength: 1_000_000, Body: { transformToString: assert.fail, destroy: () => (destroyed = true) } }),
    () => {
      throw Object.assign(new Error('304'), { $metadata: { httpStatusCode: 304 } });
    },
  );
  assert.equal(await storage.read('k', { known }), known);
  await assert.rejects(storage.read('k', { mostBytes: 65_536 }), /it has 1000000 bytes; at most 65536 are read/);
  assert.ok(destroyed, 'the connection is given up');
  await assert.rejects(storage.read('k'), /304/, 'nothing was known');
  assert.deepEqual(asked, [
    { Bucket: 'reports', Key: 'a/k', IfNoneMatch: '"1"' },
    { Bucket: 'reports', Key: 'a/k' },
    { Bucket: 'reports', Key: 'a/k' },
  ]);
});
