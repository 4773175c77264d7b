/** What the benchmark of the content measures, as a process of its own: `plain FILE`, or `content|restorability FOLDER BACKUP`. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { keepHeapSmall } from '../../functions/runtime/small-heap.ts';

// As the function and the command begin.
keepHeapSmall();

const [mode = '', place = '', name = ''] = process.argv.slice(2);

/** The least that a program can do: every member parsed. */
async function plain(file: string): Promise<void> {
  const tar = createReadStream(file, { highWaterMark: 1 << 20 })
    .pipe(createGunzip({ chunkSize: 256 << 10 }))
    .pipe(extract());
  let objects = 0;
  for await (const entry of tar) {
    const parts: Buffer[] = [];
    for await (const part of entry) if (Buffer.isBuffer(part)) parts.push(part);
    if (!entry.header.name.endsWith('.json')) continue;
    JSON.parse(Buffer.concat(parts).toString());
    objects += 1;
  }
  console.log(`${objects} copies of objects`);
}

async function verify(level: 'content' | 'restorability'): Promise<void> {
  const { checks } = await import('../../functions/backup-verification/checks/index.ts');
  const { isArchiveCheck, lookIntoArchive } = await import('../../functions/backup-verification/archives.ts');
  const { directoryObjectStore } = await import('../../functions/velero/store/directory-object-store.ts');
  const { readInventory } = await import('../../functions/velero/inventory/read-inventory.ts');
  const { noCluster } = await import('../../functions/velero/read-cluster-facts.ts');
  const { schedulesOf } = await import('../../functions/velero/inventory/schedules.ts');
  const signal = AbortSignal.timeout(600_000);
  const store = await directoryObjectStore(place);
  const { backups, topFolders } = await readInventory(store, { known: undefined, signal });
  const cluster = noCluster('there is none', '', false);
  const object = { apiVersion: 'nightshift.dev/v1', kind: 'File', name: place };
  const location = { name: place, object, store, topFolders, backups, schedules: schedulesOf(backups, cluster, place), cluster };
  const enabled = checks
    .filter((check) => check.level === 'content' || level === 'restorability')
    .map((check) => ({ check, options: check.options.parse({}) }))
    .filter(isArchiveCheck);
  const backup = backups.find((each) => each.name === name);
  if (!backup) throw new Error(`${name} is not in ${place}`);
  const request = { level, namespaceMapping: {} };
  const done = await lookIntoArchive(backup, enabled, { location, request, now: Date.now(), memory: {}, subjectPrefix: '', signal });
  if (!done?.end.whole) throw new Error(`${name} was not read to its end`);
  console.log(`${done.objects} objects, ${enabled.length} checks, ${done.said.findings.length} findings`);
}

if (mode === 'plain') await plain(place);
else await verify(mode === 'restorability' ? 'restorability' : 'content');
