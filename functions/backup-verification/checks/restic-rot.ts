import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import { NotApplicable } from '../../scan/contracts.ts';
import { type SampleResult, sampleRestic, sampleState } from '../../velero/volumes/restic-rot.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { size } from '../tables.ts';

interface Options {
  readonly runs: number;
  readonly mostMegabytes: number;
}

/** What a restic repository is called in its location: its namespace. */
const folderOf = (key: string): string => key.split('/').slice(0, 2).join('/');

function say(pass: CheckPass<Options>, { rotten, unread, unreadCount, read, bytes, total, coveredPercent, cut }: SampleResult): void {
  for (const [folder, objects] of Map.groupBy(rotten, ({ key }) => folderOf(key))) {
    const [first] = objects;
    if (!first) continue;
    pass.emit({
      object: pass.location.object,
      subject: `${folder}/`,
      severity: 'critical',
      message: `${objects.length} of the restic objects that were read ${objects.length === 1 ? 'is' : 'are'} not what restic wrote: ${some(objects.map(({ key }) => key))}; expected SHA-256 ${first.expected} of the first, got ${first.got}`,
      remedy: `bring an earlier version of the object back (bucket versioning, replication); else restic -r ${pass.location.name}/${folder} check --read-data says what is lost`,
      details: { key: first.key, expected: first.expected, got: first.got, bytes: first.size, objects: objects.length },
    });
  }
  if (unreadCount > 0) {
    const [first] = unread;
    const reason = `${unreadCount} restic objects could not be read, such as ${first?.key ?? ''}: ${first?.reason ?? ''}`;
    pass.unknown({ reason, remedy: first?.remedy ?? '' });
  }
  if (cut) pass.unknown({ reason: `restic repositories were not sampled to the end: ${cut.reason}`, remedy: cut.remedy });
  if (total === 0) return;
  const what = `restic: ${read} of ${total} objects (${size(bytes)}) hashed in this run, ${coveredPercent} % in this round, ${rotten.length} rotten`;
  // It stands in the row of what would be restored from these repositories.
  for (const { newestUsable } of pass.location.schedules) if (newestUsable) pass.mark(newestUsable.name, 'ok', what);
}

export default defineLocationCheck({
  id: 'restic-rot',
  title: 'Bit rot in restic repositories',
  why: 'A block that rotted in the bucket is noticed when it is restored: by then no good copy may be left.',
  upstream: 'https://restic.readthedocs.io/en/stable/100_references.html#repository-format',
  level: 'content',
  reads: {},
  options: z.strictObject({
    runs: z.number().int().min(1).max(1000).default(30).describe('After so many runs every object was read once'),
    mostMegabytes: z.number().min(1).default(500).describe('At most so much is read in one run; what is left over is read in the next'),
  }),
  async look(pass) {
    const { location, options, signal } = pass;
    if (!location.topFolders.includes('restic')) throw new NotApplicable('there is no restic repository in this location');
    const before = sampleState.safeParse(pass.memory);
    const limits = { parts: options.runs, mostBytes: options.mostMegabytes * 1_000_000, signal };
    const result = await sampleRestic(location.store, before.success ? before.data : undefined, limits);
    pass.remember(result.next);
    say(pass, result);
  },
});
