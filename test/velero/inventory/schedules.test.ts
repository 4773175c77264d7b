import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Backup, startedAt } from '../../../functions/velero/backup.ts';
import { schedulesOf } from '../../../functions/velero/inventory/schedules.ts';
import { clusterOf, here, noClusterAtAll, place, unreachable } from '../../backup-verification/look-at.ts';
import { backupOf, metadataOf, now } from '../../backup-verification/sample-location.ts';

const nightly = (name: string, hoursAgo: number, more = {}) => backupOf(name, hoursAgo, { schedule: 'nightly', ...more });
const scheduleObject = (name: string, more: object = {}) => ({
  metadata: { name, namespace: 'velero', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { schedule: 'CRON_TZ=Europe/Berlin 0 3 * * *', template: { storageLocation: 'default' } },
  status: { phase: 'Enabled' },
  ...more,
});

test('by the label, and what was made by hand under no name; newest first, whoever decides', () => {
  const backups = [
    nightly('nightly-3', 2, { phase: 'Finalizing' }),
    nightly('nightly-1', 50),
    nightly('nightly-2', 26, { phase: 'Failed' }),
    backupOf('by-hand', 5),
  ];
  const [byHand, schedule, ...more] = schedulesOf(backups, noClusterAtAll);
  assert.deepEqual([byHand?.name, schedule?.name, more.length], ['', 'nightly', 0]);
  assert.deepEqual(
    schedule?.backups.map(({ name }) => name),
    ['nightly-3', 'nightly-2', 'nightly-1'],
  );
  assert.deepEqual([schedule?.deciding?.name, schedule?.newestUsable?.name, schedule?.cron], ['nightly-2', 'nightly-1', undefined]);
  assert.deepEqual([byHand?.deciding?.name, byHand?.newestUsable?.name], ['by-hand', 'by-hand']);
});

test('usable is what has its tarball too', () => {
  const { contents, ...withoutTarball } = nightly('nightly-2', 2).files;
  assert.ok(contents);
  const broken: Backup = { ...nightly('nightly-2', 2), files: withoutTarball };
  const [schedule] = schedulesOf([broken, nightly('nightly-1', 26)], noClusterAtAll);
  assert.deepEqual([schedule?.deciding?.name, schedule?.newestUsable?.name], ['nightly-2', 'nightly-1']);
});

test('its Schedule in the cluster, also of one that has no backup yet', () => {
  const cluster = clusterOf({ schedules: [scheduleObject('nightly'), scheduleObject('never')] });
  const [never, schedule] = schedulesOf([nightly('nightly-1', 2)], cluster, place);
  assert.deepEqual(
    [schedule?.cron, schedule?.timeZone, schedule?.paused, schedule?.createdAt, schedule?.problem],
    ['CRON_TZ=Europe/Berlin 0 3 * * *', 'Europe/Berlin', false, '2026-01-01T00:00:00Z', undefined],
  );
  assert.deepEqual([never?.name, never?.backups, never?.deciding], ['never', [], undefined]);
});

test('refused and paused', () => {
  const cluster = clusterOf({
    schedules: [
      scheduleObject('refused', { status: { phase: 'FailedValidation', validationErrors: ['invalid schedule: x', 'y'] } }),
      scheduleObject('paused', { spec: { schedule: '@daily', paused: true } }),
    ],
  });
  const [paused, refused] = schedulesOf([], cluster, place);
  assert.deepEqual([paused?.paused, refused?.problem], [true, 'invalid schedule: x; y']);
});

test('a Schedule of another location is none here, whoever is the default', () => {
  const other = {
    ...here,
    metadata: { name: 'other', namespace: 'velero' },
    spec: { objectStorage: { bucket: 'velero', prefix: 'staging' }, default: true },
  };
  const ours = { ...here, spec: { ...here.spec, default: false } };
  const cluster = clusterOf({
    locations: [other, ours],
    schedules: [
      scheduleObject('of-other', { spec: { schedule: '@daily', template: { storageLocation: 'other' } } }),
      scheduleObject('of-default', { spec: { schedule: '@daily', template: {} } }),
      scheduleObject('ours'),
    ],
  });
  assert.deepEqual(
    schedulesOf([], cluster, place).map(({ name }) => name),
    ['ours'],
  );
  // One that moved away has its old backups here, and no cron.
  const [moved] = schedulesOf([backupOf('of-other-1', 2, { schedule: 'of-other' })], cluster, place);
  assert.deepEqual([moved?.name, moved?.cron], ['of-other', undefined]);
});

test('a Schedule of another Velero in the cluster is none here, though its location has the same name', () => {
  const theirs = {
    ...here,
    metadata: { name: 'default', namespace: 'openshift-adp' },
    spec: { ...here.spec, objectStorage: { bucket: 'adp' } },
  };
  const marked = { ...theirs, metadata: { name: 'adp', namespace: 'openshift-adp' } };
  const ofTheirs = (name: string, template = {}) =>
    scheduleObject(name, { metadata: { name, namespace: 'openshift-adp' }, spec: { schedule: '@daily', template } });
  const cluster = clusterOf({
    locations: [marked, here, { ...theirs, spec: { ...theirs.spec, default: false } }],
    schedules: [scheduleObject('ours'), ofTheirs('named', { storageLocation: 'default' }), ofTheirs('unnamed')],
  });
  assert.deepEqual(
    schedulesOf([], cluster, place).map(({ name }) => name),
    ['ours'],
  );
});

test('a backup that cannot be read is as old as its name says, not as its copy', () => {
  const unread = (name: string) => {
    const { metadata, ...rest } = backupOf(name, 0);
    assert.ok(metadata);
    return { ...rest, trouble: { unknown: true, message: 'denied', remedy: '' } };
  };
  assert.equal(startedAt(unread('nightly-20261101030000')), Date.parse('2026-11-01T03:00:00Z'));
  for (const name of ['by-hand-1', 'n-20269901030000', '20261101030000', 'x-120261101030000']) {
    assert.equal(startedAt(unread(name)), unread(name).lastModified, name);
  }
});

test('the prefix counts without slashes; without a location the backups’ own storageLocation tells', () => {
  const slashes = { ...here, spec: { ...here.spec, objectStorage: { bucket: 'velero', prefix: '/prod/' } } };
  assert.equal(schedulesOf([], clusterOf({ locations: [slashes], schedules: [scheduleObject('a')] }), place).length, 1);
  const cluster = clusterOf({ schedules: [scheduleObject('a')] });
  const spec = { ...metadataOf('x', 1).spec, storageLocation: 'default' };
  assert.equal(schedulesOf([], cluster).length, 0);
  const told = schedulesOf([backupOf('x', 1, { spec })], cluster);
  assert.deepEqual(
    told.map(({ name }) => name),
    ['', 'a'],
  );
});

test('a backup whose velero-backup.json could not be had belongs to the schedule that its name says, where there is one', () => {
  const { metadata, ...unread } = backupOf('nightly-20261124030000', 2);
  assert.ok(metadata);
  const trouble = { unknown: true, message: 'denied', remedy: '' };
  const stranger = { ...unread, name: 'weekly-20261124030000', trouble };
  const [byHand, schedule] = schedulesOf([{ ...unread, trouble }, stranger, nightly('nightly-20261123030000', 26)], noClusterAtAll);
  assert.deepEqual(
    schedule?.backups.map(({ name }) => name),
    ['nightly-20261124030000', 'nightly-20261123030000'],
  );
  assert.deepEqual(
    [schedule?.deciding?.name, byHand?.backups.map(({ name }) => name)],
    ['nightly-20261123030000', ['weekly-20261124030000']],
  );
});

test('a cluster that was not reached says nothing', () => {
  const [schedule] = schedulesOf([nightly('nightly-1', 2)], unreachable, place);
  assert.deepEqual([schedule?.name, schedule?.cron, schedule?.paused], ['nightly', undefined, undefined]);
});

test('what is dated in the future decides nothing: it would keep every later night from being looked at', () => {
  const backups = [nightly('nightly-4', -48), nightly('nightly-3', -0.1), nightly('nightly-2', 26)];
  const [schedule] = schedulesOf(backups, noClusterAtAll, undefined, now).filter(({ name }) => name === 'nightly');
  // A clock may run ahead by some minutes.
  assert.deepEqual([schedule?.deciding?.name, schedule?.newestUsable?.name], ['nightly-3', 'nightly-3']);
  assert.equal(schedule?.backups.length, 3);
});
