import { StoreError } from './object-store.ts';

/** All bytes of an object that comes; leaves it, and throws StoreError, as soon as there are more than `mostBytes`. */
export async function bytesOf(chunks: AsyncIterable<Uint8Array>, place: string, mostBytes: number): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > mostBytes) {
      const remedy = 'nothing that Velero writes there is so large: look what it is';
      throw new StoreError('too-large', `${place} is larger than the ${mostBytes} bytes that are read of such a file`, remedy);
    }
    taken.push(chunk);
  }
  return Buffer.concat(taken);
}
