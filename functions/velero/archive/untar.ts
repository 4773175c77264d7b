/** The members of a tar stream, and whether it ended as a tar does: tar-stream passes over zero blocks without a word, so they are looked at here. */
import { type Extract, type ExtractEvents, extract, type Header } from 'tar-stream';

export interface TarHeader {
  readonly path: string;
  /** As tar-stream names them; null: unknown. */
  readonly type: Header['type'] | null;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
}

export interface TarFault {
  readonly kind: 'truncated' | 'bad-member' | 'trailing-data';
  readonly place: string;
  readonly message: string;
  readonly fatal: boolean;
}

export interface TarReader {
  /** Resolves when all of it was looked at. Throws what `member` throws. */
  write(chunk: Buffer): Promise<void>;
  /** Nothing more comes: tells whether that is the end of a tar. */
  end(): Promise<void>;
  /** Set where the rest cannot be read, or need not be. */
  fault(): TarFault | undefined;
  destroy(): void;
}

/** Two blocks of zeros end a tar. */
const endBytes = 1024;
const padded = (size: number): number => Math.ceil(size / 512) * 512;

export interface TarOptions {
  /** A member of more bytes than this is passed over: its content is then undefined. */
  readonly mostBytes: number;
  /** Called for every member, in order; `content` is good only as long as nobody writes into it. */
  readonly member: (header: TarHeader, content: Buffer | undefined) => void;
}

type Source = ExtractEvents['entry'][1];

/** A tar while it is read. */
interface Reading {
  readonly options: TarOptions;
  readonly tar: Extract;
  readonly tail: ReturnType<typeof recentBytes>;
  fault: TarFault | undefined;
  /** By `member`. */
  thrown: { readonly error: unknown } | undefined;
  lastPath: string;
}

export function openTar(options: TarOptions): TarReader {
  // Without a mark every write waits until the whole chunk was looked at.
  const settings = { highWaterMark: 0, allowUnknownFormat: true };
  const tar = extract(settings);
  const reading: Reading = { options, tar, tail: recentBytes(), fault: undefined, thrown: undefined, lastPath: '' };
  let settle: (() => void) | undefined;
  tar.on('entry', (header, stream, next) => readMember(reading, header, stream, next));
  tar.on('error', (error: Error) => {
    reading.fault ??= faultOf(reading, error);
  });
  for (const event of ['drain', 'close']) tar.on(event, () => settle?.());
  const settled = (begin: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      settle = () => {
        settle = undefined;
        if (reading.thrown) reject(reading.thrown.error);
        else resolve();
      };
      begin();
    });
  return {
    fault: () => reading.fault,
    destroy: () => void tar.destroy(),
    async write(chunk) {
      reading.tail.add(chunk);
      if (!isOver(reading)) await settled(() => void tar.write(chunk));
    },
    async end() {
      if (!isOver(reading)) await settled(() => void tar.end(undefined));
      if (reading.fault || reading.tail.isEnd()) return;
      const message = 'the tar ends without its two zero blocks: members may be missing';
      reading.fault = { kind: 'truncated', place: after(reading), message, fatal: true };
    },
  };
}

const isOver = ({ fault, thrown, tar }: Reading): boolean => fault !== undefined || thrown !== undefined || tar.destroyed;

const after = ({ tail, lastPath }: Reading): string => `byte ${tail.mark()} of the tar${lastPath && `, after ${lastPath}`}`;

const beyondEnd = ({ tail }: Reading): TarFault => {
  const message = 'something follows the end of the tar, which restores do not read';
  return { kind: 'trailing-data', place: `byte ${tail.mark() + endBytes} of the tar`, message, fatal: false };
};

function faultOf(reading: Reading, error: Error): TarFault {
  const { tail, lastPath } = reading;
  if (tail.isEnd()) return beyondEnd(reading);
  if (error.message.includes('end of data')) {
    const message = tail.mark() > tail.length() ? `the tar ends in the middle of ${lastPath}` : 'the tar ends in the middle of a header';
    return { kind: 'truncated', place: `byte ${tail.length()} of the tar`, message, fatal: true };
  }
  return { kind: 'bad-member', place: after(reading), message: `the tar header is damaged (${plain(error)})`, fatal: true };
}

function readMember(reading: Reading, header: Header, stream: Source, next: () => void): void {
  const { tail, tar, options } = reading;
  // `./` before a name is what hand-made archives have.
  const path = header.name.replace(/^(?:\.\/+)+/, '');
  const { size } = header;
  const start = stream.offset + 512;
  const isNumber = Number.isSafeInteger(size) && size >= 0;
  if (!isNumber || tail.isEnd(start)) {
    reading.fault ??= tail.isEnd(start)
      ? beyondEnd(reading)
      : { kind: 'bad-member', place: path || after(reading), message: 'its size is no number', fatal: true };
    tar.destroy();
    return;
  }
  reading.lastPath = path;
  tail.moveTo(start + padded(size));
  const parts: Buffer[] = [];
  stream.on('data', (part) => {
    if (size <= options.mostBytes && Buffer.isBuffer(part)) parts.push(part);
  });
  stream.on('error', () => {});
  stream.on('end', () => {
    const [only] = parts;
    const content = size > options.mostBytes ? undefined : parts.length === 1 ? only : Buffer.concat(parts);
    try {
      options.member({ path, size, type: header.type, mtime: header.mtime.getTime() }, content);
    } catch (error) {
      reading.thrown = { error };
      tar.destroy();
      return;
    }
    next();
  });
}

const plain = ({ message }: Error): string =>
  message.startsWith('Invalid tar header') ? 'its checksum is wrong' : message.charAt(0).toLowerCase() + message.slice(1);

/** The bytes from the end of the last member on, so that it can be told whether two zero blocks are there. */
function recentBytes() {
  let chunks: { readonly at: number; readonly bytes: Buffer }[] = [];
  let [length, mark] = [0, 0];
  const areZeros = (from: number, to: number): boolean =>
    chunks.every(({ at, bytes }) => bytes.subarray(Math.max(0, from - at), Math.max(0, to - at)).every((byte) => byte === 0));
  return {
    length: () => length,
    mark: () => mark,
    add(bytes: Buffer): void {
      // Nothing in front of the mark is asked for, and behind the end of the tar only its beginning.
      if (length + bytes.length > mark && length < mark + endBytes) chunks.push({ at: length, bytes });
      length += bytes.length;
    },
    moveTo(next: number): void {
      mark = next;
      chunks = chunks.filter(({ at, bytes }) => at + bytes.length > mark);
    },
    /** Do two zero blocks lie between the mark and a later place (as far as was read)? */
    isEnd: (before = length): boolean => before - mark >= endBytes && areZeros(mark, mark + endBytes),
  };
}
