import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/released-persistent-volumes.ts';
import { ago } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';
import { volume } from './volumes.ts';

test('a released volume is shown with its disk, its size and whose it was, and nothing is ever done', async () => {
  const proposal = await theProposal(rule, { objects: [volume('pv-1')] });
  assert.equal(proposal.reason, 'released 10 days ago by claim shop/data, and its policy Retain keeps the disk');
  assert.equal(proposal.since, Date.parse(ago({ days: 10 })));
  assert.deepEqual(proposal.facts, {
    phase: 'Released',
    policy: 'Retain',
    driver: 'ebs.csi.aws.com',
    disk: 'vol-pv-1',
    size: '100Gi',
    bytes: 107_374_182_400,
    storageClass: 'gp3',
    formerClaim: 'shop/data',
    since: ago({ days: 10 }),
  });
  assert.deepEqual(proposal.frees, { bytes: 107_374_182_400, disk: 'vol-pv-1' });
  assert.deepEqual([rule.does, rule.recheck], ['report', undefined]);
});

test('a failed one says why', async () => {
  const failed = volume(
    'pv-1',
    { persistentVolumeReclaimPolicy: 'Delete' },
    { phase: 'Failed', message: 'error deleting EBS volume: VolumeInUse.' },
  );
  assert.equal(
    (await theProposal(rule, { objects: [failed] })).reason,
    'its reclaim failed 10 days ago: error deleting EBS volume: VolumeInUse',
  );
});

test('since when it is released may not be known: its creation does not tell', async () => {
  const { since, reason, facts } = await theProposal(rule, { objects: [volume('pv-1', {}, { lastPhaseTransitionTime: null })] });
  assert.deepEqual([since, facts.since], [undefined, 'not known']);
  assert.equal(reason, 'released by claim shop/data, and its policy Retain keeps the disk');
});

describe('what stays out', () => {
  test('volumes that are bound, available or new', async () => {
    const phases = ['Bound', 'Available', 'Pending', '', null];
    const objects = phases.map((phase, index) => volume(`pv-${index}`, {}, { phase }));
    assert.deepEqual(await namesProposed(rule, { objects: [...objects, volume('released')] }), ['released']);
  });

  test('one whose provisioner is at work', async () => {
    const policy = { persistentVolumeReclaimPolicy: 'Delete' };
    const objects = [
      volume('at-work', policy, { lastPhaseTransitionTime: ago({ minutes: 14 }) }),
      volume('stuck', policy, { lastPhaseTransitionTime: ago({ minutes: 16 }) }),
      volume('unknown', policy, { lastPhaseTransitionTime: null }),
      volume('young', {}, { lastPhaseTransitionTime: ago({ minutes: 1 }) }),
    ];
    const { proposals } = await runRule(rule, { objects });
    assert.deepEqual(
      proposals.map(({ object, reason }) => [object.name, reason]),
      [
        ['stuck', 'released 16 minutes ago by claim shop/data, and its disk is still there (policy Delete)'],
        ['unknown', 'released by claim shop/data, and its disk is still there (policy Delete)'],
        ['young', 'released 60 seconds ago by claim shop/data, and its policy Retain keeps the disk'],
      ],
    );
  });
});

describe('what holds the data', () => {
  const sources = [
    [
      { awsElasticBlockStore: { volumeID: 'aws://eu-central-1a/vol-1', fsType: 'ext4' } },
      'awsElasticBlockStore',
      'aws://eu-central-1a/vol-1',
    ],
    [{ gcePersistentDisk: { pdName: 'disk-1' } }, 'gcePersistentDisk', 'disk-1'],
    [{ azureDisk: { diskName: 'd', diskURI: '/subscriptions/s/disks/d' } }, 'azureDisk', '/subscriptions/s/disks/d'],
    [{ azureFile: { secretName: 'never-told', shareName: 'share' } }, 'azureFile', 'share'],
    [{ nfs: { server: '10.0.0.9', path: '/exports/1' } }, 'nfs', '10.0.0.9:/exports/1'],
    [{ iscsi: { targetPortal: '10.0.0.9:3260', iqn: 'iqn.2026', lun: 0 } }, 'iscsi', '10.0.0.9:3260:iqn.2026:0'],
    [{ fc: { targetWWNs: ['a', 'b'], lun: 2 } }, 'fc', 'a:b:2'],
    [{ rbd: { monitors: ['m'], pool: 'kube', image: 'i1', keyring: '/etc/ceph/keyring' } }, 'rbd', 'kube:i1'],
    [{ local: { path: '/mnt/1' } }, 'local', '/mnt/1'],
    [{ flexVolume: { driver: 'example.com/x' } }, 'not known', 'not known'],
    [{ nfs: {} }, 'nfs', 'not known'],
    [{ csi: { driver: 'x.csi' } }, 'x.csi', 'not known'],
  ] as const;
  for (const [source, driver, disk] of sources)
    test(`${driver} ${disk}`, async () => {
      const { facts, frees } = await theProposal(rule, { objects: [volume('pv-1', { csi: null, ...source })] });
      assert.deepEqual([facts.driver, facts.disk], [driver, disk]);
      assert.equal(frees?.disk, disk === 'not known' ? undefined : disk);
    });

  test('a size that cannot be read is not counted, and a missing claim is not made up', async () => {
    const odd = volume('pv-1', { capacity: { storage: 'much' }, claimRef: null, storageClassName: '' });
    const { facts, frees, reason } = await theProposal(rule, { objects: [odd] });
    assert.deepEqual([facts.size, facts.bytes, facts.formerClaim, facts.storageClass], ['much', undefined, 'not known', 'none']);
    assert.deepEqual(frees, { disk: 'vol-pv-1' });
    assert.equal(reason, 'released 10 days ago, and its policy Retain keeps the disk');
  });
});
