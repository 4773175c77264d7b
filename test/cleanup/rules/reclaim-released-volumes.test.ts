import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/reclaim-released-volumes.ts';
import fc from '../../fuzz.ts';
import { ago } from '../../health-check/objects.ts';
import { askAgain, namesProposed, type RuleRun, runRule, theProposal } from './run-rule.ts';
import { claim, volume } from './volumes.ts';

type Fields = Readonly<Record<string, unknown>>;
const named = (...volumes: readonly string[]) => ({ volumes });

describe('what is to be done', () => {
  test('a volume that is named: its policy becomes Delete, with all that one has to know', async () => {
    const proposal = await theProposal(rule, { objects: [volume('pv-1')], options: named('pv-1') });
    assert.deepEqual(proposal.patch, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    assert.equal(proposal.reason, 'released 10 days ago by claim shop/data: policy Delete lets its provisioner remove the disk');
    assert.equal(proposal.reportOnly, undefined);
    assert.deepEqual([proposal.risk, proposal.lost, proposal.since], ['high', ['the data on the disk'], Date.parse(ago({ days: 10 }))]);
    assert.deepEqual(proposal.frees, { bytes: 107_374_182_400, disk: 'vol-pv-1' });
    const { disk, size, storageClass, formerClaim, backup } = proposal.facts;
    assert.deepEqual([disk, size, storageClass, formerClaim, backup], ['vol-pv-1', '100Gi', 'gp3', 'shop/data', 'none found']);
  });

  test('off by default, and a patch and nothing else', () => {
    assert.deepEqual(rule.options.parse({}), { enabled: false, minimumAgeHours: 168, volumes: [] });
    assert.equal(rule.does, 'patch');
  });

  test('a volume that does not say since when is of no age', async () => {
    const untimed = volume('pv-1', {}, { lastPhaseTransitionTime: null });
    assert.equal((await theProposal(rule, { objects: [untimed], options: named('pv-1') })).since, undefined);
  });
});

describe('what is only shown', () => {
  const reportOnlyOf = async (run: RuleRun) => (await theProposal(rule, run)).reportOnly ?? 'nothing holds it';

  test('volumes that nobody named, by a whole name', async () => {
    const objects = [volume('pv-1')];
    for (const options of [{}, named(), named('pv'), named('pv-*'), named('pv-11'), named('PV-1')])
      assert.match(await reportOnlyOf({ objects, options }), /name it .*options\.cleanup\.checks\.reclaim-released-volumes\.volumes/);
  });

  test('one that no provisioner made', async () => {
    const byHand = volume('pv-1', {}, {}, { annotations: {} });
    assert.match(await reportOnlyOf({ objects: [byHand], options: named('pv-1') }), /no provisioner/);
    assert.match((await askAgain(rule, byHand, { options: named('pv-1') })) ?? 'still holds', /no provisioner/);
  });

  test('one that a claim refers to', async () => {
    const objects = [volume('pv-1'), claim('pv-1', 'again'), claim('pv-1', 'also'), claim('pv-2', 'other')];
    assert.equal(await reportOnlyOf({ objects, options: named('pv-1') }), 'claim shop/again refers to it');
  });

  test('one that does not say whose it was', async () => {
    for (const claimRef of [null, { namespace: 'shop', name: 'data' }, { uid: 'x' }]) {
      const odd = volume('pv-1', { claimRef });
      assert.match(await reportOnlyOf({ objects: [odd], options: named('pv-1') }), /which claim/);
      assert.match((await askAgain(rule, odd, { options: named('pv-1') })) ?? 'still holds', /which claim/);
    }
  });
});

describe('what stays', () => {
  const others: readonly (readonly [string, Fields, Fields, RegExp])[] = [
    ['bound', {}, { phase: 'Bound' }, /phase is Bound/],
    ['available', {}, { phase: 'Available' }, /phase is Available/],
    ['failed', {}, { phase: 'Failed' }, /phase is Failed/],
    ['of no phase', {}, { phase: null }, /phase is not known/],
    ['policy Delete already', { persistentVolumeReclaimPolicy: 'Delete' }, {}, /policy is Delete/],
    ['policy Recycle', { persistentVolumeReclaimPolicy: 'Recycle' }, {}, /policy is Recycle/],
    ['no policy', { persistentVolumeReclaimPolicy: null }, {}, /policy is not known/],
  ];
  for (const [what, spec, status, because] of others)
    test(what, async () => {
      const other = volume('pv-1', spec, status);
      assert.deepEqual(await namesProposed(rule, { objects: [other, volume('pv-2')], options: named('pv-1', 'pv-2') }), ['pv-2']);
      assert.match((await askAgain(rule, other, { options: named('pv-1') })) ?? 'still holds', because);
    });

  test('all, where claims cannot be read', async () => {
    const endings = { persistentvolumeclaims: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } } as const;
    const { proposals, end } = await runRule(rule, { objects: [volume('pv-1')], options: named('pv-1'), endings });
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
  });
});

describe('asked again', () => {
  const options = named('pv-1');

  test('still released, and its claim is gone or another that has another volume', async () => {
    assert.equal(await askAgain(rule, volume('pv-1'), { options }), undefined);
    assert.equal(await askAgain(rule, volume('pv-1'), { options, live: [claim('pv-2')] }), undefined);
  });

  test('its claim is back, or one of the same name wants it', async () => {
    for (const live of [claim('pv-2', 'data', 'claim-1'), claim('pv-1')])
      assert.equal(await askAgain(rule, volume('pv-1'), { options, live: [live] }), 'claim shop/data refers to it');
  });

  test('its claim cannot be asked for', async () => {
    await assert.rejects(askAgain(rule, volume('pv-1'), { options, error: new Error('403') }), /403/);
  });

  test('it is not named any more, or is no volume', async () => {
    assert.match((await askAgain(rule, volume('pv-1'))) ?? 'still holds', /not named/);
    for (const odd of [undefined, {}, { ...volume('pv-1'), kind: 'Pod' }])
      assert.match((await askAgain(rule, odd, { options })) ?? 'still holds', /not as expected/);
  });
});

