/** What docs/ says of a deployment is what the template has: names of outputs and alarms, and how many there are to be paid for. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { allOperations } from '../../functions/operations.ts';
import { rolledUp, runMetrics } from '../../functions/runtime/metric-names.ts';
import { template } from './example-stack.ts';
import { resourceOf, resourcesOf, synthesize } from './synthesize.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const pageOf = (name: string) => readFileSync(join(docs, name), 'utf8');
const outputsOf = (of: typeof template) => Object.keys(of.findOutputs('*'));

describe('the pages', () => {
  const { template: whole } = synthesize({ clusters: { prod: { eks: { name: 'prod', region: 'eu-central-1' } } } }, allOperations);

  test('name no output that there is not', () => {
    const outputs = outputsOf(whole);
    for (const page of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
      // <NotificationTopic> in a command, `HealthCheckRole` in a sentence.
      const named = [...pageOf(page).matchAll(/<([A-Z][a-z][A-Za-z]*)>|`([A-Z]\w+(?:Function|Role))`/g)].map(
        ([, placeholder, name]) => placeholder ?? name ?? '',
      );
      const kinds = ['ClusterRole', 'Role'];
      assert.deepEqual(
        named.filter((name) => !outputs.includes(name) && !kinds.includes(name)),
        [],
        page,
      );
    }
    const said = pageOf('deploy.md') + pageOf('watching.md');
    for (const output of outputsOf(template)) assert.ok(said.includes(output), `no page speaks of ${output}`);
  });

  test('list the alarms', () => {
    const [, section = ''] = pageOf('watching.md').split('## The alarms\n');
    const listed = [...section.matchAll(/^\| `([A-Za-z]+(?:-(?:<\w+>|[a-z-]+))?)` \|/gm)].map(([, name = '']) => name);
    const patterns = listed.map((name) => new RegExp(`^Nightshift-${name.replace(/<\w+>/, '[a-z-]+')}$`));
    const names = resourcesOf(whole, 'AWS::CloudWatch::Alarm').map(({ Properties }) => String(Properties.AlarmName));
    assert.deepEqual(
      names.filter((name) => !patterns.some((pattern) => pattern.test(name))),
      [],
    );
    for (const [index, pattern] of patterns.entries())
      assert.ok(
        names.some((name) => pattern.test(name)),
        listed[index],
      );
  });

  test('count what is paid for by number as it is with all operations', () => {
    const page = pageOf('cost.md');
    const count = (type: string) => resourcesOf(whole, type).length;
    const [, keys, alarms] = /(\w+) keys \d × 1\.00 \+ (\d+) alarms × 0\.10 \+ one dashboard/.exec(page) ?? [];
    assert.deepEqual([keys, Number(alarms)], ['two', count('AWS::CloudWatch::Alarm')]);
    assert.deepEqual([count('AWS::KMS::Key'), count('AWS::CloudWatch::Dashboard')], [2, 1]);
    // What only a failure measures is not counted.
    // Each operation's rolled up ones, the overdue backups, the overdue reports.
    assert.match(page, new RegExp(`eight metrics that belong to no cluster: ${allOperations.length * rolledUp.length + 2} × 0\\.30`));
    assert.ok(page.includes(`${Object.keys(runMetrics).length} × 0.30 × 1 hour of 24`));
    assert.match(page, /at the 1,024 MB that are the default/);
    assert.equal(resourceOf(whole, 'AWS::Lambda::Function', 'Operationhealthcheck').Properties.MemorySize, 1024);
  });
});

test('every operation that there is has its function, rule, queue, alarms and outputs, by its folder alone', () => {
  const { template: whole } = synthesize({ clusters: {} }, allOperations);
  for (const { name } of allOperations) {
    const id = `Operation${name.replaceAll('-', '')}`;
    for (const type of ['AWS::Lambda::Function', 'AWS::SQS::Queue', 'AWS::IAM::Role', 'AWS::Logs::LogGroup']) resourceOf(whole, type, id);
    const watching = resourcesOf(whole, 'AWS::CloudWatch::Alarm').filter(({ Properties }) =>
      String(Properties.AlarmName).endsWith(`-${name}`),
    );
    assert.equal(watching.length, 6, name);
    const rules = resourcesOf(whole, 'AWS::Events::Rule').filter(({ Properties }) =>
      JSON.stringify(Properties.EventPattern).includes(`"${name}"`),
    );
    assert.equal(rules.length, 1, name);
  }
  const others = ['ReportBucket', 'NotificationTopic', 'EventBus', 'DashboardName', 'OverdueReportsFunction'];
  assert.equal(outputsOf(whole).length, others.length + 2 * allOperations.length);
});
