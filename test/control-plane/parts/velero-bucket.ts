/** A bucket of the emulator for Velero, and what lies in it. */
import { gunzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { clientOptions } from '../../deployed/parts/deploy.ts';
import type { Emulator } from '../../deployed/parts/emulator.ts';

export interface VeleroBucket {
  readonly name: string;
  /** All keys that begin so, in S3's order. */
  keys(prefix: string): Promise<readonly string[]>;
  read(key: string): Promise<Buffer>;
  /** What is in an object, unpacked where its name ends with .gz. */
  text(key: string): Promise<string>;
  json(key: string): Promise<unknown>;
  write(key: string, body: Buffer | string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Makes a bucket. */
export async function createVeleroBucket(emulator: Emulator, name: string): Promise<VeleroBucket> {
  const s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
  const inside = (key: string) => ({ Bucket: name, Key: key });
  await s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
  const read = async (key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand(inside(key)));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const text = async (key: string) => (key.endsWith('.gz') ? gunzipSync(await read(key)) : await read(key)).toString('utf8');
  return {
    name,
    read,
    text,
    json: async (key) => JSON.parse(await text(key)),
    async keys(prefix) {
      // A test's bucket fits into one page.
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: name, Prefix: prefix }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async write(key, body) {
      await s3.send(new PutObjectCommand({ ...inside(key), Body: body }));
    },
    async remove(key) {
      await s3.send(new DeleteObjectCommand(inside(key)));
    },
  };
}
