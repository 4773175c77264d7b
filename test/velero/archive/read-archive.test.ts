import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { readArchive } from '../../../functions/velero/archive/read-archive.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import fc from '../../fuzz.ts';
import {
  archiveOf,
  configMap,
  configMapTwins,
  type Entry,
  entriesOf,
  faults,
  genuine,
  inPieces,
  json,
  reading,
  tarOf,
  twins,
  version,
} from '../archives.ts';

const signal = new AbortController().signal;
const shop = genuine('shop-1');
const full = genuine('full-1');
const flipped = (packed: Buffer, at: number): Buffer => {
  const copy = Buffer.from(packed);
  copy[at < 0 ? packed.length + at : at] = ~(copy.at(at) ?? 0) & 0xff;
  return copy;
};

describe('a genuine archive', () => {
  test('is read whole, without a problem, and counted', async () => {
    const window = { from: Date.parse('2026-11-23T19:41:17Z'), to: Date.parse('2026-11-23T19:43:00Z') };
    const { end, seen } = await reading(full, { window });
    assert.deepEqual(end.problems, []);
    assert.deepEqual(
      [end.whole, end.objects, end.members, end.bytes, end.packedBytes, end.formatVersion, end.oddTimes.length],
      [true, 20_136, 40_273, 143_784_960, 2_677_634, '1.1.0', 0],
    );
    assert.equal(end.sha256, createHash('sha256').update(full).digest('hex'));
    assert.equal(end.kinds.pods, 20_000);
    assert.equal(end.namespaces[''], 109);
    assert.equal(
      Object.values(end.namespaces).reduce((sum, count) => sum + count, 0),
      20_136,
    );
    assert.equal(new Set(seen).size, 20_136);
  });

  test('however it comes in pieces', async () => {
    for (const pieces of [1, 7, 512, 100_000]) {
      const { end, seen } = await reading(shop, { pieces });
      assert.deepEqual([end.whole, end.problems, seen.length], [true, [], 4]);
    }
  });

  test('shows what the canonical copies hold, with their place', async () => {
    const objects: unknown[] = [];
    await readArchive(inPieces(shop), { see: ({ body: _body, ...object }) => objects.push(object), signal });
    assert.deepEqual(objects[3], {
      resource: 'deployments',
      group: 'apps',
      namespace: 'shop',
      name: 'web',
      path: 'resources/deployments.apps/namespaces/shop/web.json',
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      size: 1605,
    });
  });

  test('whose members have other times than the backup is told of, beyond ten minutes', async () => {
    const at = Date.parse('2026-11-23T19:41:17Z');
    const late = await reading(shop, { window: { from: at - 3_600_000, to: at - 11 * 60_000 } });
    assert.equal(late.end.oddTimes.length, 9);
    const close = await reading(shop, { window: { from: at - 3_600_000, to: at - 9 * 60_000 } });
    assert.equal(close.end.oddTimes.length, 0);
  });
});

