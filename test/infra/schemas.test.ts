/** The JSON Schemas against what they speak of, by a validator that knows nothing of zod. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import type * as z from 'zod';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { allOperations } from '../../functions/operations.ts';
import { reportSchema } from '../../functions/report/model.ts';
import { checkOptionMistakes } from '../../functions/runtime/check-options.ts';
import { type Configuration, configurationSchema } from '../../functions/runtime/configuration.ts';
import { eventSchema } from '../../functions/runtime/events.ts';
import { exampleEvents } from '../../functions/runtime/example-events.ts';
import { overridesSchema } from '../../functions/runtime/overrides.ts';
import { jsonSchemas } from '../../infra/generate/schemas.ts';
import { healthyReport, sampleReport } from '../report/sample-report.ts';

const root = join(import.meta.dirname, '..', '..');
const schemas = new Map([...jsonSchemas(allOperations)].map(([path, text]) => [path, JSON.parse(text) as Record<string, unknown>]));
const schemaOf = (name: string): Record<string, unknown> => {
  const schema = schemas.get(`docs/${name}.schema.json`);
  assert.ok(schema, name);
  return schema;
};
// Formats are told by patterns too; a type beside an enum is fine.
const validatorOf = (name: string): ValidateFunction =>
  new Ajv({ strict: true, strictTypes: false, strictRequired: false, validateFormats: false, allErrors: true }).compile(schemaOf(name));

const valid = (validate: ValidateFunction, value: unknown, what: string): void => {
  assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors)}`);
};
const yaml = (text: string): unknown => parse(text);

test('each is a schema by draft 7’s own, names its dialect and itself', () => {
  for (const [path, schema] of schemas) {
    assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#', path);
    assert.match(String(schema.$id), /^urn:nightshift:schema:[a-z]+$/, path);
    assert.equal(new Ajv({ validateFormats: false }).validateSchema(schema), true, path);
  }
});

describe('nightshift.yaml', () => {
  const validate = validatorOf('nightshift');
  /** As synth does: the schema, and the options of checks by the checks themselves. */
  const zodTakes = (value: unknown): boolean => {
    const { success, data } = configurationSchema.safeParse(value);
    return success && allOptions(data).every((options) => checkOptionMistakes(healthCheck, options, []).length === 0);
  };
  const allOptions = ({ options, clusters }: Configuration) =>
    [options, ...Object.values(clusters).map((cluster) => cluster.options)].map((byOperation) => byOperation?.['health-check']);

  test('the example is valid, and its first line leads an editor to the schema', () => {
    const text = readFileSync(join(root, 'nightshift.yaml'), 'utf8');
    valid(validate, yaml(text), 'nightshift.yaml');
    const [, file] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    assert.deepEqual(JSON.parse(readFileSync(join(root, file ?? ''), 'utf8')), schemaOf('nightshift'));
  });

  test('every key says what it is for, the options of each check too', () => {
    const silent = (schema: unknown, path: string): string[] => {
      if (typeof schema !== 'object' || schema === null) return [];
      return Object.entries(schema).flatMap(([key, inner]) => {
        const own =
          key === 'properties' && !/anyOf|options$/.test(path)
            ? Object.entries(inner as Record<string, { description?: string }>).flatMap(([name, { description }]) =>
                description ? [] : [`${path}.${name}`],
              )
            : [];
        return [...own, ...silent(inner, `${path}.${key}`)];
      });
    };
    assert.deepEqual(silent(schemaOf('nightshift'), ''), []);
    assert.deepEqual(silent(schemaOf('overrides'), ''), []);
  });

  const good: readonly [string, string][] = [
    ['the least', 'clusters: {}'],
    ['a cluster that is gone', 'clusters: { old: { backups: [{ bucket: velero, region: eu-central-1 }] } }'],
    ['a kubeconfig in S3', 'clusters: { a: { kubeconfig: { s3: "s3://bucket/key", context: reader } } }'],
    ['options of a check', 'clusters: {}\noptions: { health-check: { checks: { off: [pod-failed], pod-pending: {} } } }'],
    [
      'a schedule with event keys',
      'clusters: {}\nschedules: [{ operation: health-check, clusters: ["*"], rate: 1 day, with: { only: [node-not-ready] } }]',
    ],
    [
      'an operation to come',
      'clusters: {}\nschedules: [{ operation: upgrade-readiness, clusters: ["*"], rate: 1 day, with: { anything: 1 } }]',
    ],
  ];
  for (const [what, text] of good) {
    test(`taken by both: ${what}`, () => {
      assert.ok(zodTakes(yaml(text)));
      valid(validate, yaml(text), what);
    });
  }

  const broken: readonly [string, string][] = [
    ['no clusters', 'schedules: []'],
    ['an unknown key', 'clusters: {}\nclutsers: {}'],
    ['a cluster’s name in capitals', 'clusters: { Prod: { eks: { name: prod, region: eu-central-1 } } }'],
    ['no way to a cluster', 'clusters: { a: { labels: { team: core } } }'],
    ['two ways to a cluster', 'clusters: { a: { eks: { name: a, region: eu-central-1 }, kubeconfig: { secret: a } } }'],
    ['no place of a kubeconfig', 'clusters: { a: { kubeconfig: { context: reader } } }'],
    ['two places of a kubeconfig', 'clusters: { a: { kubeconfig: { secret: a, ssm: /a } } }'],
    ['a bucket that is no address', 'clusters: { a: { kubeconfig: { s3: bucket/key } } }'],
    ['a region that is none', 'clusters: { a: { eks: { name: a, region: europe } } }'],
    ['a role that is no ARN', 'clusters: { a: { eks: { name: a, region: eu-central-1, role: reader } } }'],
    ['no namespaces', 'clusters: { a: { eks: { name: a, region: eu-central-1 }, namespaces: [] } }'],
    ['a label that is a number', 'clusters: { a: { eks: { name: a, region: eu-central-1 }, labels: { tier: 1 } } }'],
    ['an unknown operation', 'clusters: {}\nschedules: [{ operation: heal, clusters: ["*"], rate: 1 day }]'],
    ['neither cron nor rate', 'clusters: {}\nschedules: [{ operation: health-check, clusters: ["*"] }]'],
    ['cron and rate', 'clusters: {}\nschedules: [{ operation: health-check, clusters: ["*"], rate: 1 day, cron: "0 6 * * ? *" }]'],
    ['a rate that is none', 'clusters: {}\nschedules: [{ operation: health-check, clusters: ["*"], rate: daily }]'],
    ['a schedule of no cluster', 'clusters: {}\nschedules: [{ operation: health-check, clusters: [], rate: 1 day }]'],
    ['options of an unknown operation', 'clusters: {}\noptions: { heal: {} }'],
    ['options of an unknown check', 'clusters: {}\noptions: { health-check: { checks: { pod-pendig: {} } } }'],
    ['an unknown check turned off', 'clusters: {}\noptions: { health-check: { checks: { off: [pod-pendig] } } }'],
    ['an unknown option of a check', 'clusters: {}\noptions: { health-check: { checks: { node-not-ready: { grace: 1 } } } }'],
    [
      'an option of a wrong type, of one cluster',
      'clusters: { a: { kubeconfig: { secret: a }, options: { health-check: { checks: { api-server-certificate: { warningDays: soon } } } } } }',
    ],
    ['an ignore rule without a reason', 'clusters: {}\noptions: { health-check: { ignore: [{ check: "pod-*" }] } }'],
    ['a day that is none', 'clusters: {}\noptions: { health-check: { ignore: [{ reason: x, until: 2026-02-30 }] } }'],
    ['a topic that is none', 'clusters: {}\nnotify: [{ topic: ops@example.com }]'],
    ['an unknown severity', 'clusters: {}\nnotify: [{ topic: create, atLeast: error }]'],
    ['a reminder each hour', 'clusters: {}\nnotify: [{ topic: create, remindAfterDays: 0.04 }]'],
    ['test events with true', 'clusters: {}\nconsole: { testEvents: true }'],
    ['too little memory', 'clusters: {}\ndeployment: { memoryMegabytes: 128 }'],
    ['a VPC without subnets', 'clusters: {}\ndeployment: { vpc: { id: vpc-0a1b, availabilityZones: [a], securityGroups: [sg-0a1b] } }'],
  ];
  for (const [what, text] of broken) {
    test(`refused by both: ${what}`, () => {
      assert.equal(zodTakes(yaml(text)), false, 'zod');
      assert.equal(validate(yaml(text)), false, 'JSON Schema');
    });
  }
});

