/** Archives that were cut, and bytes in them that flipped: each is named with its place, and nothing behind it is said to be missing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { genuineFiles, newest, nights, repacked } from './planted-nights.ts';
import { allArchiveChecks, assertReport, needWhole, playing, rowsOf, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const flippedAt =
  (at: number, mask = 0x10) =>
  (packed: Uint8Array): Uint8Array => {
    const flipped = new Uint8Array(packed);
    const index = at < 0 ? flipped.length + at : at;
    flipped[index] = (flipped[index] ?? 0) ^ mask;
    return flipped;
  };

describe('full-1, cut', () => {
  const key = 'backups/full-1/full-1.tar.gz';
  const files = genuineFiles();
  const whole = files[key];
  assert.ok(whole);
  const { length } = whole.body;
  const borders = [1, 9, 10, 11, length - 9, length - 8, length - 1];
  const places = [...borders, ...Array.from({ length: 13 }, (_, index) => Math.floor((length * (index + 1)) / 14))];

  test('at each of 20 places', async (t) => {
    assert.equal(new Set(places).size, 20);
    for (const at of places.toSorted((a, b) => a - b)) {
      await t.test(`byte ${at}`, async () => {
        const report = await verified({ ...files, [key]: { ...whole, body: whole.body.subarray(0, at) } });
        const place = new RegExp(`byte ${at} of the packed file: `);
        assertReport(report, {
          alarms: {
            'critical archive-damaged Schedule daily-backup truncated': [
              /^the archive of full-1 is cut at /,
              place,
              /what lay behind is lost/,
            ],
          },
          unknown: needWhole(new RegExp(`^full-1: its archive could not be read to its end \\(.*${place.source}`)),
          rows: { 'full-1': 'error' },
          newestVerified: { '': 'shop-1', 'daily-backup': null },
        });
      });
    }
  });

  test('to nothing: Velero finds an empty tarball, and the schedule has no usable backup', async () => {
    const report = await verified({ ...files, [key]: { ...whole, body: new Uint8Array() } });
    assertReport(report, {
      alarms: {
        'critical backup-files Schedule daily-backup contents':
          /^full-1 is Completed, but its tarball is empty: backups\/full-1\/full-1\.tar\.gz/,
      },
      rows: { 'full-1': 'error' },
      newestVerified: { 'daily-backup': null },
    });
  });
});

describe('one flipped byte', () => {
  const damaged = 'critical archive-damaged Schedule nightly corrupt';
  const rows = { [newest]: 'error' };
  const newestVerified = { nightly: null };

  test('in the header: nothing can be unpacked', async () => {
    for (const [at, what] of [
      [0, /byte 0 of the packed file: it does not begin like a gzip file/],
      [2, /byte 0 of the packed file: its gzip header is wrong/],
    ] as const) {
      const report = await verified(await nights({ packed: flippedAt(at) }));
      assertReport(report, { alarms: { [damaged]: what }, unknown: needWhole(what), rows, newestVerified });
    }
  });

  test('in the checksum or the length of the trailer: all of it was read, and is not to be trusted', async () => {
    for (const [at, what] of [
      [-6, /byte \d+ of the packed file: the CRC of the content is [0-9a-f]{8}, the gzip trailer says [0-9a-f]{8}/],
      [-2, /byte \d+ of the packed file: the content has 14336 bytes, the gzip trailer says \d+/],
    ] as const)
      assertReport(await verified(await nights({ packed: flippedAt(at) })), { alarms: { [damaged]: what }, rows, newestVerified });
  });

  test('anywhere else: never a pass, never more than one alarm, always a place', async () => {
    const files = await nights();
    const key = `backups/${newest}/${newest}.tar.gz`;
    const whole = files[key];
    assert.ok(whole);
    // 4 to 9: the time, hints and the system of the gzip header mean nothing to a restore.
    for (let at = 11; at < whole.body.length; at += 23) {
      const report = await verified({ ...files, [key]: { ...whole, body: flippedAt(at, 1 << (at % 8))(whole.body) } });
      const loud = report.findings.filter(({ severity }) => severity !== 'info');
      const [first] = loud;
      assert.equal(first?.check, 'archive-damaged', `byte ${at}: ${JSON.stringify(report.findings)}`);
      assert.ok(
        loud.length === 1 && first.severity === 'critical',
        `byte ${at}: ${loud.map(({ check, message }) => `${check} ${message}`).join('; ')}`,
      );
      assert.match(first.message, /bytes? \d+ /, `byte ${at}`);
      assert.equal(rowsOf(report).find(({ backup }) => backup === newest)?.verdict, 'error', `byte ${at}`);
      assert.equal(report.backupSchedules?.[0]?.newestVerified, undefined, `byte ${at}`);
    }
  });

  test('in the header of a member', async () => {
    // Of the third member: its name, and so the checksum of its header.
    const change = (tar: Buffer) => flippedAt(tar.indexOf('resources/namespaces/v1-'), 1)(tar);
    const report = await verified(await nights({ packed: repacked(change) }));
    const what =
      /byte 2560 of the tar, after resources\/namespaces\/cluster\/shop\.json: the tar header is damaged \(its checksum is wrong\)/;
    assertReport(report, {
      alarms: { 'critical archive-damaged Schedule nightly bad-member': what },
      unknown: needWhole(what),
      rows,
      newestVerified,
    });
  });

  test('of no consequence: the time in the gzip header', async () => {
    assertReport(await verified(await nights({ packed: flippedAt(5) })), { newestVerified: { nightly: newest } });
  });
});

describe('the tar inside is cut', () => {
  const expected = (what: RegExp) => ({
    alarms: { 'critical archive-damaged Schedule nightly truncated': what },
    unknown: needWhole(what),
    rows: { [newest]: 'error' },
    newestVerified: { nightly: null },
  });
  test('in a member', async () => {
    const report = await verified(await nights({ packed: repacked((tar) => tar.subarray(0, 4000)) }));
    assertReport(report, expected(/byte 4000 of the tar: .*the tar ends in the middle of resources\/namespaces\/v1-preferredversion/));
  });
  test('before its end', async () => {
    const report = await verified(await nights({ packed: repacked((tar) => tar.subarray(0, -1024)) }));
    assertReport(report, expected(/byte 13312 of the tar, after resources\/.*web\.json: .*without its two zero blocks/));
  });
});

describe('no alarm on an archive', () => {
  test('that is two gzip members, one after the other', async () => {
    const packed = (whole: Buffer) => {
      const tar = gunzipSync(whole);
      return Buffer.concat([gzipSync(tar.subarray(0, 3000)), gzipSync(tar.subarray(3000))]);
    };
    assertReport(await verified(await nights({ packed })), { newestVerified: { nightly: newest } });
  });

  test('whose body is cut on the way: it is asked for again from there', async () => {
    let cuts = 0;
    const refuse = (asked: string) => {
      if (!asked.endsWith(`${newest}.tar.gz`)) return undefined;
      cuts += 1;
      return cuts <= 2 ? ('cut' as const) : undefined;
    };
    assertReport(await verified(await nights(), { refuse }), { newestVerified: { nightly: newest } });
    assert.equal(cuts, 3);
  });
});

test('what cannot be opened at all is unknown by every check that looks into archives', async () => {
  const refuse = (asked: string) =>
    asked.endsWith(`${newest}.tar.gz`) ? { status: 403, code: 'AccessDenied', message: 'Access Denied' } : undefined;
  const report = await verified(await nights(), { refuse });
  const reason = new RegExp(
    `^${newest}: s3:GetObject of s3://velero/prod/backups/${newest}/${newest}\\.tar\\.gz in eu-central-1: AccessDenied`,
  );
  assertReport(report, { unknown: allArchiveChecks(reason), rows: { [newest]: 'unknown' }, newestVerified: { nightly: null } });
});
