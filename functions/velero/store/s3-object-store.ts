/** A location in S3 (or what speaks its language: AWS_ENDPOINT_URL_S3). Read only; loaded only by what uses it. */
import { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, type ListObjectsV2CommandOutput, type _Object as S3Object } from '@aws-sdk/client-s3';
import type { BackupLocation } from '../../runtime/configuration.ts';
import { bytesOf } from './bytes-of.ts';
import { keyInBucket, locationName } from './location-name.ts';
import { type Folder, type ObjectStore, type ReadOptions, type StoredObject, StoreError } from './object-store.ts';
import { type S3Asker, s3Asker } from './s3-asker.ts';

/**
 * Needs s3:ListBucket and s3:GetObject, and kms:Decrypt where a KMS key encrypts it. Without s3:ListBucket a missing object is said to be denied.
 * `asker`: shared with what else asks the bucket, so that its traffic is counted once.
 */
export function s3ObjectStore(location: BackupLocation, asker: S3Asker = s3Asker(location)): ObjectStore {
  const top = keyInBucket(location.prefix, '');
  const open = (key: string, options: ReadOptions) => opened(asker, keyInBucket(location.prefix, key), options);
  return {
    location: locationName(location),
    async *list(folder, signal) {
      for await (const { Contents = [] } of pages(asker, { Prefix: top + folder }, signal)) {
        const objects = Contents.flatMap((object) => storedObject(object, top));
        if (objects.length > 0) yield objects;
      }
    },
    async folder(folder, signal): Promise<Folder> {
      const folders: string[] = [];
      const objects: StoredObject[] = [];
      const above = top + folder;
      for await (const { CommonPrefixes = [], Contents = [] } of pages(asker, { Prefix: above, Delimiter: '/' }, signal)) {
        folders.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(above.length, -1)).filter(Boolean));
        objects.push(...Contents.flatMap((object) => storedObject(object, top)));
      }
      return { folders, objects };
    },
    read: (key, { mostBytes, ...options }) => bytesOf(open(key, options), `${locationName(location)}/${key}`, mostBytes),
    open,
    traffic: () => ({ ...asker.traffic }),
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: at most 1,000 keys and common prefixes a page, in UTF-8 order. */
async function* pages(
  asker: S3Asker,
  asked: { readonly Prefix: string; readonly Delimiter?: string },
  signal: AbortSignal,
): AsyncGenerator<ListObjectsV2CommandOutput, void, undefined> {
  const { bucket } = asker.location;
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({ Bucket: bucket, ...asked, ...(token !== undefined && { ContinuationToken: token }) });
    const page = await asker.ask(command, { action: 's3:ListBucket', signal });
    const before = token;
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
    // What is not listed would be taken for deleted, and the same page again never ends.
    if (page.IsTruncated && (!token || token === before)) throw cutListing(asker, asked.Prefix);
    yield page;
  } while (token !== undefined);
}

const cutListing = ({ location }: S3Asker, prefix: string): StoreError =>
  new StoreError(
    'unreachable',
    `s3:ListBucket of s3://${location.bucket}/${prefix}: the store says that there is more, and not where to go on`,
    'it does not list as S3 does (ListObjectsV2, NextContinuationToken): is it new enough, or is a proxy in between?',
  );

/** Nothing for the marker of a folder, as the console makes it. */
function storedObject({ Key: key, Size: size = 0, ETag: etag = '', LastModified: at, StorageClass: storageClass }: S3Object, top: string) {
  if (key === undefined || key.endsWith('/')) return [];
  const object: StoredObject = {
    key: key.slice(top.length),
    size,
    etag,
    lastModified: at?.getTime() ?? 0,
    ...(storageClass !== undefined && storageClass !== 'STANDARD' && { storageClass }),
  };
  return [object];
}

/** Connections that may be lost one after the other without bringing so many bytes. */
const mostCuts = 5;
const worthwhile = 8 * 1024 * 1024;

/** The SDK gives a connection up on which nothing comes for 10 s; here it is taken up again. */
async function* opened(asker: S3Asker, key: string, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
  let [received, cuts] = [0, 0];
  let { etag } = options;
  let size: number | undefined;
  for (;;) {
    const answer = await got(asker, key, received, { ...options, ...(etag !== undefined && { etag }) });
    etag ??= answer.etag;
    size ??= answer.size;
    const before = received;
    let cause: unknown;
    try {
      for await (const chunk of answer.body) {
        received += chunk.length;
        yield chunk;
      }
      // Without framing a body that was cut ends like a whole one.
      if (size === undefined || received >= size) return;
    } catch (error) {
      if (size !== undefined && received >= size) return;
      cause = error;
    }
    cuts = received - before >= worthwhile ? 1 : cuts + 1;
    const place = `s3:GetObject of s3://${asker.location.bucket}/${key}`;
    const howFar = `after ${received} of ${size ?? 'an unknown number of'} bytes`;
    if (options.signal.aborted) {
      throw new StoreError('budget', `${place}: the time was spent ${howFar}`, 'give the run more time', { cause });
    }
    if (cuts > mostCuts) {
      const remedy = 'what lies between here and S3 ends connections (a proxy, a NAT gateway): look there, and run again';
      throw new StoreError('unreachable', `${place}: the connection was cut ${cuts} times, the last time ${howFar}`, remedy, { cause });
    }
  }
}

interface Got {
  readonly body: AsyncIterable<Uint8Array>;
  /** Of the whole object, where S3 tells it. */
  readonly size: number | undefined;
  readonly etag: string | undefined;
}

async function got(asker: S3Asker, key: string, from: number, { signal, etag }: ReadOptions): Promise<Got> {
  const command = new GetObjectCommand({
    Bucket: asker.location.bucket,
    Key: key,
    ...(etag !== undefined && { IfMatch: etag }),
    ...(from > 0 && { Range: `bytes=${from}-` }),
  });
  const {
    Body: body,
    ContentLength: length,
    ContentRange: range,
    ETag,
  } = await asker.ask(command, { action: 's3:GetObject', key, signal });
  if (!(body instanceof Readable)) throw new TypeError('the SDK gave a body that is no stream of Node');
  if (from > 0 && !range?.startsWith(`bytes ${from}-`)) {
    body.destroy();
    const remedy = 'only a store that serves ranges can be read over such a connection';
    throw new StoreError('unreachable', `${key}: the store does not go on where the connection was cut`, remedy);
  }
  return { body, size: length === undefined ? undefined : from + length, etag: ETag };
}
