/** Reads a source to its end, holding it to the contract on the way. */
import assert from 'node:assert/strict';
import type { End, Read, Source } from '../../../functions/scan/contracts.ts';

/** What a test looks at. */
export interface Seen {
  readonly objects: readonly {
    readonly kind?: string;
    readonly metadata?: { readonly uid?: string; readonly name?: string };
    readonly spec?: unknown;
  }[];
  /** How many objects each batch had. */
  readonly batches: readonly number[];
  readonly end: End;
}

/** All of one read. `onBatch` runs after each batch, before the next is taken. */
export async function readAll(
  source: Source,
  read: Read,
  onBatch: (count: number) => Promise<void> = async () => undefined,
): Promise<Seen> {
  const objects: Seen['objects'][number][] = [];
  const batches: number[] = [];
  let end: End | undefined;
  for await (const said of source.read([read], new AbortController().signal)) {
    assert.equal(said.read, read);
    assert.equal(end, undefined, 'nothing after the end');
    if ('state' in said) {
      end = said;
      continue;
    }
    batches.push(said.objects.length);
    objects.push(...(said.objects as Seen['objects']));
    await onBatch(batches.length);
  }
  assert.ok(end, 'the read ended');
  assert.equal(end.objects, objects.length);
  return { objects, batches, end };
}
