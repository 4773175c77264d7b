import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { allOperations } from '../../functions/operations.ts';
import { operations } from '../../functions/report/model.ts';
import { ConfigurationError } from '../../functions/runtime/configuration-error.ts';
import { loadConfiguration } from '../../infra/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'nightshift-config-'));
after(() => rmSync(directory, { recursive: true }));

const clusters = `clusters:
  prod: { eks: { name: prod, region: eu-central-1 }, labels: { team: core } }
`;
/** With one schedule, whose lines begin at 4. */
const schedule = (...lines: string[]) => `${clusters}schedules:\n  - ${lines.join('\n    ')}\n`;
const daily = ['operation: health-check', 'clusters: ["*"]', 'cron: 0 6 * * ? *'];

function load(text: string): ReturnType<typeof loadConfiguration> {
  const file = join(directory, 'nightshift.yaml');
  writeFileSync(file, text);
  return loadConfiguration(file);
}

test('the example of this repository is right', () => {
  const { schedules } = loadConfiguration('nightshift.yaml');
  assert.ok(schedules.length > 0);
});

for (const timeZone of ['Europe/Berlin', 'UTC', 'Etc/UTC', 'Asia/Kolkata', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires']) {
  test(`right: the time zone ${timeZone}`, () =>
    assert.equal(load(schedule(...daily, `timeZone: ${timeZone}`)).schedules[0]?.timeZone, timeZone));
}

const deployed: readonly string[] = allOperations.map(({ name }) => name);
const notDeployed = operations.find((name) => !deployed.includes(name));

const mistakes: Readonly<Record<string, { text: string; line: number; says: string }>> = {
  'an unknown key': {
    text: schedule(...daily, 'timezone: UTC'),
    line: 7,
    says: 'schedules[0].timezone: unknown key; allowed: operation, clusters, cron, rate, timeZone, flexibleMinutes, with',
  },
  'more topics than a function’s environment holds': {
    text: `${clusters}notify:\n${Array.from({ length: 80 }, (_, index) => `  - { topic: "arn:aws:sns:eu-central-1:111122223333:team-${index}" }\n`).join('')}`,
    line: 3,
    says: 'notify: 80 rules, whose topics take 3831 characters',
  },
  'Unix cron': {
    text: schedule('operation: health-check', 'clusters: ["*"]', 'cron: 0 6 * * *'),
    line: 6,
    says: '"0 6 * * *": 5 fields; AWS’s cron has six',
  },
  'cron with two days': {
    text: schedule('operation: health-check', 'clusters: ["*"]', 'cron: 0 6 * * MON *'),
    line: 6,
    says: 'exactly one of the two must be ?',
  },
  'cron out of range': {
    text: schedule('operation: health-check', 'clusters: ["*"]', 'cron: 0 25 * * ? *'),
    line: 6,
    says: 'schedules[0].cron: "0 25 * * ? *": hours has 25; allowed: 0 to 23',
  },
  'an unknown time zone': {
    text: schedule(...daily, 'timeZone: Europe/Atlantis'),
    line: 7,
    says: '"Europe/Atlantis" is no known time zone; allowed: a name of the IANA time zone database',
  },
  'an offset for a time zone': { text: schedule(...daily, 'timeZone: "+01:00"'), line: 7, says: '"+01:00" is an offset' },
  'a time zone in the wrong case': {
    text: schedule(...daily, 'timeZone: europe/berlin'),
    line: 7,
    says: '"europe/berlin" is written Europe/Berlin',
  },
  'an operation that is none': {
    text: schedule('operation: healthcheck', 'clusters: ["*"]', 'rate: 1 day'),
    line: 4,
    says: 'schedules[0].operation: "healthcheck"; allowed: health-check, ',
  },
  // Until there are all.
  ...(notDeployed && {
    'an operation that is not deployed': {
      text: schedule(`operation: ${notDeployed}`, 'clusters: ["*"]', 'rate: 1 day'),
      line: 4,
      says: `schedules[0].operation: "${notDeployed}" is not deployed yet; allowed: ${deployed.join(', ')}`,
    },
  }),
  'a cluster that is not configured': {
    text: schedule('operation: health-check', 'clusters:', '  - "*"', '  - prdo', 'rate: 1 day'),
    line: 7,
    says: 'schedules[0].clusters[1]: "prdo" picks no cluster; clusters: prod; labels: team=core',
  },
  'a cluster without an API server, by its name': {
    text: `${clusters}  lost-1: { backups: [{ bucket: velero, region: eu-central-1 }] }\nschedules:\n  - operation: health-check\n    clusters: [prod, lost-1]\n    rate: 1 day\n`,
    line: 6,
    says: 'schedules[0].clusters[1]: the cluster lost-1 has no eks and no kubeconfig, which health-check needs; say in nightshift.yaml how it is reached',
  },
  'a pattern that picks only such': {
    text: `${clusters}  lost-1: { backups: [{ bucket: velero, region: eu-central-1 }] }\nschedules:\n  - operation: health-check\n    clusters: [lost-*]\n    rate: 1 day\n`,
    line: 6,
    says: '"lost-*" picks only lost-1, which has no eks and no kubeconfig',
  },
  'a region beside an ARN of another': {
    text: 'clusters:\n  edge:\n    kubeconfig:\n      ssm: arn:aws:ssm:eu-west-1:123456789012:parameter/edge\n      region: eu-west-2\n',
    line: 5,
    says: 'clusters.edge.kubeconfig.region: "eu-west-2"; the ARN beside it says eu-west-1',
  },
  'a label that no cluster has': {
    text: schedule('operation: health-check', 'clusters: [team=web]', 'rate: 1 day'),
    line: 5,
    says: '"team=web" picks no cluster',
  },
  'a cluster of a notification rule that is not configured': {
    text: `${clusters}notify:\n  - topic: create\n  - topic: create\n    clusters: [team=core, team=web]\n`,
    line: 6,
    says: 'notify[1].clusters[1]: "team=web" picks no cluster; clusters: prod; labels: team=core',
  },
  'an event key that is none': {
    text: schedule(...daily, 'with:', '  onyl: [nodes]'),
    line: 8,
    says: 'schedules[0].with.onyl: unknown key; allowed: only, off',
  },
  'an event key of our own': {
    text: schedule(...daily, 'with:', '  clusters: [prod]'),
    line: 8,
    says: 'schedules[0].with.clusters: unknown key',
  },
  'an event key’s wrong value': {
    text: schedule(...daily, 'with:', '  only: [no-such-check]'),
    line: 8,
    says: 'schedules[0].with.only[0]: "no-such-check"; allowed: ',
  },
  'the same schedule twice': {
    text: `${schedule(...daily)}  - ${daily.join('\n    ')}\n`,
    line: 7,
    says: 'schedules[1]: the same as schedules[0]',
  },
  'a kubeconfig’s file': {
    text: 'clusters:\n  edge:\n    kubeconfig:\n      context: a\n      file: ~/.kube/config\n',
    line: 5,
    says: 'clusters.edge.kubeconfig.file: "~/.kube/config" is for the command line only',
  },
  'two ways to a cluster': {
    text: 'clusters:\n  prod:\n    eks: { name: prod, region: eu-central-1 }\n    kubeconfig: { secret: x }\n',
    line: 2,
    says: 'a cluster is reached by one of eks and kubeconfig',
  },
  'a file to write with': {
    text: 'clusters:\n  edge:\n    kubeconfig: { secret: x }\n    write:\n      kubeconfig: { file: ~/.kube/config }\n',
    line: 5,
    says: 'clusters.edge.write.kubeconfig.file: "~/.kube/config" is for the command line only',
  },
  'what may be applied, for all clusters': {
    text: `${clusters}options:\n  cleanup:\n    guards: {}\n    apply: { rules: [finished-jobs] }\n`,
    line: 6,
    says: 'options.cleanup.apply: what a schedule may apply is said of each cluster alone',
  },
  'a condition that is no CEL, of a cluster': {
    text: 'clusters:\n  prod:\n    eks: { name: prod, region: eu-central-1 }\n    options:\n      cleanup:\n        rules:\n          - id: old\n            resource: { version: v1, resource: configmaps, kind: ConfigMap }\n            when: "object.metadata.name =="\n            minimumAgeHours: 24\n            action: delete\n            reason: old\n',
    line: 9,
    says: 'clusters.prod.options.cleanup.rules[0].when: rule old: no CEL: ',
  },
  'an unknown check turned off': {
    text: `${clusters}options:\n  health-check:\n    checks:\n      off: [service-without-endpoint]\n`,
    line: 6,
    says: 'options.health-check.checks.off[0]: "service-without-endpoint": unknown check; health-check has ',
  },
  'an unknown check': {
    text: `${clusters}options:\n  health-check:\n    checks:\n      nodez: {}\n`,
    line: 6,
    says: 'options.health-check.checks.nodez: unknown check; health-check has ',
  },
  'an unknown option of a check, of a cluster': {
    text: 'clusters:\n  prod:\n    eks: { name: prod, region: eu-central-1 }\n    options:\n      health-check:\n        checks:\n          service-without-endpoints:\n            graceMinuts: 3\n',
    line: 8,
    says: 'clusters.prod.options.health-check.checks.service-without-endpoints.graceMinuts: unknown key; allowed: graceMinutes',
  },
  'a wrong option of a check': {
    text: `${clusters}options:\n  health-check:\n    checks:\n      service-without-endpoints: { graceMinutes: -1 }\n`,
    line: 6,
    says: 'options.health-check.checks.service-without-endpoints.graceMinutes: -1; allowed: 0 or more',
  },
  'a log retention that CloudWatch has not': {
    text: `${clusters}deployment:\n  logRetentionDays: 100\n`,
    line: 4,
    says: 'deployment.logRetentionDays: 100; CloudWatch Logs keeps logs for 1, 3, 5, 7, ',
  },
  'a duplicate key': { text: `${clusters}  prod: {}\n`, line: 3, says: 'the key prod is given twice' },
  'YAML syntax': { text: `${clusters}schedules: [\n`, line: 4, says: 'not valid YAML' },
};

for (const [what, { text, line, says }] of Object.entries(mistakes)) {
  test(`told with its line: ${what}`, () => {
    assert.throws(
      () => load(text),
      (error) => {
        assert.ok(error instanceof ConfigurationError, String(error));
        assert.ok(error.message.startsWith(`${join(directory, 'nightshift.yaml')}:${line}: `), error.message);
        assert.ok(error.message.includes(says), error.message);
        return true;
      },
    );
  });
}

test('right: a cluster that is gone beside others; a pattern for all leaves it out', () => {
  const gone = `${clusters}  lost-1: { backups: [{ bucket: velero, region: eu-central-1 }] }\nschedules:\n  - operation: health-check\n    clusters: ["*"]\n    rate: 1 day\n`;
  assert.deepEqual(Object.keys(load(gone).clusters), ['prod', 'lost-1']);
});

test('right: several clusters by one kubeconfig, each with its own context, and namespaces', () => {
  const text = `clusters:
  edge-1: { kubeconfig: { s3: "s3://configs/edge.yaml", region: eu-west-1, context: one } }
  edge-2: { kubeconfig: { s3: "s3://configs/edge.yaml", region: eu-west-1, context: two }, namespaces: [shop, payments] }
`;
  assert.deepEqual(load(text).clusters['edge-2']?.namespaces, ['shop', 'payments']);
});

test('several mistakes are told at once, in the order of the lines', () => {
  const text = `${schedule('operation: health-check', 'clusters: [x]', 'cron: x', 'timeZone: y', 'with: { z: 1 }')}`;
  assert.throws(
    () => load(text),
    (error: Error) => {
      assert.deepEqual(
        error.message.split('\n').map((line) => Number(line.split(':')[1])),
        [5, 6, 7, 8],
      );
      return true;
    },
  );
});

test('a file that is not there', () => {
  assert.throws(
    () => loadConfiguration(join(directory, 'none.yaml')),
    /none\.yaml: there is no such file; name the configuration by .*--context config=FILE/,
  );
});
