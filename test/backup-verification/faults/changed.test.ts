/** Files that changed after they were verified: a run remembers what it found good. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import { hour, now } from '../sample-location.ts';
import { type Night, newest, nights } from './planted-nights.ts';
import { type PlayedObject, underTheTagOf } from './played-objects.ts';
import { assertReport, type Expected, playing, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const key = backupKey(newest, 'contents');
/** A value in it is another one, in both copies; all else is in order. */
const exchanged: Night = {
  members: (members) =>
    members.map((each) =>
      each.name.endsWith('/settings.json') ? { ...each, content: String(each.content).replace(/"data":\{/, '"data":{"x":"y",') } : each,
    ),
};

const good: Expected = { newestVerified: { nightly: newest } };

async function nightAfterNight(
  first: Night,
  change: (before: PlayedObject, after: PlayedObject) => PlayedObject,
  expected: Expected,
  expectedFirst = good,
) {
  const folder = temporaryDirectory('changed');
  try {
    const run = { state: directoryStorage(folder) };
    const files = await nights(first);
    assertReport(await verified(files, { run }), expectedFirst);
    const [before, after] = [files[key], (await nights({ ...first, ...exchanged }))[key]];
    assert.ok(before && after);
    assertReport(await verified({ ...files, [key]: change(before, after) }, { run }), expected);
  } finally {
    removeTemporaryDirectory(folder);
  }
}

const rewritten = (_: PlayedObject, after: PlayedObject) => ({ ...after, lastModified: now - hour });

describe('a tarball', () => {
  test('exchanged after it was verified, with all in order inside', () =>
    nightAfterNight({}, rewritten, {
      alarms: {
        'warning backup-changed Schedule nightly contents changed': new RegExp(`${key} was rewritten at 2026-11-24T04:30:00.*SHA-256`),
      },
      rows: { [newest]: 'warning' },
    }));
  test('rotten under the same version', () =>
    nightAfterNight({}, (before, after) => ({ ...before, body: underTheTagOf(before.body, after.body) }), {
      alarms: {
        'critical backup-changed Schedule nightly contents changed': new RegExp(`${key} has other content than when it was verified`),
      },
      rows: { [newest]: 'error' },
      newestVerified: { nightly: null },
    }));
  test('no alarm: the same as it was, and one that finalization wrote once more', async () => {
    await nightAfterNight({}, (before) => before, { newestVerified: { nightly: newest } });
    // Its first version is older than velero-backup.json, and is no measure.
    const night: Night = {
      status: { backupItemOperationsAttempted: 1, backupItemOperationsCompleted: 1, completionTimestamp: '2026-11-24T05:00:00Z' },
      written: { metadata: 0.5, contents: 0.6, itemOperations: 0.5 },
    };
    const last = (_: PlayedObject, after: PlayedObject) => ({ ...after, lastModified: now - 0.4 * hour });
    await nightAfterNight(night, last, good, { rows: { [newest]: 'unknown' } });
  });
});
