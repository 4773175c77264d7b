import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { addNightshift } from '../../infra/app.ts';

const root = resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'nightshift-app-'));
after(() => rmSync(directory, { recursive: true }));

/** Runs the app as the CDK's command line does. */
function runApp(context: Record<string, unknown>, outdir: string) {
  return spawnSync(process.execPath, ['infra/app.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], ...context }) },
  });
}

test('the app synthesizes the example of this repository', () => {
  const out = join(directory, 'out');
  const { status, stderr } = runApp({}, out);
  assert.equal(status, 0, stderr);
  const { Resources } = JSON.parse(readFileSync(join(out, 'Nightshift.template.json'), 'utf8'));
  assert.ok(Object.keys(Resources).length > 20);
});

test('a mistake in the configuration that the context names is told plainly, and nothing is synthesized', () => {
  const file = join(directory, 'wrong.yaml');
  writeFileSync(file, 'clusters:\n  prod: { eks: { name: prod, region: Frankfurt } }\n');
  const out = join(directory, 'nothing');
  const { status, stderr } = runApp({ config: file }, out);
  assert.equal(status, 1);
  assert.equal(stderr, `${file}:2: clusters.prod.eks.region: "Frankfurt"; allowed: an AWS region, such as eu-central-1\n`);
  assert.ok(!existsSync(join(out, 'Nightshift.template.json')));
});

test('what cdk-nag finds and nobody explained fails the synthesis', () => {
  const app = new App({ outdir: join(directory, 'nag'), context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = addNightshift(app, configurationSchema.parse({ clusters: {} }));
  new Topic(stack, 'Careless');
  assert.throws(() => app.synth(), /Validation failed/);
  const { pluginReports } = JSON.parse(readFileSync(join(directory, 'nag', 'validation-report.json'), 'utf8'));
  assert.deepEqual(
    pluginReports.flatMap(({ violations }: { violations: { ruleName: string }[] }) => violations.map(({ ruleName }) => ruleName)),
    ['AwsSolutions-SNS3'],
  );
});
