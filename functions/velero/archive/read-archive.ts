/** One streaming pass over a backup's tarball, in constant memory and without a temporary file: what is in it, and what is wrong with it. */
import { createHash } from 'node:crypto';
import { StoreError } from '../store/object-store.ts';
import type { ArchivedObject, ArchiveEnd, ArchivePath } from './archive-facts.ts';
import { groupResource, nameFault, parseArchivePath } from './archive-path.ts';
import { collectProblems, type Problems } from './archive-problems.ts';
import { type Twins, twinTracker } from './archive-twins.ts';
import { type ObjectReader, objectReader } from './archived-object.ts';
import { gunzip } from './gunzip.ts';
import { openTar, type TarHeader, type TarReader } from './untar.ts';

export interface ArchiveLimits {
  /** Of one member. etcd takes 1.5 MB by default. */
  readonly objectBytes: number;
  /** Of all that is unpacked; 54 to 1 is usual, so no ratio is a limit. */
  readonly totalBytes: number;
  readonly members: number;
}
export const archiveLimits: ArchiveLimits = { objectBytes: 16 << 20, totalBytes: 64 * 2 ** 30, members: 10_000_000 };

export interface ReadArchive {
  /** Each object once, from its canonical copy, in the archive’s order. */
  readonly see: (object: ArchivedObject) => void;
  /** When the backup was made, in ms: members whose time lies more than ten minutes outside are told of. */
  readonly window?: { readonly from: number; readonly to: number };
  readonly limits?: Partial<ArchiveLimits>;
  readonly signal: AbortSignal;
}

/** Throws what the source throws, a StoreError `budget` when the signal says so, and what `see` throws. */
export async function readArchive(packed: AsyncIterable<Uint8Array>, options: ReadArchive): Promise<ArchiveEnd> {
  const limits = { ...archiveLimits, ...options.limits };
  const problems = collectProblems();
  const source = counted(packed, options.signal);
  const unpacking = gunzip(source.pieces);
  const contents = contentsOf(options, limits, problems);
  const tar = openTar({ mostBytes: limits.objectBytes, member: contents.member });
  let bytes = 0;
  try {
    for await (const chunk of unpacking.chunks) {
      bytes += chunk.length;
      if (bytes > limits.totalBytes) {
        const place = `byte ${limits.totalBytes} of the tar`;
        problems.add({ kind: 'too-large', place, message: `it unpacks to more than ${limits.totalBytes} bytes, the limit`, fatal: true });
        break;
      }
      await tar.write(chunk);
      if (contents.isStopped()) break;
    }
    await conclude(tar, unpacking.faults, problems);
  } finally {
    tar.destroy();
  }
  return { ...contents.finish(), ...source.end(), bytes };
}

async function conclude(tar: TarReader, faults: ReturnType<typeof gunzip>['faults'], problems: Problems): Promise<void> {
  for (const { kind, place, message, fatal } of faults)
    problems.add({ kind, place, message, fatal, ...(kind === 'trailing-data' && { harmless: true }) });
  // Where the packed side ended early the tar did so too, and nothing is to be said of that.
  if (!problems.hasFatal()) await tar.end();
  const fault = tar.fault();
  if (fault) problems.add({ ...fault, ...(fault.kind === 'trailing-data' && { harmless: true }) });
}

/** The packed side with its size and hash. */
function counted(packed: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  const sum = createHash('sha256');
  let [packedBytes, isWhole] = [0, false];
  const throwIfSpent = (): void => {
    if (signal.aborted)
      throw new StoreError('budget', 'the time was spent before the archive was read to its end', 'give the run more time');
  };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of packed) {
      throwIfSpent();
      packedBytes += piece.length;
      sum.update(piece);
      yield piece;
    }
    throwIfSpent();
    isWhole = true;
  }
  return { pieces: pieces(), end: () => ({ packedBytes, ...(isWhole && { sha256: sum.digest('hex') }) }) };
}

/** What is known of an archive while its members pass. */
interface Passing {
  readonly options: ReadArchive;
  readonly limits: ArchiveLimits;
  readonly problems: Problems;
  readonly twins: Twins;
  readonly reader: ObjectReader;
  readonly kinds: Map<string, number>;
  readonly namespaces: Map<string, number>;
  readonly oddTimes: string[];
  formatVersion: string | undefined;
  members: number;
  objects: number;
  /** Members were passed over for their size: what is missing is not known. */
  hasUnread: boolean;
  isStopped: boolean;
}

function contentsOf(options: ReadArchive, limits: ArchiveLimits, problems: Problems) {
  const passing: Passing = {
    options,
    limits,
    problems,
    twins: twinTracker(problems),
    reader: objectReader(problems),
    kinds: new Map(),
    namespaces: new Map(),
    oddTimes: [],
    formatVersion: undefined,
    members: 0,
    objects: 0,
    hasUnread: false,
    isStopped: false,
  };
  return {
    member: (header: TarHeader, content: Buffer | undefined) => {
      if (!passing.isStopped) lookAtMember(passing, header, content);
    },
    isStopped: () => passing.isStopped,
    finish: () => finish(passing),
  };
}