describe('a cut or rotten file', () => {
  for (let twentieth = 0; twentieth < 20; twentieth += 1) {
    test(`cut at ${twentieth} of 20: truncated, with the place`, async () => {
      const cut = full.subarray(0, Math.floor((full.length * twentieth) / 20));
      const { end } = await reading(cut, { pieces: 1 << 20 });
      assert.equal(end.whole, false);
      assert.deepEqual(
        end.problems.map(({ kind, place, fatal }) => [kind, place, fatal]),
        [['truncated', `byte ${cut.length} of the packed file`, true]],
      );
      assert.equal(end.sha256, createHash('sha256').update(cut).digest('hex'));
    });
  }

  test('cut by every single byte of a small one', async () => {
    for (let length = 0; length < shop.length; length += 1) {
      const { end } = await reading(shop.subarray(0, length));
      assert.deepEqual([end.whole, Object.keys(end.problemCounts)], [false, ['truncated']], `${length} bytes`);
    }
  });

  test('one byte flipped in the gzip header', async () => {
    for (const at of [0, 1, 2, 3]) {
      const { end } = await reading(flipped(shop, at));
      assert.deepEqual([end.whole, Object.keys(end.problemCounts)], [false, ['corrupt']], `byte ${at}`);
      assert.equal(end.problems[0]?.place, 'byte 0 of the packed file');
    }
  });

  test('one byte flipped in the middle: corrupt, by zlib or at the latest by the CRC', async () => {
    for (const at of [700_000, 1_300_000, 2_600_000]) {
      const { end } = await reading(flipped(full, at), { pieces: 1 << 20 });
      assert.ok((end.problemCounts.corrupt ?? 0) > 0, `byte ${at}`);
    }
    const { end } = await reading(flipped(shop, 10));
    assert.match(faults(end).join(), /^corrupt bytes 10 to 1270 of the packed file: the packed data are damaged/);
    assert.equal(end.whole, false);
  });

  test('no flipped byte of a small one passes, but for those that say nothing', async () => {
    // The time, the compression level and the system in the gzip header.
    const mute = new Set([4, 5, 6, 7, 8, 9]);
    for (let at = 0; at < shop.length; at += 1) {
      const { end } = await reading(flipped(shop, at));
      assert.equal(end.problems.length > 0, !mute.has(at), `byte ${at}`);
    }
  });

  test('one byte flipped in the CRC, and in the length: everything is read, and said', async () => {
    const crc = await reading(flipped(full, -8));
    assert.deepEqual([crc.end.whole, crc.seen.length, Object.keys(crc.end.problemCounts)], [true, 20_136, ['corrupt']]);
    assert.match(
      faults(crc.end)[0] ?? '',
      /^corrupt byte 2677626 of the packed file: the CRC of the content is [0-9a-f]{8}, the gzip trailer says/,
    );
    const length = await reading(flipped(full, -4));
    assert.match(
      faults(length.end)[0] ?? '',
      /^corrupt byte 2677630 of the packed file: the content has 143784960 bytes, the gzip trailer says/,
    );
  });

  test('is no gzip file at all', async () => {
    assert.match(
      faults((await reading(Buffer.from('<?xml version="1.0"?>'))).end)[0] ?? '',
      /^corrupt byte 0 .*does not begin like a gzip file/,
    );
  });

  test('data behind the end are told of, zeros too; a second gzip member is legal', async () => {
    for (const more of [Buffer.from('more'), Buffer.alloc(3), Buffer.alloc(70_000, 7)]) {
      const { end, seen } = await reading(Buffer.concat([shop, more]));
      assert.deepEqual(faults(end), [`trailing-data byte 1270 of the packed file: ${more.length} bytes follow the end of the gzip data`]);
      assert.deepEqual([end.whole, seen.length, end.problems[0]?.harmless], [true, 4, true]);
    }
    const tar = gunzipSync(shop);
    const two = Buffer.concat([gzipSync(tar.subarray(0, 5000)), gzipSync(tar.subarray(5000))]);
    for (const pieces of [1, 100_000]) {
      const { end, seen } = await reading(two, { pieces });
      assert.deepEqual([end.whole, end.problems, seen.length], [true, [], 4]);
    }
  });

  test('a gzip header with all its parts is read', async () => {
    const tar = gunzipSync(shop);
    const header = Buffer.from([0x1f, 0x8b, 8, 4 + 8 + 16, 0, 0, 0, 0, 0, 255, 2, 0, 1, 2, 97, 0, 98, 0]);
    const { end } = await reading(Buffer.concat([header, deflateRawSync(tar), shop.subarray(-8)]), { pieces: 3 });
    assert.deepEqual([end.whole, end.problems], [true, []]);
  });

  test('what the source throws is thrown, and the source is closed', async () => {
    let isClosed = false;
    async function* cut(): AsyncGenerator<Uint8Array> {
      try {
        await undefined;
        yield shop.subarray(0, 600);
        throw new StoreError('unreachable', 'the connection was cut', 'run it again');
      } finally {
        isClosed = true;
      }
    }
    await assert.rejects(readArchive(cut(), { see: () => {}, signal }), { reason: 'unreachable' });
    assert.ok(isClosed);
  });

  test('the time is spent: thrown, as nothing is known', async () => {
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(readArchive(inPieces(shop), { see: () => {}, signal: controller.signal }), {
      name: 'StoreError',
      reason: 'budget',
    });
  });

  test('what a check throws is thrown', async () => {
    const see = () => {
      throw new TypeError('a bug');
    };
    await assert.rejects(readArchive(inPieces(shop), { see, signal }), { message: 'a bug' });
  });
});