describe('whether a backup holds its data', () => {
  const labels = (backup: string, uid?: string) => ({ 'velero.io/backup-name': backup, ...(uid && { 'velero.io/pvc-uid': uid }) });
  const files = (
    backup: string,
    days: number,
    { uid, name = 'data', namespace = 'shop', phase = 'Completed' }: Record<string, string | undefined> = {},
  ) => ({
    apiVersion: 'velero.io/v1',
    kind: 'PodVolumeBackup',
    metadata: { name: `${backup}-x1`, namespace: 'velero', labels: labels(backup, uid), annotations: { 'velero.io/pvc-name': name } },
    spec: { pod: { kind: 'Pod', namespace, name: 'db-0' }, volume: 'data' },
    status: { phase, completionTimestamp: ago({ days }) },
  });
  const moved = (backup: string, days: number, { uid, name = 'data', phase = 'Completed' }: Record<string, string | undefined> = {}) => ({
    apiVersion: 'velero.io/v2alpha1',
    kind: 'DataUpload',
    metadata: { name: `${backup}-x2`, namespace: 'velero', labels: labels(backup, uid) },
    spec: { sourceNamespace: 'shop', sourcePVC: name },
    status: { phase, completionTimestamp: ago({ days }) },
  });
  const snapshot = (name: string, days: number, { handle = 'vol-pv-1', driver = 'ebs.csi.aws.com', ready = true, by = {} } = {}) => ({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name, labels: by },
    spec: { driver, source: { volumeHandle: handle } },
    status: { readyToUse: ready, creationTime: Date.parse(ago({ days })) * 1e6 },
  });
  const told = async (...objects: readonly object[]) =>
    (await theProposal(rule, { objects: [volume('pv-1'), ...objects], options: named('pv-1') })).facts.backup;

  test('the newest copy of any kind', async () => {
    const at = (days: number) => ago({ days }).replace('.000', '');
    assert.equal(await told(files('nightly-1', 12), files('nightly-2', 11)), `yes (backup nightly-2 at ${at(11)})`);
    assert.equal(await told(files('nightly-2', 11), moved('moved-1', 10.5, { uid: 'claim-1' })), `yes (backup moved-1 at ${at(10.5)})`);
    assert.equal(await told(files('nightly-2', 11), snapshot('snap-1', 10.2)), `yes (snapshot snap-1 at ${at(10.2)})`);
    assert.equal(await told(snapshot('snap-1', 10.2, { by: labels('with-csi') })), `yes (backup with-csi at ${at(10.2)})`);
  });

  test('what looks like one and is none', async () => {
    assert.equal(
      await told(
        files('another-claim', 11, { name: 'other' }),
        files('another-namespace', 11, { namespace: 'other' }),
        files('another-uid', 11, { uid: 'claim-0' }),
        files('failed', 11, { phase: 'Failed' }),
        files('at-work', 11, { phase: 'InProgress' }),
        moved('another-claim', 11, { name: 'other' }),
        moved('another-uid', 11, { uid: 'claim-0' }),
        moved('cancelled', 11, { phase: 'Canceled' }),
        snapshot('another-disk', 11, { handle: 'vol-pv-10' }),
        snapshot('another-driver', 11, { driver: 'other.csi' }),
        snapshot('not-ready', 11, { ready: false }),
      ),
      'none found',
    );
  });

  test('what was not read is not known', async () => {
    const absent = { state: 'absent', reason: 'not served' } as const;
    const failed = { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } as const;
    const objects = [volume('pv-1'), files('nightly-1', 11)];
    const run = (endings: RuleRun['endings']) =>
      runRule(rule, { objects: objects.slice(0, 1), options: named('pv-1'), ...(endings && { endings }) });
    const backupOf = async (endings: RuleRun['endings']) => (await run(endings)).proposals[0]?.facts.backup;
    assert.equal(await backupOf({ podvolumebackups: failed, datauploads: absent, volumesnapshotcontents: failed }), 'not known');
    assert.equal(await backupOf({ datauploads: failed }), 'not known (none among PodVolumeBackups and VolumeSnapshotContents)');
    // What was found stands, whatever else was not read.
    const { facts } = await theProposal(rule, { objects, options: named('pv-1'), endings: { datauploads: failed } });
    assert.match(String(facts.backup), /^yes \(backup nightly-1/);
  });

  test('the order of objects changes nothing', async () => {
    const objects = [
      ...Array.from({ length: 4 }, (_, index) => volume(`pv-${index}`)),
      ...Array.from({ length: 4 }, (_, index) => claim(`pv-${index % 2}`, `c-${index}`)),
      ...Array.from({ length: 4 }, (_, index) => files(`b-${index}`, 11 + (index % 2))),
      ...Array.from({ length: 3 }, (_, index) => snapshot(`s-${index}`, 11, { handle: 'vol-pv-3' })),
    ];
    const { proposals } = await runRule(rule, { objects, options: named('pv-2', 'pv-3') });
    assert.deepEqual(
      proposals.map(({ reportOnly }) => reportOnly === undefined),
      [false, false, true, true],
    );
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(objects, { minLength: objects.length, maxLength: objects.length }), async (shuffled) => {
        assert.deepEqual((await runRule(rule, { objects: shuffled, pageSize: 2, options: named('pv-2', 'pv-3') })).proposals, proposals);
      }),
      { numRuns: 100 },
    );
  });
});
