import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import { clustersFor, selectClusters, UnknownClusterError } from '../../functions/runtime/select-clusters.ts';

const eks = { name: 'any', region: 'eu-central-1' };
const configuration: Pick<Configuration, 'clusters'> = {
  clusters: {
    prod: { eks, labels: { team: 'core', stage: 'production' } },
    'edge-1': { eks, labels: { team: 'edge' } },
    'edge-10': { eks },
    lab: { eks, labels: { team: 'core' } },
  },
};

const picks: Readonly<Record<string, readonly string[]>> = {
  prod: ['prod'],
  '*': ['prod', 'edge-1', 'edge-10', 'lab'],
  'edge-*': ['edge-1', 'edge-10'],
  'edge-1': ['edge-1'],
  'team=core': ['prod', 'lab'],
  'team=*': ['prod', 'edge-1', 'lab'],
  'stage=prod*': ['prod'],
};
for (const [pattern, names] of Object.entries(picks)) {
  test(`${pattern} picks ${names.join(', ')}`, () => assert.deepEqual(selectClusters(configuration, [pattern]), names));
}

test('several patterns pick each cluster once, in the order of the configuration', () => {
  assert.deepEqual(selectClusters(configuration, ['lab', 'team=core', 'edge-1', 'lab']), ['prod', 'edge-1', 'lab']);
  assert.deepEqual(selectClusters(configuration, []), []);
});

for (const pattern of ['prdo', 'edge-2*', 'team=web', 'tier=core', '=core', 'PROD', 'constructor=*']) {
  test(`${pattern} picks nothing and says what there is`, () => {
    assert.throws(
      () => selectClusters(configuration, ['prod', pattern]),
      (error) => {
        assert.ok(error instanceof UnknownClusterError);
        assert.match(error.message, /clusters: prod, edge-1, edge-10, lab; labels: stage=production, team=core, team=edge;/);
        assert.ok(error.message.startsWith(`"${pattern}" picks no cluster`));
        return true;
      },
    );
  });
}

test('without any cluster it says so, and a fleet’s names do not fill the screen', () => {
  assert.throws(() => selectClusters({ clusters: {} }, ['*']), /none is configured/);
  const fleet = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`c-${index}`, { eks }]));
  assert.throws(() => selectClusters({ clusters: fleet }, ['x']), /c-19 and 80 more; labels: none/);
});

describe('what an operation runs on', () => {
  const backups = [{ bucket: 'velero', region: 'eu-central-1' }];
  const mixed: Pick<Configuration, 'clusters'> = {
    clusters: {
      prod: { eks, backups },
      'lost-1': { backups, labels: { team: 'core' } },
      'edge-1': { kubeconfig: { ssm: '/edge-1' }, labels: { team: 'core' } },
    },
  };
  const healthCheck = { name: 'health-check', needs: 'api' } as const;
  const verification = { name: 'backup-verification', needs: 'backups' } as const;

  test('without patterns, by glob or label: what lacks it is left out', () => {
    assert.deepEqual(clustersFor(healthCheck, mixed, undefined), ['prod', 'edge-1']);
    assert.deepEqual(clustersFor(healthCheck, mixed, ['*']), ['prod', 'edge-1']);
    assert.deepEqual(clustersFor(healthCheck, mixed, ['team=core', 'prod']), ['prod', 'edge-1']);
    assert.deepEqual(clustersFor(verification, mixed, ['*']), ['prod', 'lost-1']);
  });

  const refused: readonly (readonly [Parameters<typeof clustersFor>[0], readonly string[] | undefined, RegExp])[] = [
    [
      healthCheck,
      ['prod', 'lost-1'],
      /^the cluster lost-1 has no eks and no kubeconfig, which health-check needs; say in nightshift\.yaml/,
    ],
    [healthCheck, ['lost-*'], /^"lost-\*" picks only lost-1, which has no eks and no kubeconfig/],
    [verification, ['edge-1'], /^the cluster edge-1 has no backups, which backup-verification needs; name in nightshift\.yaml/],
    [healthCheck, ['lost-2'], /^"lost-2" picks no cluster/],
  ];
  for (const [operation, patterns, message] of refused) {
    test(`${operation.name} on ${patterns}: refused`, () => {
      assert.throws(() => clustersFor(operation, mixed, patterns), { name: UnknownClusterError.name, message });
    });
  }

  test('where no cluster has it, nothing is started in silence', () => {
    const { 'lost-1': lost } = mixed.clusters;
    assert.ok(lost);
    assert.throws(
      () => clustersFor(healthCheck, { clusters: { 'lost-1': lost } }, undefined),
      /^UnknownClusterError: "\*" picks only lost-1/,
    );
  });
});
