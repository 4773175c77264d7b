import * as z from 'zod';
import { hours, timeOf } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { refTo } from '../../scan/contracts.ts';
import { isUsable } from '../../velero/backup.ts';
import { veleroBackups } from '../../velero/kinds.ts';
import { defineLocationCheck } from '../contracts.ts';

/** By name: in ms, when it expires and, of one that vanished, when that was seen. */
type Names = Readonly<Record<string, { readonly expires: number; readonly seen?: number }>>;

const isNames = (memory: unknown): memory is Names =>
  typeof memory === 'object' && memory !== null && Object.values(memory).every((each) => typeof each?.expires === 'number');

/** So many of the newest are remembered: a few KB. */
const most = 200;

export default defineLocationCheck({
  id: 'backup-vanished',
  title: 'Backups that are gone before their time',
  why: 'A backup that vanishes before it expires was deleted by somebody or by a lifecycle rule, and others may follow.',
  upstream: 'https://velero.io/docs/main/backup-reference/',
  level: 'inventory',
  reads: {},
  options: z.strictObject({
    tellDays: z.number().min(0).default(3).describe('It is told for this long, unless it comes back or would have expired'),
  }),
  look({ location, now, options, memory, remember, emit }) {
    const there = new Set(location.backups.filter(({ files }) => files.metadata).map(({ name }) => name));
    const vanished = Object.entries(isNames(memory) ? memory : {})
      .filter(([name, { expires, seen }]) => !there.has(name) && expires > now && now - (seen ?? now) <= hours(24 * options.tellDays))
      .map(([name, { expires, seen }]) => ({ name, expires, seen: seen ?? now }));
    const kept = location.backups.filter(isUsable).flatMap(({ name, metadata }) => {
      const expires = timeOf(metadata?.expiration);
      return expires === undefined || expires <= now ? [] : [[name, { expires }] as const];
    });
    remember(Object.fromEntries([...kept.slice(0, most), ...vanished.map(({ name, ...rest }) => [name, rest] as const)]));
    if (vanished.length === 0) return;
    const [first] = vanished.toSorted((a, b) => a.seen - b.seen);
    emit({
      object: location.object,
      severity: 'warning',
      message: `${vanished.length === 1 ? 'a usable backup is' : `${vanished.length} usable backups are`} gone from the bucket before expiring: ${some(vanished.map(({ name }) => name))}`,
      remedy: `find out who deleted it (CloudTrail, DeleteObject); with versioning on: aws s3api list-object-versions --prefix .../backups/${first?.name}/`,
      startedAt: new Date(first?.seen ?? now).toISOString(),
      members: vanished.slice(0, 100).map(({ name }) => refTo(veleroBackups, { name })),
      details: { backups: vanished.length },
    });
  },
});
