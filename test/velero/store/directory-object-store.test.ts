/** Backups on disk: the genuine bucket, and folders that are made to be odd. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp, readFile, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { directoryObjectStore } from '../../../functions/velero/store/directory-object-store.ts';
import { type ObjectStore, StoreError, type StoreErrorReason } from '../../../functions/velero/store/object-store.ts';
import { PlaceError } from '../../../functions/velero/store/place-error.ts';
import fc from '../../fuzz.ts';

const bucket = resolve(import.meta.dirname, '../bucket');
const { signal } = new AbortController();
const made: string[] = [];
after(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A new folder with these files; a key that ends in a slash is an empty folder. */
function folderWith(...keys: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'nightshift-store-'));
  made.push(root);
  for (const key of keys) {
    mkdirSync(join(root, key.endsWith('/') ? key : dirname(key)), { recursive: true });
    if (!key.endsWith('/')) writeFileSync(join(root, key), key);
  }
  return root;
}

async function keysOf(store: ObjectStore, folder = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(folder, signal)) keys.push(...page.map(({ key }) => key));
  return keys;
}
const read = (store: ObjectStore, key: string, etag?: string) =>
  store.read(key, { signal, mostBytes: 1e9, ...(etag !== undefined && { etag }) });
const refused = (reason: StoreErrorReason) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.reason, reason);
  assert.notEqual(error.remedy, '');
  return true;
};

