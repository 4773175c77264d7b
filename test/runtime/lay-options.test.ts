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

const rule = (id: string, reason: string) =>
  `{ id: ${id}, resource: { version: v1, resource: configmaps, kind: ConfigMap }, when: "has(object.data)", minimumAgeHours: 1, action: delete, reason: ${reason} }`;
const cleanup = readConfiguration(
  `
clusters:
  prod:
    eks: { name: prod, region: eu-central-1 }
    options:
      cleanup:
        guards: { limits: { number: 20 }, protectedNamespaces: [ pay-* ], unprotectedNamespaces: [ default ], writesPerSecond: 2 }
        apply: { rules: [ finished-jobs ] }
        rules: [ ${rule('b-b', 'of prod')}, ${rule('c-c', 'of prod')} ]
  stage: { eks: { name: stage, region: eu-central-1 } }
options:
  cleanup:
    guards: { limits: { number: 50, percent: 5 }, protectedNamespaces: [ vault, pay-* ], windows: [ { cron: "0 2 * * ? *", durationMinutes: 60 } ] }
    apply: { rules: [ finished-jobs, old-events ], observedRuns: 1 }
    rules: [ ${rule('a-a', 'everywhere')}, ${rule('b-b', 'everywhere')} ]
`,
  'nightshift.yaml',
);

test('guards win key by key, limits too; a cluster protects no less than all do', () => {
  assert.deepEqual(layOptions(cleanup, 'prod', 'cleanup').guards, {
    limits: { number: 20, percent: 5 },
    protectedNamespaces: ['vault', 'pay-*'],
    unprotectedNamespaces: ['default'],
    windows: [{ cron: '0 2 * * ? *', durationMinutes: 60 }],
    writesPerSecond: 2,
  });
  assert.deepEqual(layOptions(cleanup, 'stage', 'cleanup').guards, cleanup.options.cleanup?.guards);
});

test('a cluster’s rule stands in the place of the one with its id', () => {
  const of = (cluster: string) => layOptions(cleanup, cluster, 'cleanup').rules?.map(({ id, reason }) => [id, reason]);
  assert.deepEqual(of('prod'), [
    ['a-a', 'everywhere'],
    ['b-b', 'of prod'],
    ['c-c', 'of prod'],
  ]);
  assert.deepEqual(of('stage'), [
    ['a-a', 'everywhere'],
    ['b-b', 'everywhere'],
  ]);
});

test('what may be applied unasked is a cluster’s own alone', () => {
  assert.deepEqual(layOptions(cleanup, 'prod', 'cleanup').apply, { rules: ['finished-jobs'] });
  assert.equal(layOptions(cleanup, 'stage', 'cleanup').apply, undefined);
  assert.equal(layOptions(cleanup, 'from-a-kubeconfig', 'cleanup').apply, undefined);
});