describe('the tar', () => {
  const plain = async () => [version, ...configMapTwins('a'), ...configMapTwins('b')];
  const tarred = async () => tarOf(await plain());

  test('a damaged header: everything before it is seen, and the place is told', async () => {
    const tar = Buffer.from(await tarred());
    // The header of b, behind version, and both copies of a.
    const at = tar.indexOf('resources/configmaps/namespaces/shop/b.json');
    tar[at] = 0x52;
    const { end, seen } = await reading(gzipSync(tar));
    assert.deepEqual(faults(end), [
      `bad-member byte ${at} of the tar, after resources/configmaps/v1-preferredversion/namespaces/shop/a.json: the tar header is damaged (its checksum is wrong)`,
    ]);
    assert.deepEqual([end.whole, seen.length, end.sha256 !== undefined], [false, 1, true]);
  });

  test('without its end blocks, with one, with more, and cut in a member', async () => {
    const tar = await tarred();
    const end = tar.length - 1024;
    const cut = await reading(gzipSync(tar.subarray(0, end)));
    assert.match(faults(cut.end).join(), /^truncated byte \d+ of the tar, after .*b\.json: the tar ends without its two zero blocks/);
    assert.deepEqual([cut.end.whole, cut.seen.length], [false, 2]);
    assert.equal((await reading(gzipSync(tar.subarray(0, end + 512)))).end.whole, false);
    const padded = await reading(gzipSync(Buffer.concat([tar, Buffer.alloc(10_240)])));
    assert.deepEqual([padded.end.whole, padded.end.problems], [true, []]);
    const inMember = await reading(gzipSync(tar.subarray(0, end - 600)));
    assert.match(faults(inMember.end).join(), /^truncated byte \d+ of the tar: the tar ends in the middle of/);
    assert.equal((await reading(gzipSync(tar.subarray(0, 700)))).end.whole, false);
    assert.match(faults((await reading(gzipSync(''))).end).join(), /^truncated byte 0 of the tar: /);
  });

  test('something behind its end is told of and not read, as restores do not', async () => {
    const tar = await tarred();
    for (const more of [await tarOf(configMapTwins('c')), Buffer.alloc(600, 7), Buffer.alloc(2000, 7)]) {
      const { end, seen } = await reading(gzipSync(Buffer.concat([tar, more])));
      assert.deepEqual(faults(end), [
        `trailing-data byte ${tar.length} of the tar: something follows the end of the tar, which restores do not read`,
      ]);
      assert.deepEqual([end.whole, seen.length], [true, 2]);
    }
  });

  test('links, devices and names that escape', async () => {
    const odd: [Entry, RegExp][] = [
      [{ name: 'resources/pods/namespaces/a/x.json', type: 'symlink', linkname: '/etc/passwd' }, /is a symlink, not a file/],
      [{ name: 'resources/pods/namespaces/a/x.json', type: 'link', linkname: 'metadata/version' }, /is a link, not a file/],
      [{ name: 'resources/pods/namespaces/a/x.json', type: 'character-device' }, /is a character-device, not a file/],
      [{ name: 'resources/pods/namespaces/a/x.json', type: 'fifo' }, /is a fifo, not a file/],
      [{ name: 'resources/pods/../../../x.json', content: '{}' }, /has \.\. in its name/],
      [{ name: '../outside/', type: 'directory' }, /has \.\. in its name/],
      [{ name: '/etc/cron.d/x', content: 'x' }, /has an absolute name/],
    ];
    for (const [entry, message] of odd) {
      const { end, seen } = await reading(await archiveOf([version, entry, ...configMapTwins('a')]));
      assert.deepEqual([end.whole, seen.length, end.problems.length], [true, 1, 1], entry.name);
      const [problem] = end.problems;
      assert.deepEqual([problem?.kind, problem?.place, problem?.harmless], ['bad-member', entry.name, undefined]);
      assert.match(problem?.message ?? '', message);
    }
  });

  test('files that Velero does not write are harmless; directories and ./ before names are none', async () => {
    const entries = [version, { name: 'resources/', type: 'directory' } as const, { name: 'README', content: 'x' }, ...configMapTwins('a')];
    const { end } = await reading(await archiveOf(entries));
    assert.deepEqual(
      end.problems.map(({ kind, place, harmless }) => [kind, place, harmless]),
      [['bad-member', 'README', true]],
    );
    const dotted = await plain();
    const again = await reading(await archiveOf(dotted.map((entry) => ({ ...entry, name: `./${entry.name}` }))));
    assert.deepEqual([again.end.problems, again.seen.length], [[], 2]);
  });

  test('long names: ustar prefix, PAX and GNU', async () => {
    const name = 'n'.repeat(240);
    // Over 255 characters tar-stream writes a PAX header; ustar’s prefix is in full-1.
    const pax = await reading(await archiveOf([version, ...configMapTwins(name, 'ns-that-is-long')]));
    assert.deepEqual([pax.end.problems, pax.seen], [[], [`resources/configmaps/namespaces/ns-that-is-long/${name}.json`]]);
    const members = configMapTwins(name).map(({ name: path, content = '' }) => gnuLong(path, Buffer.from(content)));
    const gnu = await reading(gzipSync(Buffer.concat([(await tarOf([version])).subarray(0, -1024), ...members, Buffer.alloc(1024)])));
    assert.deepEqual([gnu.end.problems, gnu.seen], [[], [`resources/configmaps/namespaces/shop/${name}.json`]]);
  });
});

