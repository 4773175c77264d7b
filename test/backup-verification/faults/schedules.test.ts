/** Schedules that stopped, backups that vanished or outlived their time, and what the cluster and the bucket know of each other. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ClusterError } from '../../../functions/cluster/cluster-error.ts';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import { hour, now } from '../sample-location.ts';
import { type Night, newest, nightOf, nights, older } from './planted-nights.ts';
import type { Files } from './played-objects.ts';
import { place } from './played-s3.ts';
import { assertReport, clusterOf, type Expected, playing, storageLocation, type Verification, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const schedule = (spec: object = {}, more: object = {}) => ({
  metadata: { name: 'nightly', namespace: 'velero', creationTimestamp: '2026-06-01T00:00:00Z' },
  spec: { schedule: '0 1 * * *', ...spec },
  status: { phase: 'Enabled', lastBackup: '2026-11-24T01:00:00Z' },
  ...more,
});
const known = (name: string, status: object = { phase: 'Completed', completionTimestamp: '2026-11-24T01:01:00Z' }, more: object = {}) => ({
  metadata: { name, namespace: 'velero', ...more },
  spec: { storageLocation: 'default' },
  status,
});
const bothKnown = [known(newest), known(older)];
const withCluster = (lists: Parameters<typeof clusterOf>[0]): Verification => ({
  run: { open: clusterOf({ backupstoragelocations: [storageLocation], schedules: [schedule()], backups: bothKnown, ...lists }) },
});
const sound = { newestVerified: { nightly: newest } } as const;
const judge = async (files: Files, expected: Expected, more: Verification = {}) => assertReport(await verified(files, more), expected);

/** Every night at the same time; the newest `ago` days ago. */
async function everyNight(count: number, ago: number): Promise<Files> {
  const all = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const day = new Date(Date.parse('2026-11-24T01:00:00Z') - (index + ago) * 86_400_000);
      return nightOf({ name: `nightly-${day.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}`, hoursAgo: 4.5 + 24 * (index + ago) });
    }),
  );
  return Object.assign({}, ...all);
}

