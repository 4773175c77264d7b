/**
 * Every object lies in an archive twice, under its plain path and under `VERSION-preferredversion/`, byte for byte the same (velero
 * pkg/backup/item_backupper.go). As Velero writes them twins are neighbours, and compared at once; where they are not, 64 bits of the SHA-256
 * of each content wait for the other.
 */
import type { ArchivePath } from './archive-facts.ts';
import { canonicalPath } from './archive-path.ts';
import type { Problems } from './archive-problems.ts';
import { digestOf, type IdentityTable, identityTable } from './identity-table.ts';

/** Marks: this copy was seen; another version’s only copy was; its content was not read. */
const canonical = 1;
const preferred = 2;
const otherVersion = 4;
const unread = 8;

/** Of how many members that wait for their twin at once the paths are kept. */
const namedAtOnce = 1000;

/** A copy, and the path that it shares with its twin. */
interface Copy {
  readonly key: string;
  readonly path: string;
  readonly content: Buffer | undefined;
}

export interface Twins {
  /** Notes a member; false where one of this path came before. */
  note(path: string, at: ArchivePath, content: Buffer | undefined): boolean;
  /** Everything was seen: what still waits has no twin. `needed`: this format writes twins. */
  finish(needed: boolean): void;
  hasPreferred(): boolean;
}

interface Tracking {
  readonly problems: Problems;
  readonly table: IdentityTable;
  /** Paths of copies that wait for their twins, by the path that they share. */
  readonly waiting: Map<string, string>;
  /** The last copy, if its twin was not there: the next member is to be it. */
  held: Copy | undefined;
  hasPreferred: boolean;
}

export function twinTracker(problems: Problems): Twins {
  const tracking: Tracking = { problems, table: identityTable(), waiting: new Map(), held: undefined, hasPreferred: false };
  const { table } = tracking;
  return {
    hasPreferred: () => tracking.hasPreferred,
    note(path, at, content) {
      const isTwin = at.version === undefined || at.preferred;
      const key = isTwin ? canonicalPath(at) : path;
      const mark = isTwin ? (at.preferred ? preferred : canonical) : otherVersion;
      const slot = table.slot(key);
      const before = table.marks(slot);
      if (before & mark) {
        problems.add({
          kind: 'duplicate',
          place: path,
          message: 'this path is in the archive twice; restores read the last',
          fatal: false,
        });
        return false;
      }
      table.mark(slot, mark);
      if (mark === preferred) tracking.hasPreferred = true;
      if (mark === otherVersion) return true;
      if (before & (canonical | preferred)) meet(tracking, { key, path, content });
      else {
        putAway(tracking);
        tracking.held = { key, path, content };
      }
      return true;
    },
    finish(needed) {
      putAway(tracking);
      if (needed) tellLone(tracking);
    },
  };
}

/** Its twin did not follow: the hash of its content waits for it. */
function putAway(tracking: Tracking): void {
  const { held, table, waiting } = tracking;
  if (!held) return;
  const slot = table.slot(held.key);
  if (held.content) table.setDigest(slot, digestOf(held.content));
  else table.mark(slot, unread);
  if (waiting.size < namedAtOnce) waiting.set(held.key, held.path);
  tracking.held = undefined;
}

/** A copy whose twin came before: are they the same? */
function meet(tracking: Tracking, { key, content }: Copy): void {
  const { held, table, waiting, problems } = tracking;
  let isSame = true;
  if (held?.key === key) {
    isSame = !held.content || !content || held.content.equals(content);
    tracking.held = undefined;
  } else {
    waiting.delete(key);
    const slot = table.slot(key);
    if (content && !(table.marks(slot) & unread)) {
      const [first, second] = digestOf(content);
      const [otherFirst, otherSecond] = table.digest(slot);
      isSame = first === otherFirst && second === otherSecond;
    }
  }
  const message = 'the copy that restores read and its copy by version are not the same bytes';
  if (!isSame) problems.add({ kind: 'twin-differs', place: key, message, fatal: false });
}

function tellLone({ table, waiting, problems }: Tracking): void {
  let untold = 0;
  for (const marks of [canonical, preferred]) untold += table.count(marks) + table.count(marks | unread);
  for (const path of waiting.values()) {
    untold -= 1;
    problems.add(
      path.includes('-preferredversion/')
        ? { kind: 'twin-missing', place: path, message: 'the copy that restores read is not in the archive', fatal: false }
        : { kind: 'twin-missing', place: path, message: 'its copy by version is not in the archive', fatal: false, harmless: true },
    );
  }
  problems.count('twin-missing', untold);
}