/** A member as GNU tar writes it where its name is long: a header `L` with the name, then the member. */
function gnuLong(path: string, content: Buffer): Buffer {
  const block = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  const header = (name: string, type: string, size: number): Buffer => {
    const head = Buffer.alloc(512);
    head.write(name.slice(0, 100), 0);
    head.write('0000755\0', 100);
    head.write('0000000\0', 108);
    head.write('0000000\0', 116);
    head.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write('        ', 148);
    head.write(type, 156);
    head.write('ustar  \0', 257);
    const sum = head.reduce((all, byte) => all + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return head;
  };
  const name = Buffer.from(`${path}\0`);
  return Buffer.concat([header('././@LongLink', 'L', name.length), block(name), header(path, '0', content.length), block(content)]);
}

describe('the objects', () => {
  const read = async (entries: readonly Entry[], options = {}) => reading(await archiveOf([version, ...entries]), options);
  const replaced = (entries: readonly Entry[], content: string): Entry[] => entries.map((entry) => ({ ...entry, content }));

  test('JSON that is cut, none, empty, or no object: told, and its words are not', async () => {
    const secret = '{"apiVersion":"v1","kind":"Secret","data":{"password":"aHVudGVyMg=="';
    for (const content of [secret, '', 'null', '[]', '"aHVudGVyMg=="', '{"apiVersion":"v1","kind":"ConfigMap"}', '{"kind":1}']) {
      const { end, seen } = await read([...replaced(configMapTwins('a'), content), ...configMapTwins('b')]);
      assert.deepEqual([end.whole, seen.length, end.objects], [true, 1, 1]);
      assert.deepEqual(
        end.problems.map(({ kind, place }) => [kind, place]),
        [['not-json', 'resources/configmaps/namespaces/shop/a.json']],
      );
      assert.ok(!json(end).includes('aHVudGVyMg'));
    }
  });

  test('another object than the path says: name, namespace, group, kind', async () => {
    const wrong = [
      configMap('other'),
      configMap('a', 'elsewhere'),
      { ...configMap('a'), metadata: { name: 'a' } },
      { ...configMap('a'), apiVersion: 'example.com/v1' },
      { ...configMap('a'), kind: 'Secret' },
    ];
    for (const object of wrong) {
      const { end, seen } = await read([...replaced(configMapTwins('a'), json(object)), ...configMapTwins('b')]);
      // A Secret among ConfigMaps is known for one when the first ConfigMap comes.
      assert.equal(seen.length, object.kind === 'Secret' ? 2 : 1);
      assert.deepEqual(
        end.problems.map(({ kind, place }) => [kind, place]),
        [['wrong-name', 'resources/configmaps/namespaces/shop/a.json']],
        json(object),
      );
    }
    const { end } = await read(replaced(configMapTwins('a'), json(configMap('other'))));
    assert.deepEqual(faults(end), [
      'wrong-name resources/configmaps/namespaces/shop/a.json: it holds v1 ConfigMap shop/other, expected a ConfigMap of configmaps named shop/a',
    ]);
  });

  test('kinds whose plural is unusual are no fault', async () => {
    const object = (name: string) => ({ apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name } });
    const { end } = await read([
      ...twins('gizmos.example.com', 'cluster', object('a')),
      ...twins('gizmos.example.com', 'cluster', object('b')),
    ]);
    assert.deepEqual(end.problems, []);
    const mixed = await read([
      ...twins('gizmos.example.com', 'cluster', object('a')),
      ...twins('gizmos.example.com', 'cluster', { ...object('b'), kind: 'Widget' } as ReturnType<typeof object>),
    ]);
    assert.deepEqual(Object.keys(mixed.end.problemCounts), ['wrong-name']);
  });

  test('copies that differ, are missing, or there twice', async () => {
    const [canonical, preferred] = configMapTwins('a');
    assert.ok(canonical && preferred);
    const changed = { ...preferred, content: json(configMap('a', 'shop', { data: { x: '1' } })) };
    const differing = await read([canonical, changed]);
    assert.deepEqual(
      differing.end.problems.map(({ kind, place }) => [kind, place]),
      [['twin-differs', canonical.name]],
    );
    const lone = await read([canonical]);
    assert.deepEqual(
      lone.end.problems.map(({ kind, place, harmless }) => [kind, place, harmless]),
      [['twin-missing', canonical.name, true]],
    );
    const unread = await read([preferred, ...configMapTwins('b')]);
    assert.deepEqual(
      unread.end.problems.map(({ kind, place, harmless }) => [kind, place, harmless]),
      [['twin-missing', preferred.name, undefined]],
    );
    const twice = await read([canonical, preferred, canonical]);
    assert.deepEqual([Object.keys(twice.end.problemCounts), twice.end.objects], [['duplicate'], 1]);
  });

  test('copies that are not neighbours are compared as well', async () => {
    const entries = Array.from({ length: 2000 }, (_, index) => configMapTwins(`item-${index}`));
    const firsts = entries.flatMap(([canonical]) => canonical ?? []);
    const seconds = entries.flatMap(([, preferred]) => preferred ?? []);
    assert.deepEqual((await read([...firsts, ...seconds.toReversed()])).end.problems, []);
    const { end } = await read([
      ...firsts.slice(1),
      ...replaced(firsts.slice(0, 1), json(configMap('item-0', 'shop', { data: {} }))),
      ...seconds,
    ]);
    assert.deepEqual(
      end.problems.map(({ kind, place }) => [kind, place]),
      [['twin-differs', 'resources/configmaps/namespaces/shop/item-0.json']],
    );
    const missing = await read([...firsts, ...seconds.slice(0, 500)]);
    assert.deepEqual([missing.end.problemCounts, missing.end.problems.length], [{ 'twin-missing': 1500 }, 100]);
  });

  test('other versions lie there once (EnableAPIGroupVersions)', async () => {
    const other = { name: 'resources/configmaps/v2/namespaces/shop/a.json', content: json({ ...configMap('a'), apiVersion: 'v2' }) };
    const { end, seen } = await read([...configMapTwins('a'), other]);
    assert.deepEqual([end.problems, seen.length], [[], 1]);
  });

  test('in any order: the same is seen, and nothing is wrong', async () => {
    const entries = await entriesOf(shop);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(entries, { minLength: entries.length }),
        fc.integer({ min: 1, max: 3000 }),
        async (order, pieces) => {
          const { end, seen } = await reading(await archiveOf(order), { pieces });
          assert.deepEqual([end.whole, end.problems, seen.length, end.members], [true, [], 4, 9]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('any single byte of the tar', () => {
  test('that is wrong is noticed, but for padding and the blank behind a checksum', async () => {
    const tar = gunzipSync(shop);
    const places = Array.from(tar.keys()).filter((at) => tar[at] !== 0 && !(tar[at] === 0x20 && at % 512 === 155));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const copy = Buffer.from(tar);
        copy[at] = (copy[at] ?? 0) ^ change;
        const { end } = await reading(gzipSync(copy, { level: 1 }));
        assert.ok(end.problems.length > 0, `byte ${at}`);
      }),
      { numRuns: 300 },
    );
  });

  test('a file that was cut, run together, filled up or mixed: a fault, or the very content', async () => {
    const { seen: whole } = await reading(shop);
    const edit = fc.record({
      at: fc.nat(shop.length),
      drop: fc.nat(300),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(shop.length).map((from) => shop.subarray(from, from + 200)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 600 }), async (edits, pieces) => {
        let packed = shop;
        for (const { at, drop, put } of edits) packed = Buffer.concat([packed.subarray(0, at), put, packed.subarray(at + drop)]);
        const { end, seen } = await reading(packed, { pieces });
        if (end.problems.length === 0) assert.deepEqual(seen, whole);
        else assert.ok(end.problems.every(({ place, message }) => place !== '' && message !== ''));
      }),
      { numRuns: 300 },
    );
  });

  test('whatever the bytes are: an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), fc.integer({ min: 1, max: 600 }), async (bytes, pieces) => {
        for (const packed of [bytes, gzipSync(bytes), gzipSync(Buffer.concat([gunzipSync(shop).subarray(0, 5000), bytes]))]) {
          const { end } = await reading(packed, { pieces });
          assert.equal(end.whole, false);
          assert.equal(end.sha256, createHash('sha256').update(packed).digest('hex'));
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the format', () => {
  const read = async (content: string | undefined, entries = configMapTwins('a')) =>
    reading(await archiveOf([...(content === undefined ? [] : [{ name: 'metadata/version', content }]), ...entries]));

  test('newer than known: nothing is said of the rest', async () => {
    const { end, seen } = await read('2.0.0\n');
    assert.deepEqual(faults(end), ['format-version metadata/version: the backup has format 2.0.0; formats up to 1 are known']);
    assert.deepEqual([end.whole, seen.length], [false, 0]);
  });

  test('1 has single copies', async () => {
    const { end } = await read('1', configMapTwins('a').slice(0, 1));
    assert.deepEqual([end.whole, end.problems, end.formatVersion], [true, [], '1']);
  });

  test('1.2.0 is known; none, or no version, is told of, and harmless', async () => {
    assert.deepEqual((await read('1.2.0\n')).end.problems, []);
    for (const content of [undefined, 'x\n']) {
      const { end, seen } = await read(content);
      assert.deepEqual(
        [end.whole, seen.length, end.problems.map(({ kind, harmless }) => [kind, harmless])],
        [true, 1, [['format-version', true]]],
      );
    }
  });
});

describe('limits', () => {
  test('an object that is too large is passed over, in little memory, and what is missing is then not known', async () => {
    const bomb = Buffer.alloc(200 << 20, 0x20);
    const packed = await archiveOf([
      version,
      { name: 'resources/configmaps/namespaces/shop/bomb.json', content: bomb },
      ...configMapTwins('a'),
    ]);
    const before = process.memoryUsage().rss;
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 5);
    const { end, seen } = await reading(packed);
    clearInterval(timer);
    assert.deepEqual([end.whole, seen.length, end.problemCounts], [false, 1, { 'too-large': 1 }]);
    assert.equal(end.problems[0]?.place, 'resources/configmaps/namespaces/shop/bomb.json');
    assert.ok(most < 60 << 20, `${most >> 20} MB`);
  });

  test('all that is unpacked, and the number of members', async () => {
    const whole = await reading(shop, { limits: { totalBytes: 10_000 } });
    assert.match(faults(whole.end).join(), /^too-large byte 10000 of the tar/);
    assert.deepEqual([whole.end.whole, whole.end.sha256], [false, undefined]);
    const many = await reading(shop, { limits: { members: 5 } });
    assert.deepEqual([many.end.whole, many.end.problemCounts, many.seen.length], [false, { 'too-large': 1 }, 2]);
  });

  test('members of which nobody knows the size', async () => {
    const tar = Buffer.from(await tarOf([version, ...configMapTwins('a')]));
    const at = tar.indexOf('resources/');
    tar.write('99999999999\0', at + 124);
    const head = tar.subarray(at, at + 512);
    head.write('        ', 148);
    head.write(
      `${head
        .reduce((all, byte) => all + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const { end } = await reading(gzipSync(tar));
    assert.deepEqual([end.whole, Object.keys(end.problemCounts)], [false, ['bad-member']]);
  });
});
