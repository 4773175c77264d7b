import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOptions } from '../../functions/runtime/lay-options.ts';
import { readConfiguration } from '../../functions/runtime/read-configuration.ts';

const configuration = readConfiguration(
  `
clusters:
  prod:
    eks: { name: prod, region: eu-central-1 }
    options:
      health-check:
        checks: { off: [ b, c ], pods: { minutes: 5 }, own: { x: 1 } }
        ignore: [ { check: n, reason: of prod } ]
  stage: { eks: { name: stage, region: eu-central-1 } }
options:
  health-check:
    checks: { off: [ a, b ], pods: { minutes: 10, restarts: 3 } }
    ignore: [ { check: m, reason: everywhere } ]
  cleanup: { ignore: [ { check: z, reason: another operation } ] }
`,
  'nightshift.yaml',
);

test('a cluster’s options win key by key; off and ignore are joined', () => {
  assert.deepEqual(layOptions(configuration, 'prod', 'health-check'), {
    checks: { off: ['a', 'b', 'c'], pods: { minutes: 5, restarts: 3 }, own: { x: 1 } },
    ignore: [
      { check: 'm', reason: 'everywhere' },
      { check: 'n', reason: 'of prod' },
    ],
  });
});

test('a cluster without options, or one that is not configured, has those for all', () => {
  const general = {
    checks: { off: ['a', 'b'], pods: { minutes: 10, restarts: 3 } },
    ignore: [{ check: 'm', reason: 'everywhere' }],
  };
  assert.deepEqual(layOptions(configuration, 'stage', 'health-check'), general);
  assert.deepEqual(layOptions(configuration, 'from-a-kubeconfig', 'health-check'), general);
  assert.deepEqual(layOptions(configuration, 'prod', 'upgrade-readiness'), {});
});
