/**
 * The inventory of 10,000 backups, first and again with nothing changed, beside the same requests made by nothing but fetch: requests, time,
 * memory. The bucket is a server in this process that speaks S3’s list and get. node test/bench/bench.ts inventory [runs [backups]]
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { backupFileKinds, backupKey } from '../../functions/velero/layout.ts';
import { writeBundle } from '../../infra/constructs/bundle.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { type Figures, line, measure, medians } from './measure.ts';

const genuine = join(import.meta.dirname, '../velero/bucket/backups/shop-1/velero-backup.json');

/** Of Velero 1.18; the others came and went with older versions. */
const kinds = backupFileKinds.filter((kind) => !kind.startsWith('csi') && kind !== 'itemSnapshots');

const nameOf = (index: number): string => {
  const at = new Date(Date.UTC(2025, 0, 1, index)).toISOString().replace(/\D/g, '').slice(0, 14);
  return `hourly-${at}`;
};

interface Bucket {
  readonly server: Server;
  readonly url: string;
  /** Since it was last asked. */
  requests(): number;
}

/** Answers as S3 does: pages of 1,000 keys, and the genuine velero-backup.json under each backup’s own name. */
async function serveBucket(backups: number): Promise<Bucket> {
  const template = readFileSync(genuine, 'utf8').replace('"labels": {', '"labels": {\n      "velero.io/schedule-name": "hourly",');
  const keys = Array.from({ length: backups }, (_, index) => kinds.map((kind) => backupKey(nameOf(index), kind)).toSorted()).flat();
  const entry = (key: string) =>
    `<Contents><Key>${key}</Key><LastModified>2026-11-24T03:00:00.000Z</LastModified><ETag>&quot;${Buffer.from(key).toString('hex').slice(-32)}&quot;</ETag><Size>${template.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  const page = (query: URLSearchParams): string => {
    if (query.has('delimiter')) return list('<CommonPrefixes><Prefix>backups/</Prefix></CommonPrefixes>');
    const from = Number(query.get('continuation-token') ?? 0);
    const more = from + 1000 < keys.length ? `<NextContinuationToken>${from + 1000}</NextContinuationToken>` : '';
    return list(
      keys
        .slice(from, from + 1000)
        .map(entry)
        .join(''),
      more,
    );
  };
  const list = (contents: string, more = '') =>
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more !== ''}</IsTruncated>${contents}${more}</ListBucketResult>`;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://bucket');
    const [, , folder, name = ''] = pathname.split('/');
    if (folder === undefined || folder === '') return void response.setHeader('content-type', 'application/xml').end(page(searchParams));
    const key = pathname.slice(pathname.indexOf('/', 1) + 1);
    response.setHeader('etag', `"${Buffer.from(key).toString('hex').slice(-32)}"`);
    response.setHeader('last-modified', 'Tue, 24 Nov 2026 03:00:00 GMT');
    response.end(template.replaceAll('shop-1', name));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the bucket has no port');
  return {
    server,
    url: `http://127.0.0.1:${address.port}`,
    requests() {
      const since = requests;
      requests = 0;
      return since;
    },
  };
}

export const benchInventory = async (runs: number, [backups = '10000']: readonly string[]): Promise<void> => {
  const count = Number(backups);
  const { server, url, requests } = await serveBucket(count);
  const directory = temporaryDirectory('inventory-bench');
  const environment = {
    AWS_ENDPOINT_URL_S3: url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_EC2_METADATA_DISABLED: 'true',
    // As a function has it: see infra/constructs/nightshift-function.ts.
    MALLOC_ARENA_MAX: '1',
    MALLOC_TRIM_THRESHOLD_: '131072',
  };
  const run = (...args: readonly string[]) =>
    measure(['--max-semi-space-size=8', join(directory, 'bundle/index.mjs'), ...args], [0], environment);
  // As it is deployed: from its source Node alone takes some 40 MB more.
  writeBundle(join(import.meta.dirname, 'inventory-run.ts'), configurationSchema.parse({ clusters: {} }), join(directory, 'bundle'));
  const modes = [
    ['the same requests by fetch, kept nothing', () => run('raw', url)],
    ['inventory, first run', () => run('first', join(directory, 'known.json'))],
    ['inventory, again with nothing changed', () => run('again', join(directory, 'known.json'))],
  ] as const;
  const figures = new Map<string, { readonly all: Figures[]; requests: number }>();
  try {
    for (let round = 0; round < runs; round += 1) {
      for (const [name, measured] of modes) {
        const entry = figures.get(name) ?? { all: [], requests: 0 };
        figures.set(name, entry);
        requests();
        entry.all.push(await measured());
        entry.requests = requests();
      }
    }
    const floor = Math.ceil((count * kinds.length) / 1000) + 1;
    console.log(
      `${count} backups of ${kinds.length} files, ${runs} rounds, medians; the floor is ${floor} requests to list and one for each changed backup:`,
    );
    for (const [name, { all, requests: asked }] of figures) console.log(`${line(name, medians(all))}   ${asked} requests`);
  } finally {
    server.closeAllConnections();
    server.close();
    removeTemporaryDirectory(directory);
  }
};
