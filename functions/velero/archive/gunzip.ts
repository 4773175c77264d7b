/**
 * The content of a gzip file (RFC 1952) as it comes. Its frame is read here and not by zlib's Gunzip, which passes over zeros after the end,
 * drops what it had unpacked of a piece where it finds a fault in it, and cannot say where the fault lies.
 */
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';

export interface GzipFault {
  readonly kind: 'truncated' | 'corrupt' | 'trailing-data';
  readonly place: string;
  readonly message: string;
  /** What came after it could not be unpacked. */
  readonly fatal: boolean;
}

export interface Unpacking {
  /** Throws what the packed side throws, and nothing else. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Complete when `chunks` has ended. */
  readonly faults: readonly GzipFault[];
}

/** Large pieces: 54 to 1 is usual, and each piece is a turn through the thread pool. */
const chunkSize = 256 << 10;
/** What is given to zlib at once: the place of a fault is known this well. */
const sliceBytes = 64 << 10;

/** Reads to the end of the packed side whatever the faults, so that its size and its hash are known. */
export function gunzip(packed: AsyncIterable<Uint8Array>): Unpacking {
  const faults: GzipFault[] = [];
  return { faults, chunks: members(packedInput(packed), faults) };
}

/** The packed side, piece by piece; what was too much is given back. */
interface PackedInput {
  next(): Promise<Uint8Array | undefined>;
  giveBack(rest: Uint8Array): void;
  /** So many bytes, fewer where it ends. */
  take(count: number): Promise<Uint8Array>;
  /** Bytes that were handed out and not given back. */
  position(): number;
  close(): Promise<void>;
}

function packedInput(packed: AsyncIterable<Uint8Array>): PackedInput {
  const iterator = packed[Symbol.asyncIterator]();
  let [rest, position]: [Uint8Array, number] = [new Uint8Array(), 0];
  const next = async (): Promise<Uint8Array | undefined> => {
    while (rest.length === 0) {
      const { value, done } = await iterator.next();
      if (done) return undefined;
      rest = value;
    }
    const piece = rest.subarray(0, sliceBytes);
    rest = rest.subarray(piece.length);
    position += piece.length;
    return piece;
  };
  const giveBack = (back: Uint8Array): void => {
    position -= back.length;
    rest = rest.length === 0 ? back : Buffer.concat([back, rest]);
  };
  return {
    next,
    giveBack,
    position: () => position,
    async take(count) {
      let taken: Uint8Array = new Uint8Array();
      while (taken.length < count) {
        const piece = await next();
        if (!piece) return taken;
        const wanted = count - taken.length;
        if (piece.length > wanted) giveBack(piece.subarray(wanted));
        taken = taken.length === 0 ? piece.subarray(0, wanted) : Buffer.concat([taken, piece.subarray(0, wanted)]);
      }
      return taken;
    },
    async close() {
      await iterator.return?.();
    },
  };
}

/** All members of the file: several, one after another, are legal. */
async function* members(input: PackedInput, faults: GzipFault[]): AsyncGenerator<Buffer, void> {
  try {
    for (let member = 0; ; member += 1) {
      const start = input.position();
      const magic = await input.take(2);
      if (member > 0 && (magic[0] !== 0x1f || magic[1] !== 0x8b)) {
        const bytes = magic.length + (await drain(input));
        const place = `byte ${start} of the packed file`;
        if (bytes > 0)
          faults.push({ kind: 'trailing-data', place, message: `${bytes} bytes follow the end of the gzip data`, fatal: false });
        return;
      }
      const fault = (await readHeader(input, magic)) ?? (yield* inflateMember(input, faults));
      if (!fault) continue;
      faults.push(fault);
      await drain(input);
      return;
    }
  } finally {
    await input.close();
  }
}

async function drain(input: PackedInput): Promise<number> {
  let bytes = 0;
  for (let piece = await input.next(); piece; piece = await input.next()) bytes += piece.length;
  return bytes;
}

const truncated = (input: PackedInput, where: string): GzipFault => ({
  kind: 'truncated',
  place: `byte ${input.position()} of the packed file`,
  message: input.position() === 0 ? 'the file is empty' : `the file ends ${where}`,
  fatal: true,
});

const headerFlags = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

