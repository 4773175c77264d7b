import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigurationError, readConfiguration } from '../../functions/runtime/read-configuration.ts';

const read = (text: string) => readConfiguration(text, 'nightshift.yaml');

test('a configuration is read, with its defaults', () => {
  const configuration = read(`
clusters:
  prod: { eks: { name: prod, region: eu-central-1 }, labels: { team: core } }
notify: [ { topic: create } ]
`);
  assert.deepEqual(configuration.clusters.prod, { eks: { name: 'prod', region: 'eu-central-1' }, labels: { team: 'core' } });
  assert.deepEqual(configuration.notify, [{ topic: 'create', format: 'text', atLeast: 'warning', when: 'changes' }]);
  assert.equal(configuration.deployment.timeoutSeconds, 600);
  assert.deepEqual(configuration.schedules, []);
});

test('an anchor is followed', () => {
  const { clusters } = read(`
clusters:
  a: { eks: &access { name: a, region: eu-central-1 } }
  b: { eks: *access }
`);
  assert.deepEqual(clusters.b, { eks: { name: 'a', region: 'eu-central-1' } });
});

const prod = 'clusters:\n  prod: { eks: { name: prod, region: eu-central-1 } }\n';

const mistakes: Readonly<Record<string, { text: string; says: string | RegExp }>> = {
  'an empty file': { text: '', says: 'nightshift.yaml:1: empty; allowed: a mapping' },
  'YAML syntax': { text: `${prod}schedules: [\n  { operation: x\n`, says: /^nightshift\.yaml:\d: not valid YAML: / },
  'a tab': { text: 'clusters:\n\tprod: {}\n', says: 'nightshift.yaml:2: not valid YAML: Tabs are not allowed as indentation' },
  'an unknown tag': { text: 'clusters: !vault {}', says: 'nightshift.yaml:1: not valid YAML: Unresolved tag: !vault' },
  'an alias without its anchor': { text: 'clusters: *x', says: /^nightshift\.yaml: not valid YAML: Unresolved alias/ },
  'a second document': { text: `${prod}---\n${prod}`, says: /^nightshift\.yaml:3: not valid YAML: / },
  'a duplicate key': {
    text: `${prod}  stage: { eks: { name: s, region: eu-west-1 } }\n  prod: { eks: { name: q, region: eu-west-1 } }\n`,
    says: 'nightshift.yaml:4: the key prod is given twice; a key may stand in a mapping once',
  },
  'an unknown key': {
    text: 'clusters:\n  prod:\n    eks:\n      name: prod\n      region: eu-central-1\n      rol: x\n',
    says: 'nightshift.yaml:6: clusters.prod.eks.rol: unknown key; allowed: name, region, role, externalId',
  },
  'an unknown key at the top': {
    text: `${prod}cluster: {}\n`,
    says: 'nightshift.yaml:3: cluster: unknown key; allowed: clusters, schedules, options, notify, console, deployment',
  },
  'an unknown operation of options': {
    text: `${prod}options:\n  healthcheck: {}\n`,
    says: /^nightshift\.yaml:4: options\.healthcheck: unknown key; allowed: health-check, /,
  },
  'a role to write with, of a cluster with a kubeconfig': {
    text: 'clusters:\n  edge:\n    kubeconfig: { secret: x }\n    write:\n      role: arn:aws:iam::123456789012:role/w\n',
    says: /^nightshift\.yaml:5: clusters\.edge\.write\.role: .*; a cluster with a kubeconfig is written to by a context or a kubeconfig; allowed: context, kubeconfig$/,
  },
  'a context to write with, of an EKS cluster': {
    text: 'clusters:\n  prod:\n    eks: { name: prod, region: eu-central-1 }\n    write:\n      context: w\n',
    says: /^nightshift\.yaml:5: clusters\.prod\.write\.context: .*; an EKS cluster is written to by a role; allowed: role, externalId$/,
  },
  'an external id beside a context': {
    text: 'clusters:\n  edge:\n    kubeconfig: { secret: x }\n    write:\n      context: w\n      externalId: y\n',
    says: /^nightshift\.yaml:6: clusters\.edge\.write\.externalId: .*; allowed: context, kubeconfig$/,
  },
  'two ways to write': {
    text: 'clusters:\n  edge:\n    kubeconfig: { secret: x }\n    write: { context: w, kubeconfig: { secret: y } }\n',
    says: /^nightshift\.yaml:4: clusters\.edge\.write: .*exactly one of role, context, kubeconfig$/,
  },
  'writing to a cluster that is gone': {
    text: 'clusters:\n  lost:\n    backups: [{ bucket: velero, region: eu-central-1 }]\n    write: { role: "arn:aws:iam::123456789012:role/w" }\n',
    says: /^nightshift\.yaml:4: clusters\.lost\.write: .*a cluster without eks and kubeconfig is gone: nothing can be written to it$/,
  },
  'a protected namespace that there cannot be': {
    text: `${prod}options:\n  cleanup:\n    guards:\n      protectedNamespaces: [payments, Payments]\n`,
    says: /^nightshift\.yaml:6: options\.cleanup\.guards\.protectedNamespaces\[1\]: "Payments"; allowed: a namespace’s name, or a glob/,
  },
  'no limit at all': {
    text: `${prod}options:\n  cleanup:\n    guards: { limits: { number: 0 } }\n`,
    says: 'nightshift.yaml:5: options.cleanup.guards.limits.number: 0; allowed: 1 or more',
  },
  'a share beyond all': {
    text: `${prod}options:\n  cleanup:\n    guards: { limits: { percent: 101 } }\n`,
    says: 'nightshift.yaml:5: options.cleanup.guards.limits.percent: 101; allowed: 100 or less',
  },
  'no windows': {
    text: `${prod}options:\n  cleanup:\n    guards: { windows: [] }\n`,
    says: 'nightshift.yaml:5: options.cleanup.guards.windows: an empty list; allowed: not an empty one',
  },
  'an unknown guard': {
    text: `${prod}options:\n  cleanup:\n    guards: { limit: 5 }\n`,
    says: 'nightshift.yaml:5: options.cleanup.guards.limit: unknown key; allowed: limits, protectedNamespaces, unprotectedNamespaces, windows, writesPerSecond',
  },
  'guards of another operation': {
    text: `${prod}options:\n  health-check:\n    guards: {}\n`,
    says: 'nightshift.yaml:5: options.health-check.guards: unknown key; allowed: checks, ignore',
  },
  'a rule of one’s own with a version that names its group': {
    text: `${prod}options:\n  cleanup:\n    rules:\n      - id: old\n        resource: { version: apps/v1, resource: deployments, kind: Deployment }\n        when: "true"\n        minimumAgeHours: 1\n        action: delete\n        reason: old\n`,
    says: 'nightshift.yaml:7: options.cleanup.rules[0].resource.version: "apps/v1"; allowed: a version alone, such as v1 or v1beta1; the group stands beside it',
  },
  'a wrong type': {
    text: 'clusters:\n  prod:\n    eks: { name: prod,\n           region: 5 }\n',
    says: 'nightshift.yaml:4: clusters.prod.eks.region: 5; allowed: a string',
  },
  'a wrong value': {
    text: 'clusters:\n  prod: { eks: { name: prod, region: Frankfurt } }\n',
    says: 'nightshift.yaml:2: clusters.prod.eks.region: "Frankfurt"; allowed: an AWS region, such as eu-central-1',
  },
  'a missing key, at what lacks it': {
    text: 'clusters:\n  prod:\n    eks: { name: prod }\n',
    says: 'nightshift.yaml:3: clusters.prod.eks.region: missing; allowed: a string',
  },
  'a cluster’s name that fits no key of S3': {
    text: 'clusters:\n  Prod_1: {}\n',
    says: /^nightshift\.yaml:2: clusters\.Prod_1: "Prod_1" cannot be/,
  },
  'two ways to a cluster': {
    text: `clusters:\n  prod:\n    eks: { name: prod, region: eu-central-1 }\n    kubeconfig: { secret: x }\n`,
    says: 'nightshift.yaml:2: clusters.prod: a mapping with eks, kubeconfig; a cluster is reached by one of eks and kubeconfig',
  },
  'no way to a cluster': {
    text: 'clusters:\n  prod: {}\n',
    says: /^nightshift\.yaml:2: clusters\.prod: an empty mapping; a cluster is reached by/,
  },
  'both secret and file': {
    text: 'clusters:\n  prod: { kubeconfig: { secret: a, file: b } }\n',
    says: 'nightshift.yaml:2: clusters.prod.kubeconfig: a mapping with secret, file; exactly one of secret, s3, ssm, file',
  },
  'cron and rate': {
    text: `${prod}schedules:\n  - operation: health-check\n    clusters: ["*"]\n    cron: 0 6 * * ? *\n    rate: 1 day\n`,
    says: /^nightshift\.yaml:4: schedules\[0\]: a mapping with operation, clusters, cron, rate; .*exactly one of cron and rate/,
  },
  'a topic that is none': {
    text: `${prod}notify:\n  - topic: ops@example.org\n`,
    says: 'nightshift.yaml:4: notify[0].topic: "ops@example.org"; allowed: topic is create or a standard SNS topic’s ARN',
  },
  'a number out of range': {
    text: `${prod}deployment:\n  timeoutSeconds: 5\n`,
    says: 'nightshift.yaml:4: deployment.timeoutSeconds: 5; allowed: 60 or more',
  },
  'a number that must be positive': {
    text: `${prod}deployment:\n  logRetentionDays: 0\n`,
    says: 'nightshift.yaml:4: deployment.logRetentionDays: 0; allowed: more than 0',
  },
  'a section left empty': { text: `${prod}notify:\n`, says: 'nightshift.yaml:3: notify: empty; allowed: a list' },
  'a date that is none': {
    text: `${prod}options:\n  health-check:\n    ignore:\n      - { reason: x, until: 2026-13-01 }\n`,
    says: 'nightshift.yaml:6: options.health-check.ignore[0].until: "2026-13-01"; allowed: a date, such as 2026-12-31',
  },
};

for (const [what, { text, says }] of Object.entries(mistakes)) {
  test(`told with its line: ${what}`, () => {
    assert.throws(
      () => read(text),
      (error) => {
        assert.ok(error instanceof ConfigurationError);
        if (typeof says === 'string') assert.equal(error.message, says);
        else assert.match(error.message, says);
        return true;
      },
    );
  });
}

test('every mistake is told, in the order of the lines', () => {
  const text = 'notify: 3\nzz: 1\nclusters:\n  A: {}\n';
  assert.throws(
    () => read(text),
    (error: Error) => {
      assert.deepEqual(
        error.message.split('\n').map((line) => line.split(' ')[0]),
        ['nightshift.yaml:1:', 'nightshift.yaml:2:', 'nightshift.yaml:4:'],
      );
      return true;
    },
  );
});

test('a long value, which may be a pasted secret, is not repeated whole', () => {
  const pasted = 'x'.repeat(2000);
  assert.throws(
    () => read(`clusters:\n  prod: { eks: { name: prod, region: ${pasted} } }\n`),
    (error: Error) => error.message.length < 300 && error.message.includes('2002 characters'),
  );
});