describe('a schedule that stopped', () => {
  const overdue = 'Schedule nightly overdue';
  const name = 'nightly-20261121010000';
  const lastNights = ['23', '22', '21'].map((day) => known(`nightly-202611${day}010000`));
  test('is told by its cron', async () =>
    judge(
      await everyNight(4, 3),
      {
        alarms: {
          [`critical schedule-overdue ${overdue}`]: /newest usable backup nightly-20261121010000 .* 3 days ago, and was due 3 times since/,
        },
        newestVerified: { nightly: name },
      },
      withCluster({ backups: ['21', '20', '19', '18'].map((day) => known(`nightly-202611${day}010000`)) }),
    ));
  test('is told by its rhythm where there is no cluster to ask', async () =>
    judge(await everyNight(4, 3), {
      alarms: { [`warning schedule-overdue ${overdue}`]: /3 days ago, and the last ones came every day|every 24 hours/ },
      newestVerified: { nightly: name },
    }));
  test('by one night is a warning', async () =>
    judge(
      await everyNight(3, 1),
      { alarms: { [`warning schedule-overdue ${overdue}`]: /28 hours ago, and was due once more, at 2026-11-24 01:00 UTC/ } },
      withCluster({ backups: lastNights }),
    ));
  test('no alarm: Velero is at this night’s; in the night when the clocks go forward its time does not come', async () => {
    const running = known('nightly-20261124010000', { phase: 'InProgress' }, { labels: { 'velero.io/schedule-name': 'nightly' } });
    await judge(await everyNight(3, 1), { newestVerified: { nightly: older } }, withCluster({ backups: [running, ...lastNights] }));
    const began = ['28', '27', '26'].map((day) => Date.parse(`2026-03-${day}T01:30:00Z`));
    const march = await Promise.all(began.map((time, index) => nightOf({ name: `nightly-${index}`, hoursAgo: (now - time) / hour })));
    const summer = schedule(
      { schedule: 'CRON_TZ=Europe/Berlin 30 2 * * *' },
      { metadata: { name: 'nightly', namespace: 'velero', creationTimestamp: '2026-01-01T00:00:00Z' } },
    );
    const more = withCluster({ schedules: [summer], backups: ['nightly-0', 'nightly-1', 'nightly-2'].map((name) => known(name)) });
    await judge(
      Object.assign({}, ...march),
      { newestVerified: { nightly: 'nightly-0' } },
      { ...more, at: Date.parse('2026-03-29T06:00:00Z') },
    );
  });
  test('never ran', async () => {
    const weekly = {
      ...schedule({ schedule: '0 1 * * 0' }),
      metadata: { name: 'weekly', namespace: 'velero', creationTimestamp: '2026-09-01T00:00:00Z' },
      status: { phase: 'Enabled' },
    };
    await judge(
      await nights(),
      {
        alarms: {
          'critical schedule-never-ran Schedule weekly':
            /was never run since it was created 12 weeks ago|was never run since it was created 84 days ago/,
        },
        ...sound,
      },
      withCluster({ schedules: [schedule(), weekly] }),
    );
  });
  test('no alarm: its first time has not come', async () => {
    const young = {
      ...schedule(),
      metadata: { name: 'young', namespace: 'velero', creationTimestamp: '2026-11-24T03:00:00Z' },
      status: { phase: 'New' },
    };
    await judge(await nights(), sound, withCluster({ schedules: [schedule(), young] }));
  });
  test('is paused for too long', async () =>
    judge(
      await everyNight(2, 5),
      { alarms: { 'warning schedule-paused Schedule nightly': /is paused; its newest backup was begun 5 days ago/ } },
      withCluster({ schedules: [schedule({ paused: true })], backups: ['19', '18'].map((day) => known(`nightly-202611${day}010000`)) }),
    ));
  test('is refused by Velero', async () =>
    judge(
      await nights(),
      { alarms: { 'critical schedule-refused Schedule nightly': /invalid schedule: expected exactly 5 fields/ }, ...sound },
      withCluster({
        schedules: [
          schedule(
            { schedule: 'never' },
            { status: { phase: 'FailedValidation', validationErrors: ['invalid schedule: expected exactly 5 fields'] } },
          ),
        ],
      }),
    ));
  test('no alarm: backups by hand have no schedule', async () =>
    judge(await nightOf({ schedule: null, hoursAgo: 400 }), {}, withCluster({ schedules: [], backups: [known(newest)] })));
});

describe('a backup vanished', () => {
  const twice = async (before: Night, files: (all: Files) => Files, expected: Expected) => {
    const folder = temporaryDirectory('vanished');
    try {
      const run = { state: directoryStorage(folder) };
      const all = await nights({}, before);
      await verified(all, { run });
      await judge(files(all), expected, { run });
    } finally {
      removeTemporaryDirectory(folder);
    }
  };
  const withoutOlder = (all: Files): Files => Object.fromEntries(Object.entries(all).filter(([key]) => !key.includes(older)));
  test('before its time: Velero’s synchronisation removed it from the cluster too', () =>
    twice({}, withoutOlder, { alarms: { 'warning backup-vanished Bucket': /nightly-20261123010000/ }, ...sound }));
  test('no alarm: it had expired', () => twice({ status: { expiration: '2026-11-24T05:00:00Z' } }, withoutOlder, sound));
});

