/** What the benchmark of the inventory measures, as a process of its own: `first FILE`, `again FILE` (FILE keeps what is known), `raw URL`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { keepHeapSmall } from '../../functions/runtime/small-heap.ts';

// As the function and the command begin.
keepHeapSmall();
const [mode, place = ''] = process.argv.slice(2);

/** The least that a program can do: every page, every velero-backup.json parsed, 16 at once. */
async function raw(url: string): Promise<void> {
  const { default: pLimit } = await import('p-limit');
  const limit = pLimit(16);
  const gets: Promise<unknown>[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const page: string = await (await fetch(`${url}/bucket?list-type=2&prefix=backups/${token && `&continuation-token=${token}`}`)).text();
    for (const [, key] of page.matchAll(/<Key>([^<]+velero-backup\.json)<\/Key>/g))
      gets.push(limit(async () => JSON.parse(await (await fetch(`${url}/bucket/${key}`)).text())));
    token = /<NextContinuationToken>(\d+)/.exec(page)?.[1];
  }
  await Promise.all(gets);
}

async function inventory(file: string, known: unknown): Promise<void> {
  const { s3ObjectStore } = await import('../../functions/velero/store/s3-object-store.ts');
  const { readInventory } = await import('../../functions/velero/inventory/read-inventory.ts');
  const store = s3ObjectStore({ bucket: 'bucket', region: 'eu-central-1' });
  const read = await readInventory(store, { known, signal: AbortSignal.timeout(600_000) });
  if (read.backups.some(({ metadata }) => !metadata))
    throw new Error(`a backup has no metadata: ${JSON.stringify(read.backups.find(({ metadata }) => !metadata))}`);
  // Given a text, it takes three times its length.
  writeFileSync(file, Buffer.from(JSON.stringify(read.known)));
}

if (mode === 'raw') await raw(place);
else await inventory(place, mode === 'again' ? JSON.parse(readFileSync(place, 'utf8')) : undefined);
