/** A bucket of S3 in this process, which answers as the test says: what is in it, how it is kept, and what it refuses. The SDK in between is the real one. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { escapeXml, type PlayedObject, tagOf } from './played-objects.ts';

/** S3's own words for a refusal; `cut`: half of the body, and the connection is gone. */
export type Refusal = { readonly status: number; readonly code: string; readonly message: string } | 'cut';

export interface PlayedBucket {
  /** By key below the prefix. */
  readonly objects: Map<string, PlayedObject>;
  /** By the sub-resource that is asked for (`lifecycle`, `versioning`): the XML that is answered; what is not here is not configured. */
  readonly settings: Record<string, string>;
  /** KMS's word on the bucket's key. */
  keyState?: string;
  /** `asked`: `GET backups/...`, `list backups/`, `setting lifecycle`, `kms`. */
  refuse?: (asked: string) => Refusal | undefined;
  /** Told before each answer: a test may change the bucket meanwhile. */
  onAsked?: (asked: string) => void;
}

export const prefix = 'prod';
export const location = { bucket: 'velero', prefix, region: 'eu-central-1' } as const;
export const place = 's3://velero/prod';

export interface PlayedS3 {
  play(bucket: PlayedBucket): void;
  stop(): void;
}

/** From here on this process's clients of AWS ask it. */
export async function startPlayedS3(): Promise<PlayedS3> {
  let bucket: PlayedBucket = { objects: new Map(), settings: {} };
  const server = createServer((request, response) => {
    answer(bucket, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'played',
    AWS_SECRET_ACCESS_KEY: 'played',
    NO_PROXY: '127.0.0.1',
  });
  return {
    play(next) {
      bucket = next;
    },
    stop() {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(bucket: PlayedBucket, request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const url = new URL(request.url ?? '', 'http://s3');
  await buffer(request);
  const key = decodeURIComponent(url.pathname).replace(/^\/velero\/?/, '');
  const asked = whatIsAsked(request, url, key);
  bucket.onAsked?.(asked);
  const refusal = bucket.refuse?.(asked);
  if (refusal && refusal !== 'cut') return refuse(response, refusal);
  if (asked === 'kms') return describeKey(bucket, response);
  if (asked.startsWith('list ')) return list(bucket, url.searchParams, response);
  if (asked.startsWith('setting ')) return setting(bucket, asked.slice('setting '.length), response);
  get(bucket, key, request, response, refusal === 'cut');
}

function whatIsAsked(request: IncomingMessage, url: URL, key: string): string {
  if (request.method === 'POST') return 'kms';
  if (url.searchParams.has('list-type')) return `list ${url.searchParams.get('prefix')?.slice(prefix.length + 1) ?? ''}`;
  // A sub-resource has no value.
  const [setting = ''] = [...url.searchParams].filter(([name, value]) => name !== 'x-id' && value === '').map(([name]) => name);
  return key === '' ? `setting ${setting}` : `GET ${key.slice(prefix.length + 1)}`;
}

function refuse(response: ServerResponse, { status, code, message }: Exclude<Refusal, 'cut'>): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`);
}

function describeKey({ keyState = 'Enabled' }: PlayedBucket, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify({ KeyMetadata: { KeyId: 'k', KeyState: keyState } }));
}

function list({ objects }: PlayedBucket, query: URLSearchParams, response: ServerResponse): void {
  const asked = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const keys = [...objects.keys()].map((key) => `${prefix}/${key}`).filter((key) => key.startsWith(asked));
  const below = (key: string) => (delimiter ? key.indexOf(delimiter, asked.length) : -1);
  const folders = new Set(keys.filter((key) => below(key) >= 0).map((key) => key.slice(0, below(key) + 1)));
  const contents = keys.filter((key) => below(key) < 0).toSorted();
  const xml = [
    ...contents.map((key) => {
      const {
        body,
        lastModified,
        storageClass = 'STANDARD',
        size = body.length,
      } = objects.get(key.slice(prefix.length + 1)) ?? missing(key);
      return `<Contents><Key>${escapeXml(key)}</Key><LastModified>${new Date(lastModified).toISOString()}</LastModified><ETag>${escapeXml(tagOf(body))}</ETag><Size>${size}</Size><StorageClass>${storageClass}</StorageClass></Contents>`;
    }),
    ...[...folders].toSorted().map((folder) => `<CommonPrefixes><Prefix>${escapeXml(folder)}</Prefix></CommonPrefixes>`),
  ];
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${xml.join('')}</ListBucketResult>`);
}

function missing(key: string): never {
  throw new Error(`${key} is not in the played bucket`);
}

/** By sub-resource: how S3 says that it is not configured. Versioning is answered always. */
const unset: Readonly<Record<string, string>> = {
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  policyStatus: 'NoSuchBucketPolicy',
  'object-lock': 'ObjectLockConfigurationNotFoundError',
  replication: 'ReplicationConfigurationNotFoundError',
  lifecycle: 'NoSuchLifecycleConfiguration',
};

function setting({ settings }: PlayedBucket, name: string, response: ServerResponse): unknown {
  const xml = settings[name];
  if (xml === undefined) return refuse(response, { status: 404, code: unset[name] ?? 'NotImplemented', message: `${name} is not set` });
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?>${xml}`);
}

function get({ objects }: PlayedBucket, key: string, request: IncomingMessage, response: ServerResponse, isCut: boolean): unknown {
  const object = objects.get(key.slice(prefix.length + 1));
  if (!object) return refuse(response, { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' });
  const { body, storageClass } = object;
  const tag = tagOf(body);
  const { 'if-match': wanted, range } = request.headers;
  if (wanted !== undefined && wanted !== tag)
    return refuse(response, {
      status: 412,
      code: 'PreconditionFailed',
      message: 'At least one of the pre-conditions you specified did not hold',
    });
  if (storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE')
    return refuse(response, {
      status: 403,
      code: 'InvalidObjectState',
      message: "The operation is not valid for the object's storage class",
    });
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const part = body.subarray(from);
  response.writeHead(range ? 206 : 200, {
    'content-length': part.length,
    etag: tag,
    ...(range && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
  });
  if (!isCut) response.end(part);
  else response.write(part.subarray(0, part.length / 2), () => response.destroy());
}
