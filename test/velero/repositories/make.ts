/**
 * Makes the repositories in this folder, laid out as in a bucket: `kopia/shop/` by Velero's own code (create, upload of a pod volume, full
 * maintenance) against the emulator's S3, `restic/legacy/` by restic. Both hold a few files of a made-up shop; the password is Velero's default.
 * `node test/velero/repositories/make.ts` needs Go and Python, and a minute; the tests use what is committed.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { removeTemporaryDirectory, temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import { startEmulator } from '../../deployed/parts/emulator.ts';

const here = import.meta.dirname;
const parts = resolve(here, '../../control-plane/parts');
const bucket = 'velero';

const work = temporaryDirectory('repositories');
const emulator = await startEmulator();
try {
  const volume = join(work, 'volume');
  mkdirSync(join(volume, 'orders'), { recursive: true });
  for (const name of ['catalog.txt', 'orders/2026-11-23.txt', 'orders/2026-11-24.txt']) {
    writeFileSync(join(volume, name), `${name} of the shop\n`.repeat(40));
  }
  const kopiaSnapshot = await makeKopia(volume);
  const resticSnapshot = makeRestic(volume);
  writeFileSync(join(here, 'snapshots.json'), `${JSON.stringify({ kopia: kopiaSnapshot, restic: resticSnapshot }, undefined, 2)}\n`);
} finally {
  await emulator.stop();
  removeTemporaryDirectory(work);
}

function build(module: string, what: string): string {
  const binary = join(work, module);
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', CGO_ENABLED: '0', GOWORK: 'off' };
  execFileSync('go', ['build', '-p', '1', '-trimpath', '-o', binary, what], { cwd: join(parts, module), env, stdio: 'inherit' });
  return binary;
}

async function makeKopia(volume: string): Promise<string> {
  const s3 = new S3Client({
    endpoint: emulator.endpoint,
    region: emulator.region,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
  const host = new URL(emulator.endpoint).host;
  const snapshot = execFileSync(build('velero', './kopia-repository'), [host, bucket, 'kopia/shop/', volume], { encoding: 'utf8' }).trim();
  rmSync(join(here, 'kopia'), { recursive: true, force: true });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  for (const { Key = '' } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    const path = join(here, Key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, (await Body?.transformToByteArray()) ?? new Uint8Array());
  }
  s3.destroy();
  return snapshot;
}

// restic's own layout in a folder is the one that it has in S3.
function makeRestic(volume: string): string {
  const repository = join(here, 'restic', 'legacy');
  rmSync(join(here, 'restic'), { recursive: true, force: true });
  const restic = build('restic', 'github.com/restic/restic/cmd/restic');
  const env = { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: 'static-passw0rd', RESTIC_CACHE_DIR: join(work, 'cache') };
  const run = (...args: string[]) => execFileSync(restic, args, { cwd: volume, env, encoding: 'utf8' });
  run('init');
  run('backup', '--host=velero', '--tag=pod=db-0', '--tag=volume=data', '.');
  const [snapshot] = JSON.parse(run('snapshots', '--json'));
  // It makes all 256 folders of data/ beforehand.
  execFileSync('find', [repository, '-type', 'd', '-empty', '-delete']);
  // Velero keeps the short id.
  return snapshot.short_id;
}