describe('a folder laid out like the bucket', () => {
  test('is listed as S3 would, with sizes and times, and read', async () => {
    const store = await directoryObjectStore(bucket);
    assert.deepEqual(await store.folder('', signal), { folders: ['backups'], objects: [] });
    assert.deepEqual((await store.folder('backups/', signal)).folders, ['full-1', 'shop-1']);
    const { objects } = await store.folder('backups/shop-1/', signal);
    assert.equal(objects.length, 9);
    const tarball = objects.find(({ key }) => key === 'backups/shop-1/shop-1.tar.gz') ?? assert.fail();
    assert.equal(tarball.size, 1270);
    assert.ok(tarball.lastModified > Date.parse('2020-01-01'));
    assert.deepEqual(Buffer.from(await read(store, tarball.key, tarball.etag)), await readFile(join(bucket, tarball.key)));
    assert.equal((await keysOf(store)).length, 18);
    assert.deepEqual(
      await keysOf(store, 'backups/shop-1/'),
      objects.map(({ key }) => key),
    );
    assert.equal(store.traffic().bytes, 1270);
    assert.ok(store.traffic().requests > 3);
    assert.equal(store.backupName, undefined);
  });

  test('keys come in the order of their bytes whatever the names', async () => {
    const part = fc.constantFrom('a', 'a-b', 'a.b', 'a0', 'A', 'ä', 'b', 'ﬀ', '𐍈', 'a b', 'z');
    const key = fc
      .array(part, { minLength: 1, maxLength: 3 })
      .map((parts) => ['backups', ...parts.map((each, depth) => `${depth}${each}`), '.f'].join('/'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 12 }), async (keys) => {
        const store = await directoryObjectStore(folderWith(...keys));
        assert.deepEqual(
          await keysOf(store),
          keys.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('comes in pages of 1,000', async () => {
    const keys = Array.from({ length: 2_001 }, (_, index) => `backups/b-${String(index).padStart(4, '0')}/velero-backup.json`);
    const store = await directoryObjectStore(folderWith(...keys));
    const pages: (readonly string[])[] = [];
    for await (const page of store.list('backups/', signal)) pages.push(page.map((object) => object.key));
    assert.deepEqual(
      pages.map(({ length }) => length),
      [1_000, 1_000, 1],
    );
    assert.deepEqual(pages.flat(), keys);
  });

  test('what is not there is missing, or an empty folder', async () => {
    const store = await directoryObjectStore(folderWith('backups/a/f'));
    await assert.rejects(read(store, 'backups/a/g'), refused('missing'));
    await assert.rejects(read(store, 'backups/a'), refused('missing'));
    await assert.rejects(read(store, 'backups/a/f/g'), refused('missing'));
    assert.deepEqual(await keysOf(store, 'kopia/'), []);
    assert.deepEqual(await store.folder('backups/a/f/', signal), { folders: [], objects: [] });
  });

  test('a hidden file counts, as it does in S3: kopia has one', async () => {
    assert.deepEqual(await keysOf(await directoryObjectStore(folderWith('backups/', 'kopia/shop/.storageconfig'))), [
      'kopia/shop/.storageconfig',
    ]);
  });
});

describe('links', () => {
  const withLinks = () => {
    const outside = folderWith('secret/key', 'password');
    const root = folderWith('backups/a/f', 'elsewhere/b/f');
    symlinkSync(join(outside, 'password'), join(root, 'backups/a/stolen'));
    symlinkSync(join(outside, 'secret'), join(root, 'backups/secret'));
    symlinkSync('/nowhere', join(root, 'backups/broken'));
    symlinkSync(join(root, 'elsewhere/b'), join(root, 'backups/b'));
    symlinkSync(join(root, 'backups'), join(root, 'backups/a/circle'));
    return root;
  };
  test('that lead out are not followed, those inside are, and a circle ends', async () => {
    const store = await directoryObjectStore(withLinks());
    assert.deepEqual(await keysOf(store, 'backups/'), ['backups/a/f', 'backups/b/f']);
    for (const key of ['backups/a/stolen', 'backups/secret/key', 'backups/../../password', '../password', 'backups/broken']) {
      await assert.rejects(read(store, key), refused('missing'), key);
    }
  });
  test('the folder itself may be one', async () => {
    const link = join(folderWith(), 'link');
    symlinkSync(bucket, link);
    assert.equal((await keysOf(await directoryObjectStore(link))).length, 18);
  });
});

describe('one backup', () => {
  const shop = join(bucket, 'backups/shop-1');
  test('its folder', async () => {
    const store = await directoryObjectStore(shop);
    assert.equal(store.backupName, 'shop-1');
    assert.deepEqual(await store.folder('', signal), { folders: ['backups'], objects: [] });
    assert.deepEqual(await store.folder('backups/', signal), { folders: ['shop-1'], objects: [] });
    assert.deepEqual(await keysOf(store, 'backups/'), await keysOf(await directoryObjectStore(bucket), 'backups/shop-1/'));
    assert.equal((await read(store, 'backups/shop-1/shop-1.tar.gz')).length, 1270);
    assert.deepEqual(await keysOf(store, 'backups/shop-1/'), await keysOf(store));
    assert.deepEqual(await keysOf(store, 'backups/full-1/'), []);
    await assert.rejects(read(store, 'shop-1.tar.gz'), refused('missing'));
  });
  test('its folder under another name, with and without the tarball', async () => {
    const copy = folderWith();
    await cp(shop, copy, { recursive: true });
    assert.equal((await directoryObjectStore(copy)).backupName, 'shop-1');
    rmSync(join(copy, 'shop-1.tar.gz'));
    assert.equal((await directoryObjectStore(copy)).backupName, 'shop-1');
    writeFileSync(join(copy, 'velero-backup.json'), 'broken');
    assert.equal((await directoryObjectStore(copy)).backupName, copy.split('/').at(-1));
  });
  test('its tarball alone, by the name that velero backup download gives it, too', async () => {
    for (const given of ['shop-1.tar.gz', 'shop-1-data.tar.gz']) {
      const copy = join(folderWith('other.tar.gz', 'velero-backup.json'), given);
      await cp(join(shop, 'shop-1.tar.gz'), copy);
      const store = await directoryObjectStore(copy);
      assert.equal(store.backupName, 'shop-1');
      assert.deepEqual(await keysOf(store), ['backups/shop-1/shop-1.tar.gz']);
      assert.equal((await read(store, 'backups/shop-1/shop-1.tar.gz')).length, 1270);
      await assert.rejects(read(store, 'backups/shop-1/velero-backup.json'), refused('missing'));
    }
  });
});

describe('what is no place for backups is the user’s mistake', () => {
  const mistakes: Readonly<Record<string, readonly [() => string, RegExp]>> = {
    'no such path': [() => '/nowhere/at/all', /^\/nowhere\/at\/all: no such file or folder$/],
    'an empty folder': [() => folderWith(), /no backups are here: it needs a folder that holds backups\//],
    'backups that is a file': [() => folderWith('backups'), /no backups are here/],
    'several tarballs': [() => folderWith('a.tar.gz', 'b.tar.gz'), /no backups are here/],
    'another file': [() => join(folderWith('notes.txt'), 'notes.txt'), /Velero’s are named NAME\.tar\.gz$/],
    'a nameless tarball': [() => join(folderWith('.tar.gz'), '.tar.gz'), /Velero’s are named/],
  };
  for (const [what, [path, message]] of Object.entries(mistakes)) {
    test(what, async () => {
      await assert.rejects(directoryObjectStore(path()), (error: unknown) => {
        assert.ok(error instanceof PlaceError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe('while it is read', () => {
  test('another version is told apart, before and in the middle', async () => {
    const root = folderWith('backups/a/');
    const file = join(root, 'backups/a/f');
    writeFileSync(file, Buffer.alloc(1_000_000));
    const store = await directoryObjectStore(root);
    const [object] = (await store.folder('backups/a/', signal)).objects;
    assert.equal((await read(store, 'backups/a/f', object?.etag)).length, 1_000_000);
    await assert.rejects(async () => {
      for await (const _ of store.open('backups/a/f', { signal })) writeFileSync(file, Buffer.alloc(1_000_001));
    }, refused('changed'));
    await utimes(file, 1, 1);
    await assert.rejects(read(store, 'backups/a/f', object?.etag), refused('changed'));
  });
  test('too much is not read to its end', async () => {
    const store = await directoryObjectStore(bucket);
    await assert.rejects(store.read('backups/full-1/full-1.tar.gz', { signal, mostBytes: 300_000 }), refused('too-large'));
    assert.ok(store.traffic().bytes < 1_000_000);
  });
  test('it stops when the time is spent', async () => {
    const store = await directoryObjectStore(bucket);
    const given = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of store.open('backups/full-1/full-1.tar.gz', { signal: given.signal })) given.abort();
    }, refused('budget'));
    await assert.rejects(store.folder('backups/', given.signal), refused('budget'));
    await assert.rejects(store.read('backups/shop-1/velero-backup.json', { signal: given.signal, mostBytes: 1e6 }), refused('budget'));
  });
  test('what this user may not see is denied, never missing', async () => {
    const root = folderWith('backups/a/f', 'backups/b/f');
    chmodSync(root, 0o755);
    chmodSync(join(root, 'backups/a/f'), 0);
    chmodSync(join(root, 'backups/b'), 0);
    const store = await directoryObjectStore(root);
    await asSomebody(async () => {
      await assert.rejects(read(store, 'backups/a/f'), refused('denied'));
      await assert.rejects(read(store, 'backups/b/f'), refused('denied'));
      await assert.rejects(keysOf(store), refused('denied'));
    });
  });
});

/** Root may read everything: who runs the tests as root does this as nobody. */
async function asSomebody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