function lookAtMember(passing: Passing, header: TarHeader, content: Buffer | undefined): void {
  const { problems, limits } = passing;
  const { path, type } = header;
  passing.members += 1;
  if (passing.members > limits.members) {
    problems.add({ kind: 'too-large', place: path, message: `it has more than ${limits.members} members, the limit`, fatal: true });
    passing.isStopped = true;
    return;
  }
  const bad = (message: string, isHarmless: boolean): void =>
    problems.add({ kind: 'bad-member', place: path, message, fatal: false, ...(isHarmless && { harmless: true }) });
  const fault = nameFault(path);
  const at = parseArchivePath(path);
  if (fault) bad(fault, false);
  else if (type === 'directory') return;
  else if (type !== 'file') bad(`is a ${type ?? 'member of an unknown type'}, not a file: restores pass over it`, false);
  else if (!at && path !== 'metadata/version') bad('is none of the files that Velero writes', true);
  else lookAtFile(passing, header, at, content);
}

function lookAtFile(passing: Passing, header: TarHeader, at: ArchivePath | undefined, content: Buffer | undefined): void {
  const { problems, limits } = passing;
  const { path, size } = header;
  noteTime(passing, header);
  if (!content) {
    passing.hasUnread = true;
    problems.add({
      kind: 'too-large',
      place: path,
      message: `it has ${size} bytes, more than the limit of ${limits.objectBytes}`,
      fatal: false,
    });
  }
  if (at) lookAtObject(passing, path, at, content);
  else if (content) lookAtVersion(passing, content);
}

function lookAtObject(passing: Passing, path: string, at: ArchivePath, content: Buffer | undefined): void {
  const isNew = passing.twins.note(path, at, content);
  if (at.version !== undefined || !content || !isNew) return;
  const read = passing.reader.read(path, at, content);
  if ('problem' in read) {
    passing.problems.add(read.problem);
    return;
  }
  passing.objects += 1;
  const kind = groupResource(at);
  passing.kinds.set(kind, (passing.kinds.get(kind) ?? 0) + 1);
  const namespace = at.namespace ?? '';
  passing.namespaces.set(namespace, (passing.namespaces.get(namespace) ?? 0) + 1);
  passing.options.see(read.object);
}

/** "1" until 1.3, "1.1.0" since (velero pkg/backup/backup.go); another major version may lay things out otherwise. */
function lookAtVersion(passing: Passing, content: Buffer): void {
  const place = 'metadata/version';
  if (passing.formatVersion !== undefined) {
    passing.problems.add({ kind: 'duplicate', place, message: 'this path is in the archive twice', fatal: false, harmless: true });
    return;
  }
  const told = content.toString().trim().slice(0, 40);
  passing.formatVersion = told;
  const major = /^(\d+)(?:\.\d+)*$/.exec(told)?.[1];
  if (major === undefined) {
    passing.problems.add({ kind: 'format-version', place, message: 'it holds no version', fatal: false, harmless: true });
  } else if (Number(major) > 1) {
    const message = `the backup has format ${told}; formats up to 1 are known`;
    passing.problems.add({ kind: 'format-version', place, message, fatal: true });
    passing.isStopped = true;
  }
}

const tolerance = 10 * 60_000;
const mostOddTimes = 10;

function noteTime({ options: { window }, oddTimes }: Passing, { path, mtime }: TarHeader): void {
  if (!window || Number.isNaN(mtime) || oddTimes.length >= mostOddTimes) return;
  if (mtime < window.from - tolerance || mtime > window.to + tolerance) oddTimes.push(path);
}

function finish(passing: Passing): Omit<ArchiveEnd, 'bytes' | 'packedBytes' | 'sha256'> {
  const { problems, twins, formatVersion, members, objects, kinds, namespaces, oddTimes } = passing;
  const whole = !problems.hasFatal() && !passing.hasUnread;
  if (whole) {
    if (formatVersion === undefined) {
      const message = 'it is not in the archive';
      problems.add({ kind: 'format-version', place: 'metadata/version', message, fatal: false, harmless: true });
    }
    // Until 1.3 there was one copy of each.
    const hasTwins = /^1\.[1-9]/.test(formatVersion ?? '');
    twins.finish(hasTwins || (formatVersion !== '1' && twins.hasPreferred()));
  }
  return {
    whole,
    problems: problems.list,
    problemCounts: problems.counts,
    ...(formatVersion !== undefined && { formatVersion }),
    objects,
    members,
    kinds: Object.fromEntries(kinds),
    namespaces: Object.fromEntries(namespaces),
    oddTimes,
  };
}
