/** When the last reports were made, from the bucket; loaded at the first request. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { latestKey } from '../report/store/keys.ts';
import { isMissingKey, statusOf } from '../report/store/s3.ts';
import { pairOf } from './overdue.ts';
import type { WatchedReport } from './watched-reports.ts';

type Pair = Pick<WatchedReport, 'cluster' | 'operation'>;

/** Of a report that may hold megabytes: its beginning, where the run is told of. */
const headBytes = 4096;
const atOnce = 20;

/**
 * When the run of the last report began (ms), by the report’s own word, as an object that was copied or restored is as young as its copy.
 * A report whose beginning cannot be understood counts by when it was stored. Undefined where there is none.
 * Throws what S3 says otherwise: refused is not the same as missing.
 */
const lastReport = async (client: S3Client, bucket: string, { cluster, operation }: Pair): Promise<number | undefined> => {
  const key = latestKey(cluster, operation);
  try {
    const { Body, LastModified } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=0-${headBytes - 1}` }));
    const head = (await Body?.transformToString('utf-8')) ?? '';
    const startedAt = Date.parse(/"startedAt":"([^"]+)"/.exec(head)?.[1] ?? '');
    const storedAt = LastModified?.getTime();
    if (Number.isNaN(startedAt)) return storedAt;
    // One that says it began after it was stored would be in time for years.
    return Math.min(startedAt, storedAt ?? startedAt);
  } catch (error) {
    // 416: an empty object has no first byte.
    if (isMissingKey(error) || statusOf(error) === 416) return undefined;
    throw error;
  }
};

/** As lastReport, of many, by `pairOf`; what has no report is left out. */
export const lastReports = async (client: S3Client, bucket: string, pairs: readonly Pair[]): Promise<Map<string, number>> => {
  const limit = pLimit(atOnce);
  const distinct = new Map(pairs.map((pair) => [pairOf(pair), pair]));
  const found = await Promise.all(
    [...distinct].map(([name, pair]) => limit(async () => [name, await lastReport(client, bucket, pair)] as const)),
  );
  return new Map(found.flatMap(([name, time]) => (time === undefined ? [] : [[name, time] as const])));
};
