/** nightshift connect and the buckets of backups, against an emulator of S3 and STS. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Connection } from '../../functions/connect/connect.ts';
import type { Step } from '../../functions/connect/step.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { clientOptions } from './parts/deploy.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';

const root = join(import.meta.dirname, '..', '..');
const region = 'eu-central-1';
const role = 'arn:aws:iam::123456789012:role/backup-reader';

describe('connect to backups', () => {
  let emulator: Emulator;
  const directory = temporaryDirectory('connect');
  before(async () => {
    emulator = await startEmulator();
    const s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'night-backups', CreateBucketConfiguration: { LocationConstraint: region } }));
    for (const key of [
      'backups/daily-1/velero-backup.json',
      'backups/daily-1/daily-1.tar.gz',
      'backups/daily-2/daily-2-logs.gz',
      'restores/back-1/restore-back-1-logs.gz',
    ])
      await s3.send(new PutObjectCommand({ Bucket: 'night-backups', Key: `velero/prod/${key}`, Body: '{}' }));
    const clusters = {
      prod: { backups: [{ bucket: 'night-backups', prefix: 'velero/prod', region, role }] },
      top: { backups: [{ bucket: 'night-backups', region }] },
      astray: { backups: [{ bucket: 'night-backups', prefix: 'velero/prod', region: 'us-west-2' }] },
      lost: { backups: [{ bucket: 'night-backups-gone', region }] },
      both: {
        backups: [
          { bucket: 'night-backups', prefix: 'velero/prod', region },
          { bucket: 'night-backups-gone', region },
        ],
      },
    };
    await writeFile(join(directory, 'nightshift.yaml'), JSON.stringify({ clusters }));
  });
  after(async () => {
    await emulator?.stop();
    removeTemporaryDirectory(directory);
  });

  const connect = async (cluster: string) => {
    const args = [join(root, 'functions/cli/nightshift.ts'), 'connect', '--cluster', cluster, '--output', 'json'];
    const child = spawn(process.execPath, args, { cwd: directory, env: { ...process.env, ...emulator.environment, NO_COLOR: '1' } });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(err, '');
    const { clusters } = JSON.parse(out) as { clusters: Connection[] };
    const steps: readonly Step[] = clusters[0]?.steps ?? [];
    return { code: await closed, identity: steps[0], backups: steps.filter(({ step }) => step === 'backups') };
  };

  test('Velero’s backups are seen and can be read, as a role; who asks is told', async () => {
    const { code, identity, backups } = await connect('prod');
    assert.equal(code, 0, JSON.stringify(backups));
    assert.match(identity?.message ?? '', /^arn:aws:.*123456789012/);
    assert.equal(backups[0]?.subject, 's3://night-backups/velero/prod');
    assert.equal(backups[0]?.message, '2 backups under velero/prod/backups/, velero-backup.json can be read');
    assert.deepEqual(backups[0]?.facts, [`in ${region} as ${role}`]);
  });

  test('a prefix under which nothing lies is a warning: the bucket can be read, but nobody would find a backup', async () => {
    const { code, backups } = await connect('top');
    assert.deepEqual([code, backups[0]?.state], [0, 'warning']);
    assert.match(backups[0]?.message ?? '', /nothing lies under backups\//);
  });

  test('another region than the configuration says (exit 2), and a bucket that is not there (exit 3)', async () => {
    const astray = await connect('astray');
    assert.equal(astray.code, 2);
    assert.match(astray.backups[0]?.message ?? '', /the bucket night-backups is in eu-central-1, not in us-west-2/);
    const lost = await connect('lost');
    assert.equal(lost.code, 3);
    assert.match(lost.backups[0]?.message ?? '', /there is no bucket night-backups-gone/);
  });

  test('each location by itself', async () => {
    const { code, backups } = await connect('both');
    assert.equal(code, 3);
    assert.deepEqual(
      backups.map(({ state }) => state),
      ['ok', 'failed'],
    );
  });
});
