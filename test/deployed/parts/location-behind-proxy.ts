/** A location in the emulator's S3, behind a proxy that spoils what a test says; the tests' own environment while they run. */
import assert from 'node:assert/strict';
import { CreateBucketCommand, PutObjectCommand, type PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { type ObjectStore, StoreError, type StoreErrorReason } from '../../../functions/velero/store/object-store.ts';
import { s3Asker } from '../../../functions/velero/store/s3-asker.ts';
import { s3ObjectStore } from '../../../functions/velero/store/s3-object-store.ts';
import { type Asked, type Fault, type FaultyProxy, type Planted, startFaultyProxy } from '../../control-plane/parts/faulty-proxy.ts';
import { startEmulator } from './emulator.ts';

export const bucket = 'velero';
export const location = { bucket, prefix: 'prod', region: 'eu-central-1' };
export const { signal } = new AbortController();

export interface LocationBehindProxy {
  readonly proxy: FaultyProxy;
  /** Past the proxy. */
  readonly s3: S3Client;
  /** Past the proxy; the key is below the location. */
  put(key: string, body: Uint8Array | string, more?: Partial<PutObjectCommandInput>): Promise<unknown>;
  plant(when: (asked: Asked) => boolean, fault: Fault, aim?: { readonly times?: number; readonly after?: number }): Planted;
  /** Removes all that was planted. */
  clear(): void;
  /** The store, by a client that tries less often, and gives a silent connection up sooner. */
  quick(silentMs?: number): ObjectStore;
  stop(): Promise<void>;
}

export async function startLocation(): Promise<LocationBehindProxy> {
  const environment = { ...process.env };
  const emulator = await startEmulator();
  const proxy = await startFaultyProxy(emulator.endpoint);
  for (const [name, value] of Object.entries({ ...emulator.environment, AWS_ENDPOINT_URL: proxy.url })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  const s3 = new S3Client({ endpoint: emulator.endpoint, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
  const planted: Planted[] = [];
  return {
    proxy,
    s3,
    put: (key, body, more = {}) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: `prod/${key}`, Body: body, ...more })),
    plant(when, fault, aim = {}) {
      const one = proxy.plant({ when, ...aim }, fault);
      planted.push(one);
      return one;
    },
    clear() {
      for (const one of planted.splice(0)) one.remove();
    },
    quick(silentMs = 5_000) {
      const client = new S3Client({
        endpoint: proxy.url,
        forcePathStyle: true,
        maxAttempts: 4,
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: { requestTimeout: 10_000, socketTimeout: silentMs, throwOnRequestTimeout: true },
      });
      return s3ObjectStore(location, s3Asker(location, client));
    },
    async stop() {
      proxy.stop();
      await emulator.stop();
      for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
      Object.assign(process.env, environment);
    },
  };
}

/** GET of a key below the location. */
export const getOf =
  (key: string) =>
  ({ method, path }: Asked): boolean =>
    method === 'GET' && path === `/${bucket}/prod/${key}`;

export const read = (store: ObjectStore, key: string, etag?: string): Promise<Uint8Array> =>
  store.read(key, { signal, mostBytes: 1e9, ...(etag !== undefined && { etag }) });

/** It fails so, and neither message nor remedy holds a credential. */
export async function refusal(work: Promise<unknown>, reason: StoreErrorReason, message: RegExp, remedy: RegExp): Promise<void> {
  const error: unknown = await work.then(
    () => assert.fail('it was expected to fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.reason, reason, error.message);
  assert.match(error.message, message);
  assert.match(error.remedy, remedy);
  assert.doesNotMatch(`${error.message} ${error.remedy}`, /X-Amz-Signature|testing|hunter2/);
}