describe('what expired is still there', () => {
  const old: Night = { status: { expiration: '2026-11-20T00:00:00Z' } };
  const alarm = 'warning backup-expired Bucket';
  test('as Velero’s garbage collection does not get on', async () => {
    const failing = known(older, { phase: 'Completed' }, { labels: { 'velero.io/gc-failure': 'BSLReadOnly' } });
    await judge(
      await nights({}, old),
      {
        alarms: {
          [alarm]:
            /1 backup is still there after expiring .* 4 days ago\): nightly-20261123010000; Velero’s garbage collection says BSLReadOnly/,
        },
        ...sound,
      },
      withCluster({ backups: [known(newest), failing] }),
    );
  });
  test('no alarm: for two days, in a location that is read only, or with no cluster left to remove it', async () => {
    await judge(await nights({}, { status: { expiration: '2026-11-23T00:00:00Z' } }), sound, withCluster({}));
    const readOnly = { ...storageLocation, spec: { ...storageLocation.spec, accessMode: 'ReadOnly' } };
    await judge(await nights({}, old), sound, withCluster({ backupstoragelocations: [readOnly] }));
    await judge(await nights({}, old), sound);
  });
});

describe('the cluster and the bucket', () => {
  test('a backup that only the cluster knows', async () =>
    judge(
      await nights(),
      { alarms: { 'warning backup-gone-from-bucket Bucket': /lists 1 backup as finished .*: nightly-20261122010000/ }, ...sound },
      withCluster({
        backups: [...bothKnown, known('nightly-20261122010000', { phase: 'Completed', completionTimestamp: '2026-11-22T01:01:00Z' })],
      }),
    ));
  test('a backup that only the bucket knows', async () =>
    judge(
      await nights(),
      {
        alarms: { 'warning backup-unknown-to-cluster Bucket': /does not know 1 backup of this location: nightly-20261123010000/ },
        rows: { [older]: 'warning' },
        ...sound,
      },
      withCluster({ backups: [known(newest)] }),
    ));
  test('no alarm: `kubectl delete backup` a moment ago, which comes back; a Schedule that took its Backups with it', async () => {
    await judge(await nightOf({ hoursAgo: 0.1 }), sound, withCluster({ backups: [] }));
    await judge(await nights(), sound, withCluster({ schedules: [], backups: [] }));
  });
  test('the location is unavailable', async () => {
    const unavailable = { ...storageLocation, status: { phase: 'Unavailable', message: 'x509: certificate has expired' } };
    await judge(
      await nights(),
      { alarms: { 'critical location-available BackupStorageLocation default unavailable': /x509: certificate has expired/ }, ...sound },
      withCluster({ backupstoragelocations: [unavailable] }),
    );
  });
  test('none of its locations is this one: the prefix was written into config', async () => {
    const mistaken = {
      ...storageLocation,
      spec: { ...storageLocation.spec, objectStorage: { bucket: 'velero' }, config: { prefix: 'prod' } },
    };
    const report = await verified(await nights(), withCluster({ backupstoragelocations: [mistaken] }));
    assert.match(report.findings.find(({ check }) => check === 'location-available')?.message ?? '', new RegExp(place));
  });
  test('a folder that Velero does not know lies beside the backups', async () =>
    judge(
      { ...(await nights()), 'reports/2026.json': { body: Buffer.from('{}'), lastModified: 0 } },
      {
        alarms: { 'critical location-folders Bucket': /at the top of s3:\/\/velero\/prod is a folder that Velero does not know: reports/ },
        ...sound,
      },
    ));
  test('no alarm: a file lies there, or what Velero allows', async () => {
    const file = { body: Buffer.from('x'), lastModified: 0 };
    await judge(
      { ...(await nights()), 'readme.txt': file, 'plugins/x': file, 'metadata/revision': file, 'restores/r/restore-r-logs.gz': file },
      sound,
    );
  });
  test('a cluster that does not answer: what only it knows is unknown, and its backups are looked into all the same', async () => {
    const open = () => Promise.reject(new ClusterError('unreachable', 'nobody answers at 192.0.2.1', 'look at the network'));
    const asked = [
      'backup-gone-from-bucket',
      'backup-unknown-to-cluster',
      'location-available',
      'repository-maintenance',
      'schedule-never-ran',
    ];
    const unknown = Object.fromEntries(
      [...asked, 'schedule-paused', 'schedule-refused'].map((check) => [check, /nobody answers at 192\.0\.2\.1/]),
    );
    await judge(await nights(), { unknown, ...sound }, { run: { open } });
  });
});