async function readHeader(input: PackedInput, magic: Uint8Array): Promise<GzipFault | undefined> {
  const start = input.position() - magic.length;
  const fixed = Buffer.concat([magic, await input.take(8)]);
  if (fixed.length < 10) return truncated(input, 'in the gzip header');
  const [first = 0, second = 0, method = 0, flags = 0] = fixed;
  const corrupt = (message: string): GzipFault => ({ kind: 'corrupt', place: `byte ${start} of the packed file`, message, fatal: true });
  if (first !== 0x1f || second !== 0x8b) return corrupt('it does not begin like a gzip file');
  if (method !== 8 || (flags & headerFlags.reserved) !== 0) return corrupt('its gzip header is wrong');
  let sum = crc32(fixed);
  const bytes = async (count: number): Promise<Uint8Array | undefined> => {
    const taken = await input.take(count);
    sum = crc32(taken, sum);
    return taken.length < count ? undefined : taken;
  };
  if (flags & headerFlags.extra) {
    const length = await bytes(2);
    if (!length || !(await bytes((length[0] ?? 0) + 256 * (length[1] ?? 0)))) return truncated(input, 'in the gzip header');
  }
  for (const flag of [headerFlags.name, headerFlags.comment]) {
    if (!(flags & flag)) continue;
    for (let byte = await bytes(1); byte?.[0] !== 0; byte = await bytes(1)) if (!byte) return truncated(input, 'in the gzip header');
  }
  if (!(flags & headerFlags.crc)) return undefined;
  const told = await input.take(2);
  if (told.length < 2) return truncated(input, 'in the gzip header');
  return (told[0] ?? 0) + 256 * (told[1] ?? 0) === (sum & 0xffff) ? undefined : corrupt('the checksum of its gzip header is wrong');
}

const isZlibError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');

/** One member's content and trailer; returns what makes going on impossible. */
async function* inflateMember(input: PackedInput, faults: GzipFault[]): AsyncGenerator<Buffer, GzipFault | undefined> {
  const inflate = createInflateRaw({ chunkSize });
  const start = input.position();
  const feeding = feed(input, inflate);
  let [sum, size] = [0, 0];
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    if (error.code === 'Z_BUF_ERROR') return truncated(input, 'in the middle of the packed data');
    const place = `bytes ${start + inflate.bytesWritten} to ${input.position()} of the packed file`;
    return { kind: 'corrupt', place, message: `the packed data are damaged (${error.message})`, fatal: true };
  } finally {
    inflate.destroy();
    await feeding;
  }
  return readTrailer(input, faults, sum, size);
}

async function readTrailer(input: PackedInput, faults: GzipFault[], sum: number, size: number): Promise<GzipFault | undefined> {
  const at = input.position();
  const trailer = Buffer.from(await input.take(8));
  if (trailer.length < 8) return truncated(input, 'before the gzip trailer is complete');
  const [toldSum, toldSize] = [trailer.readUInt32LE(0), trailer.readUInt32LE(4)];
  const hex = (value: number) => value.toString(16).padStart(8, '0');
  if (toldSum !== sum) {
    const message = `the CRC of the content is ${hex(sum)}, the gzip trailer says ${hex(toldSum)}`;
    faults.push({ kind: 'corrupt', place: `byte ${at} of the packed file`, message, fatal: false });
  }
  if (toldSize !== size % 2 ** 32) {
    const message = `the content has ${size} bytes, the gzip trailer says ${toldSize}`;
    faults.push({ kind: 'corrupt', place: `byte ${at + 4} of the packed file`, message, fatal: false });
  }
  return undefined;
}

/** Gives zlib piece after piece until its data end, and gives back what lies behind them. */
async function feed(input: PackedInput, inflate: InflateRaw): Promise<void> {
  const over = new Promise<unknown>((resolve) => {
    for (const event of ['end', 'error', 'close']) inflate.once(event, () => resolve(inflate.errored));
  });
  let fed = 0;
  try {
    while (!inflate.destroyed && !inflate.readableEnded) {
      const piece = await input.next();
      if (!piece) {
        inflate.end();
        return;
      }
      fed += piece.length;
      const failed = await Promise.race([new Promise<unknown>((resolve) => inflate.write(piece, resolve)), over]);
      // zlib takes no more where its data have ended.
      const left = fed - inflate.bytesWritten;
      if (failed || left === 0) continue;
      input.giveBack(piece.subarray(piece.length - left));
      return;
    }
  } catch (error) {
    // What the packed side throws reaches whoever reads.
    inflate.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
