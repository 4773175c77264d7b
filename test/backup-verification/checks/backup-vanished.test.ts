import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-vanished.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf, day, now } from '../sample-location.ts';

const looked = (backups: Parameters<typeof factsOf>[0], memory?: unknown, clock = now) =>
  lookAt(check, factsOf(backups), { memory, clock });
const all = [backupOf('a', 2), backupOf('b', 26), backupOf('c', 50)];

test('what the last run saw and is gone before it expired; told for some days', async () => {
  const first = await looked(all);
  assert.deepEqual(first.lines, []);
  // It lies in the state as JSON.
  const second = await looked(all.slice(0, 1), JSON.parse(JSON.stringify(first.memory)));
  assert.deepEqual(second.lines, ['warning: 2 usable backups are gone from the bucket before expiring: b and c']);
  const third = await looked(all.slice(0, 1), second.memory, now + 2 * day);
  assert.deepEqual([third.lines, third.findings[0]?.startedAt], [second.lines, new Date(now).toISOString()]);
  assert.deepEqual((await looked(all.slice(0, 1), third.memory, now + 4 * day)).lines, []);
});

test('one that came back is not told of', async () => {
  const { memory } = await looked(all.slice(0, 1), (await looked(all)).memory);
  const back = await looked(all, memory);
  assert.deepEqual(back.lines, []);
  assert.deepEqual(Object.keys(back.memory ?? {}), ['a', 'b', 'c']);
});

test('no alarm: it expired, was never usable, or only could not be read', async () => {
  const { memory } = await looked([
    backupOf('expiring', 700, { expiration: new Date(now + day).toISOString() }),
    backupOf('failed', 2, { phase: 'Failed' }),
  ]);
  assert.deepEqual(Object.keys(memory ?? {}), ['expiring']);
  assert.deepEqual((await looked([], memory, now + 2 * day)).lines, []);
  const { metadata, ...unread } = backupOf('a', 2);
  assert.ok(metadata);
  assert.deepEqual((await looked([unread], (await looked(all.slice(0, 1))).memory)).lines, []);
});

test('its folder without velero-backup.json is no backup any more', async () => {
  const { metadata, files, ...folder } = backupOf('a', 2);
  assert.ok(metadata && files.contents);
  assert.equal(
    (await looked([{ ...folder, files: { contents: files.contents } }], (await looked(all.slice(0, 1))).memory)).lines.length,
    1,
  );
});

test('a memory of another form is none, and what is remembered is bounded', async () => {
  for (const memory of [null, 7, { a: 1 }, ['x']]) assert.deepEqual((await looked([], memory)).lines, []);
  const { memory } = await looked(Array.from({ length: 1000 }, (_, index) => backupOf(`n-${index}`, index * 0.1)));
  assert.ok(JSON.stringify(memory).length < 10_000);
});