describe('config/overrides.yaml', () => {
  const validate = validatorOf('overrides');
  const cases: readonly [boolean, string][] = [
    [true, '{}'],
    [
      true,
      'options: { health-check: { checks: { off: [pod-failed] }, ignore: [{ check: pod-pending, reason: night, until: 2026-12-01 }] } }',
    ],
    [true, 'clusters: { prod: { options: { health-check: { checks: { pod-pending: {} } } } } }\nnotify: [{ topic: create, off: true }]'],
    [false, 'clusters: { prod: { eks: { name: prod, region: eu-central-1 } } }'],
    [false, 'options: { health-check: { ignore: [{ check: pod-pending }] } }'],
    [false, 'notify: [{ topic: create, atLeast: error }]'],
    [false, 'mutes: []'],
  ];
  for (const [taken, text] of cases) {
    test(`${taken ? 'taken' : 'refused'} by both: ${text.replaceAll('\n', ' ')}`, () => {
      assert.equal(overridesSchema.safeParse(yaml(text)).success, taken);
      assert.equal(validate(yaml(text)), taken, JSON.stringify(validate.errors));
    });
  }
});

describe('events', () => {
  const validate = validatorOf('events');
  const schema: z.ZodType = eventSchema(healthCheck);

  test('every example is valid', () => {
    const examples = exampleEvents(healthCheck, ['prod', 'edge-7']);
    assert.ok(examples.length > 0);
    for (const { name, event } of [...examples, { name: 'all', event: {} }]) {
      assert.ok(schema.safeParse(event).success, name);
      valid(validate, event, name);
    }
  });

  test('every payload of docs/events.md is valid', () => {
    const payloads = [...readFileSync(join(root, 'docs/events.md'), 'utf8').matchAll(/--payload '(.*?)' /g)].map(
      ([, payload = '']) => payload,
    );
    assert.ok(payloads.length > 0);
    for (const payload of payloads) valid(validate, JSON.parse(payload), payload);
  });

  const broken: readonly unknown[] = [
    { cluster: 'prod', clusters: ['staging'] },
    { clusters: [] },
    { clusters: 'prod' },
    { cluster: '' },
    // One that is of no operation’s; a cleanup’s may name a rule that nightshift.yaml has.
    { operation: 'health-check', only: ['no-such-check'] },
    { only: ['No such check'] },
    { only: 'node-not-ready' },
    { operation: 'upgrade-readiness' },
    { scheduledTime: 'yesterday' },
    { key1: 'value1' },
    [],
    'prod',
  ];
  for (const event of broken) {
    test(`refused by both: ${JSON.stringify(event)}`, () => {
      assert.equal(schema.safeParse(event).success, false);
      assert.equal(validate(event), false);
    });
  }
});

describe('reports', () => {
  const validate = validatorOf('report');

  test('real ones are valid: the example’s, by the command, and those of the tests', () => {
    const flags = ['health-check', '--manifests', 'functions/cli/example', '--fail-on', 'never', '--output', 'json'];
    const example = execFileSync(process.execPath, ['functions/cli/nightshift.ts', ...flags], { cwd: root, encoding: 'utf8' });
    valid(validate, JSON.parse(example), 'the example’s');
    for (const report of [sampleReport(), healthyReport()]) valid(validate, JSON.parse(JSON.stringify(report)), report.status);
  });

  test('one of a later version, which has more fields, is valid too; one that lacks a field or has an unknown severity is not', () => {
    const report = JSON.parse(JSON.stringify(sampleReport()));
    valid(validate, { ...report, added: true }, 'a later one');
    const { runId: _, ...less } = report;
    const strange = { ...report, findings: [{ ...report.findings[0], severity: 'error' }] };
    for (const broken of [less, strange, { ...report, schemaVersion: 2 }]) {
      assert.equal(reportSchema.safeParse(broken).success, false);
      assert.equal(validate(broken), false);
    }
  });
});
