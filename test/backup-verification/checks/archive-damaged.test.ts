import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/archive-damaged.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { archiveOf, configMapTwins, genuine, version } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { lookInto, written } from '../look-into.ts';

const files = bucketFiles();
const shopKey = backupKey('shop-1', 'contents');
const shop = genuine('shop-1');
const withShop = (content: Uint8Array) => lookInto(check, { ...files, [shopKey]: content }, { backup: 'shop-1' });

describe('archive-damaged', () => {
  test('says nothing of the genuine ones, and what it proved', async () => {
    for (const backup of ['shop-1', 'full-1']) {
      const { findings, unknowns, rows } = await lookInto(check, files, { backup });
      assert.deepEqual([findings, unknowns], [[], []]);
      assert.match(rows.join(), /^\S+ ok: its archive was read to the end: \d+ members, \d+ objects, SHA-256 [0-9a-f]{64}$/);
    }
  });

  test('cut: critical, with the place and what to do', async () => {
    const { lines, findings, rows } = await withShop(shop.subarray(0, 700));
    assert.deepEqual(lines, [
      'critical truncated: its archive is cut at byte 700 of the packed file: what lay behind is lost (the file ends in the middle of the packed data)',
    ]);
    assert.deepEqual([findings[0]?.object.kind, findings[0]?.object.name], ['Backup', 'shop-1']);
    assert.match(findings[0]?.remedy ?? '', /previous version of backups\/shop-1\/shop-1\.tar\.gz/);
    assert.match(rows.join(), /^shop-1 error: /);
  });

  test('rotten: one finding, whatever came of it', async () => {
    const rotten = Buffer.from(genuine('full-1'));
    rotten[1_300_000] = ~(rotten[1_300_000] ?? 0) & 0xff;
    const { findings } = await lookInto(check, { ...files, [backupKey('full-1', 'contents')]: rotten }, { backup: 'full-1' });
    assert.deepEqual(
      findings.map(({ severity, subject }) => [severity, subject]),
      [['critical', 'corrupt']],
    );
    assert.match(findings[0]?.message ?? '', /what came out of it is wrong at /);
  });

  test('what restores read past is a warning: trailing data, foreign files, second copies', async () => {
    const trailing = await withShop(Buffer.concat([shop, Buffer.from('x')]));
    assert.match(trailing.lines.join(), /^warning trailing-data: its archive has data behind its end/);
    const [canonical, preferred] = configMapTwins('a');
    assert.ok(canonical && preferred);
    const lone = await withShop(await archiveOf([version, canonical, { name: 'README', content: 'x' }]));
    assert.deepEqual(lone.findings.map(({ severity, subject }) => `${severity} ${subject}`).toSorted(), [
      'warning bad-member',
      'warning twin-missing',
    ]);
    const lost = await withShop(await archiveOf([version, preferred]));
    assert.match(lost.lines.join(), /^critical twin-missing: its archive lacks the copies of objects that restores read/);
  });

  test('names some of the places and counts the others', async () => {
    const bad = Array.from({ length: 150 }, (_, index) => ({ name: `resources/configmaps/namespaces/shop/x${index}.json`, content: '{' }));
    const { findings } = await withShop(await archiveOf([version, ...bad]));
    const [finding] = findings.filter(({ subject }) => subject === 'not-json');
    assert.match(finding?.message ?? '', /x0\.json: its 1 bytes are no JSON object; .*x2\.json: .*; and 147 more\)$/);
    assert.equal(finding?.details?.count, 150);
  });

  test('a newer format, and what is beyond the limits, is unknown and not damaged', async () => {
    const newer = await withShop(await archiveOf([{ name: 'metadata/version', content: '2.0.0\n' }]));
    assert.deepEqual([newer.findings, newer.unknowns.length], [[], 1]);
    assert.match(newer.unknowns[0]?.reason ?? '', /its archive has another format: metadata\/version: the backup has format 2\.0\.0/);
    const bomb = { name: 'resources/configmaps/namespaces/shop/bomb.json', content: Buffer.alloc((16 << 20) + 1, 0x20) };
    const large = await withShop(await archiveOf([version, bomb, ...configMapTwins('a')]));
    assert.equal(large.unknowns.length, 1);
    assert.deepEqual(large.findings, []);
  });

  test('members of another time are told of; those of the backup are not', async () => {
    const entries = configMapTwins('a');
    const fine = await written({ entries, name: 'b' });
    assert.deepEqual((await lookInto(check, fine)).lines, []);
    const odd = await written({ entries: entries.map((entry) => ({ ...entry, mtime: new Date('2026-11-24T09:00:00Z') })), name: 'b' });
    assert.match(
      (await lookInto(check, odd)).lines.join(),
      /^warning times: its archive has members that were not written when the backup was made/,
    );
  });

  test('of an older backup of a schedule the row alone', async () => {
    const entries = configMapTwins('a');
    const old = await written({ entries, day: 20, schedule: 'nightly' });
    const location = { ...old, ...(await written({ entries, day: 24, schedule: 'nightly' })) };
    const name = 'nightly-20261120050000';
    const content = location[backupKey(name, 'contents')];
    assert.ok(content instanceof Uint8Array);
    const damaged = { ...location, [backupKey(name, 'contents')]: content.subarray(0, 100) };
    const { findings, rows } = await lookInto(check, damaged, { backup: name });
    assert.deepEqual(findings, []);
    assert.match(rows.join(), /^nightly-20261120050000 error: its archive is cut/);
    const newest = await lookInto(
      check,
      { ...location, [backupKey('nightly-20261124050000', 'contents')]: content.subarray(0, 100) },
      { backup: 'nightly-20261124050000' },
    );
    assert.deepEqual([newest.findings[0]?.object.kind, newest.findings[0]?.subject], ['Schedule', 'truncated']);
  });
});
