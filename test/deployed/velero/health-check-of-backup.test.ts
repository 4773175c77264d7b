/** The command on a backup in the emulator's S3: with the credentials and the region of AWS's own chain, the cluster is never asked. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { reportSchema } from '../../../functions/report/model.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { type Emulator, startEmulator } from '../parts/emulator.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('health-check --backup s3://', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = emulator.environment;
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    const s3 = new S3Client({ endpoint: emulator.endpoint, region: emulator.region, forcePathStyle: true, credentials });
    await s3.send(new CreateBucketCommand({ Bucket: 'velero', CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
    for (const [key, body] of Object.entries(bucketFiles())) {
      await s3.send(new PutObjectCommand({ Bucket: 'velero', Key: `prod/${key}`, Body: body }));
    }
  });
  after(() => emulator?.stop());

  const nightshift = async (place: string) => {
    const child = spawn(
      process.execPath,
      [join(root, 'functions/cli/nightshift.ts'), 'health-check', '--backup', place, '--output', 'json', '--fail-on', 'never'],
      { env: { ...process.env, ...emulator.environment, NO_COLOR: '1' } },
    );
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
    return { code, out, err };
  };

  test('the newest: what it says is what the folder of the same files says', async () => {
    const [{ code, out, err }, onDisk] = [await nightshift('s3://velero/prod'), await nightshift(join(root, 'test/velero/bucket'))];
    assert.equal(code, 0, err);
    assert.equal(err, 'nightshift: the backup s3://velero/prod#full-1 of 2026-11-23 19:41 UTC\n');
    const [report, same] = [out, onDisk.out].map((each) => reportSchema.parse(JSON.parse(each)));
    assert(report && same);
    assert.equal(report.cluster, 'velero-prod');
    assert.equal(report.complete, true);
    const said = ({ findings }: typeof report) =>
      findings.map(({ check, object, severity, message }) => ({ check, object, severity, message }));
    assert(report.findings.length > 0);
    assert.deepEqual(said(report), said(same));
  });
  test('a named one', async () => {
    const { code, out } = await nightshift('s3://velero/prod/#shop-1');
    assert.equal(code, 0);
    assert.deepEqual(reportSchema.parse(JSON.parse(out)).source.namespaces, ['shop']);
  });
  test('no such bucket, no such backup, nothing there', async () => {
    for (const [place, expected, pattern] of [
      ['s3://nowhere-at-all', 2, /nowhere-at-all/],
      ['s3://velero/prod#nope', 2, /there is no backup nope in s3:\/\/velero\/prod/],
      ['s3://velero/other', 3, /^$/],
    ] as const) {
      const { code, out, err } = await nightshift(place);
      assert.equal(code, expected, `${place}: ${err}`);
      assert.match(err, pattern);
      if (expected === 3) assert.match(out, /there is no backup in s3:\/\/velero\/other/);
    }
  });
});
