/** Looks into archives, one after another: each in one streaming pass that all checks of the level share. */
import type { ArchivedObject, ArchiveEnd } from '../velero/archive/archive-facts.ts';
import { readArchive } from '../velero/archive/read-archive.ts';
import { type Backup, startedAt } from '../velero/backup.ts';
import { readCompanions } from '../velero/companions/read-companions.ts';
import { StoreError } from '../velero/store/object-store.ts';
import type { ArchiveCheck, ArchiveReducer, LocationFacts, OpenedBackup, OperationCheck } from './contracts.ts';
import type { VerificationRequest } from './request.ts';
import { noteThrown, nothingSaid, passOf, type Said, type Voice } from './said.ts';
import type { ArchiveDone } from './state.ts';

/** A check that runs, with its valid options. */
export interface Enabled<C = OperationCheck> {
  readonly check: C;
  readonly options: unknown;
}

export const isArchiveCheck = (enabled: Enabled): enabled is Enabled<ArchiveCheck> => 'start' in enabled.check;

/** Which backups are looked into: those that are named, else the newest usable one of each schedule. */
export function chosenArchives({ schedules, backups }: LocationFacts, { isNamed }: VerificationRequest): readonly Backup[] {
  if (isNamed) return backups.filter(({ name, metadata }) => metadata !== undefined && isNamed(name));
  return schedules.flatMap(({ newestUsable }) => newestUsable ?? []);
}

/** An archive check at work; it ends where it throws. */
interface Running {
  readonly check: ArchiveCheck;
  readonly reducer: ArchiveReducer;
  ended: boolean;
}

/**
 * Reads one archive and lets all checks look at it. What could not be read is said as unknown by each check; a throw of a check ends that check
 * alone. `undefined` where the time budget was spent before the end: the next run does it again.
 */
export async function lookIntoArchive(
  backup: Backup,
  checks: readonly Enabled<ArchiveCheck>[],
  voice: Omit<Voice, 'said'>,
): Promise<ArchiveDone | undefined> {
  const { metadata, files, name } = backup;
  if (!metadata) return undefined;
  const said = nothingSaid();
  // What checks remember counts only if the archive is read to the end of the work on it.
  const memory = { ...voice.memory };
  const speaking: Voice = { ...voice, said, memory, opened: name };
  const { location, signal } = speaking;
  const opened: OpenedBackup = {
    backup,
    metadata,
    companions: readCompanions(location.store, backup, signal),
    schedule: location.schedules.find((schedule) => schedule.backups.includes(backup)) ?? {
      name: '',
      namespace: metadata.namespace,
      backups: [backup],
    },
  };
  const running = startAll(opened, checks, speaking);
  const { contents } = files;
  const etag = contents?.etag ?? '';
  let end: Pick<ArchiveEnd, 'whole' | 'objects' | 'bytes'> = { whole: false, objects: 0, bytes: 0 };
  try {
    if (!contents) throw new StoreError('missing', `${name} has no tarball`, 'look at what the inventory says of this backup');
    const read = await readArchive(location.store.open(contents.key, { signal, etag }), {
      see: (object) => show(running, object, said, name),
      window: { from: startedAt(backup), to: Date.parse(metadata.completionTimestamp ?? '') || startedAt(backup) },
      signal,
    });
    end = read;
    await finishAll(running, read, said, name);
  } catch (error) {
    for (const { check } of running) noteThrown(said, check.id, error, { backup: name });
  }
  if (signal.aborted) return undefined;
  Object.assign(voice.memory, memory);
  return {
    etag,
    at: new Date().toISOString(),
    said,
    objects: end.objects,
    end: { whole: end.whole, objects: end.objects, bytes: end.bytes },
  };
}

function startAll(opened: OpenedBackup, checks: readonly Enabled<ArchiveCheck>[], voice: Voice): Running[] {
  return checks.flatMap(({ check, options }): Running[] => {
    try {
      return [{ check, reducer: check.start(opened, passOf(check, options, voice)), ended: false }];
    } catch (error) {
      noteThrown(voice.said, check.id, error, { backup: opened.backup.name });
      return [];
    }
  });
}

function show(running: readonly Running[], object: ArchivedObject, said: Said, backup: string): void {
  for (const each of running) {
    if (each.ended || !each.reducer.see) continue;
    try {
      each.reducer.see(object);
    } catch (error) {
      each.ended = true;
      noteThrown(said, each.check.id, error, { backup, where: object.path });
    }
  }
}

async function finishAll(running: readonly Running[], end: ArchiveEnd, said: Said, backup: string): Promise<void> {
  for (const each of running) {
    if (each.ended) continue;
    try {
      await each.reducer.finish?.(end);
      said.looked[each.check.id] = end.objects;
    } catch (error) {
      noteThrown(said, each.check.id, error, { backup });
    }
  }
}
