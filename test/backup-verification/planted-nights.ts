/** Locations in a folder with as many nights as a test wants: copies of a genuine backup under other names, schedules and times. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backupVerification } from '../../functions/backup-verification/operation.ts';
import type { Report } from '../../functions/report/model.ts';
import { type ClusterRun, runOnCluster } from '../../functions/runtime/run-on-cluster.ts';

export const genuineBucket = join(import.meta.dirname, '../velero/bucket');

export interface Planted {
  readonly name: string;
  /** Absent: made by hand. */
  readonly schedule?: string;
  /** When it began, in ms. */
  readonly at: number;
  readonly phase?: string;
  /** Bytes of the tarball that are left of it. */
  readonly cutTo?: number;
  readonly from?: 'shop-1' | 'full-1';
}

/** Writes it into the location `place`. */
export function plant(place: string, { name, schedule, at, phase = 'Completed', cutTo, from = 'shop-1' }: Planted): void {
  const [source, target] = [join(genuineBucket, 'backups', from), join(place, 'backups', name)];
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(source)) cpSync(join(source, file), join(target, file.replace(from, name)));
  const metadata = JSON.parse(readFileSync(join(source, 'velero-backup.json'), 'utf8'));
  metadata.metadata.name = name;
  const { 'velero.io/schedule-name': _, ...labels } = metadata.metadata.labels;
  metadata.metadata.labels = { ...labels, ...(schedule !== undefined && { 'velero.io/schedule-name': schedule }) };
  const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, '');
  Object.assign(metadata.status, {
    phase,
    startTimestamp: time(at),
    completionTimestamp: time(at + 60_000),
    expiration: time(at + 720 * 3_600_000),
  });
  writeFileSync(join(target, 'velero-backup.json'), JSON.stringify(metadata));
  const tarball = join(target, `${name}.tar.gz`);
  if (cutTo !== undefined) writeFileSync(tarball, readFileSync(tarball).subarray(0, cutTo));
}

export const verify = (more: Partial<ClusterRun>): Promise<Report> =>
  runOnCluster({
    operation: backupVerification,
    cluster: 'prod',
    options: {},
    own: {},
    runId: `run-${Math.random()}`,
    eventTime: '2026-11-24T05:30:00Z',
    previous: undefined,
    signal: new AbortController().signal,
    ...more,
  });
