/** Bodies that are cut anywhere, without a network; S3 itself is played in test/deployed/velero. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import type { S3Asker } from '../../../functions/velero/store/s3-asker.ts';
import { storeError } from '../../../functions/velero/store/s3-errors.ts';
import { s3ObjectStore } from '../../../functions/velero/store/s3-object-store.ts';
import fc from '../../fuzz.ts';

const location = { bucket: 'velero', prefix: 'prod', region: 'eu-central-1' };
const { signal } = new AbortController();
const megabyte = 1024 * 1024;

/** Of each answer so many bytes come, then the connection is gone: by an error, or, where there is none, as if it were the end. */
interface Cut {
  readonly bytes: number;
  readonly silently: boolean;
}

/** An asker that gives `content` so, each answer as its cut says, and whole when they are used up. */
function cutAsker(content: Buffer, cuts: readonly Cut[]): { readonly asker: S3Asker; readonly ranges: (string | undefined)[] } {
  const ranges: (string | undefined)[] = [];
  const answer = ({ Range: range, IfMatch: etag }: { readonly Range?: string; readonly IfMatch?: string }) => {
    const cut = cuts[ranges.length];
    if (ranges.length > 0) assert.equal(etag, '"v1"');
    ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const rest = content.subarray(from);
    const body = async function* () {
      for (let at = 0; at < Math.min(rest.length, cut?.bytes ?? rest.length); at += megabyte)
        yield rest.subarray(at, Math.min(at + megabyte, cut?.bytes ?? rest.length));
      if (cut && !cut.silently) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    };
    return {
      Body: Readable.from(body()),
      ContentLength: rest.length,
      ETag: '"v1"',
      ...(range && { ContentRange: `bytes ${from}-/${content.length}` }),
    };
  };
  const asker = {
    location,
    access: {},
    traffic: { requests: 0, bytes: 0 },
    ask: async (command: unknown) => (command instanceof GetObjectCommand ? answer(command.input as { Range?: string }) : assert.fail()),
  };
  return { asker: asker as unknown as S3Asker, ranges };
}

const read = (content: Buffer, cuts: readonly Cut[]) => {
  const { asker, ranges } = cutAsker(content, cuts);
  return { ranges, bytes: s3ObjectStore(location, asker).read('k', { signal, mostBytes: 1e9 }) };
};

describe('a body that is cut', () => {
  const bytes = fc.nat(3_000);
  const cut = fc.record({ bytes: fc.nat(1_500), silently: fc.boolean() });
  test('anywhere and up to five times comes whole all the same, and otherwise not at all', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(cut, { maxLength: 9 }), async (length, cuts) => {
        const content = Buffer.from(Array.from({ length }, (_, index) => index % 251));
        const { bytes: got, ranges } = read(content, cuts);
        const outcome = await got.then(
          (value) => Buffer.from(value).equals(content),
          (error: unknown) => (error instanceof StoreError ? error.reason : String(error)),
        );
        assert.ok(outcome === true || (outcome === 'unreachable' && ranges.length === 6), String(outcome));
        assert.ok(ranges.length <= 6);
      }),
      { numRuns: 300 },
    );
  });

  test('goes on as long as each connection brings eight megabytes', async () => {
    const content = Buffer.alloc(9 * 9 * megabyte, 7);
    const { bytes: got, ranges } = read(
      content,
      Array.from({ length: 8 }, () => ({ bytes: 9 * megabyte, silently: false })),
    );
    assert.ok(content.equals(await got));
    assert.equal(ranges.length, 9);
  });
});

describe('a store that lists oddly', () => {
  const listing = async (pages: readonly object[]) => {
    let asked = 0;
    const asker = { location, access: {}, traffic: { requests: 0, bytes: 0 }, ask: async () => pages[Math.min(asked++, pages.length - 1)] };
    const keys: string[] = [];
    for await (const page of s3ObjectStore(location, asker as unknown as S3Asker).list('backups/', signal))
      keys.push(...page.map(({ key }) => key));
    return { keys, asked };
  };
  const page = (key: string, more: object) => ({ Contents: [{ Key: `prod/backups/${key}` }], ...more });
  const isCut = (error: unknown) => error instanceof StoreError && error.reason === 'unreachable' && /there is more/.test(error.message);
  test('more is said to come, and not from where: no half of it is taken for all', async () => {
    await assert.rejects(listing([page('a', { IsTruncated: true })]), isCut);
    await assert.rejects(listing([page('a', { IsTruncated: true, NextContinuationToken: '' })]), isCut);
  });
  test('the same page again and again ends', async () => {
    await assert.rejects(listing([page('a', { IsTruncated: true, NextContinuationToken: '1' })]), isCut);
  });
  test('empty pages (of delete markers alone), a token too many, keys of all kinds', async () => {
    const odd = ['a b/velero-backup.json', 'a+b/c', 'ü/é', 'x//y'];
    const { keys, asked } = await listing([
      { IsTruncated: true, NextContinuationToken: '1' },
      page(odd[0] ?? '', { IsTruncated: true, NextContinuationToken: '2' }),
      {
        Contents: [...odd.slice(1).map((key) => ({ Key: `prod/backups/${key}` })), { Key: 'prod/backups/' }],
        IsTruncated: false,
        NextContinuationToken: '2',
      },
    ]);
    assert.deepEqual([keys, asked], [odd.map((key) => `backups/${key}`), 3]);
  });
});

test('a fault is told once, and keeps its own words', () => {
  const asked = { action: 's3:GetObject', location, key: 'prod/\u001b[31mk' };
  const error = storeError(new NoSuchKey({ message: 'gone', $metadata: { httpStatusCode: 404 } }), asked);
  assert.deepEqual([error.reason, error.message], ['missing', 's3:GetObject of s3://velero/prod/[31mk in eu-central-1: NoSuchKey: gone']);
  assert.equal(storeError(error, asked), error);
});
