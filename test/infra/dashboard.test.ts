import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { metricNamespace, overdueMetric, overdueReports, runMetrics } from '../../functions/runtime/metric-names.ts';
import { handler, overdue, overdueFailed, runsFailed, runsNotFannedOut, runsNotStarted, template } from './example-stack.ts';
import { resourceOf, resourcesOf } from './synthesize.ts';

type Entry = string | { readonly expression?: string; readonly label?: string; readonly id?: string; readonly stat?: string };
interface Widget {
  readonly type: string;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly Entry[])[];
  };
}

const dashboard = resourceOf(template, 'AWS::CloudWatch::Dashboard');
const body: { readonly start: string; readonly widgets: readonly Widget[] } = JSON.parse(String(dashboard.Properties.DashboardBody));
const metrics = body.widgets.flatMap(({ properties }) => properties.metrics ?? []);
const settingsOf = (metric: readonly Entry[]) => metric.find((entry) => typeof entry === 'object');
const expressions = metrics.flatMap((metric) => settingsOf(metric)?.expression ?? []);
const searches = expressions.filter((expression) => expression.startsWith('SEARCH('));
const plain = metrics
  .filter((metric) => settingsOf(metric)?.expression === undefined)
  .map((metric) => metric.filter((entry) => typeof entry === 'string').join(' '));

describe('the dashboard', () => {
  test('is named after stack and region, as names count for all regions, and shows a week', () => {
    assert.equal(dashboard.Properties.DashboardName, 'Nightshift-<AWS::Region>');
    assert.equal(body.start, '-P7D');
    assert.ok(String(dashboard.Properties.DashboardBody).length < 50_000);
  });

  test('searches for everything that is measured by cluster, and for nothing else', () => {
    const parsed = searches.map((search) => /^SEARCH\('\{(.+)\} MetricName="(\w+)"', '(\w+)', (\d+)\)$/.exec(search));
    for (const match of parsed) assert.equal(match?.[1], `${metricNamespace},Cluster,Operation`);
    assert.deepEqual(parsed.map((match) => match?.[2]).sort(), Object.keys(runMetrics).sort());
    const statistics = Object.fromEntries(parsed.map((match) => [match?.[2], match?.[3]]));
    assert.deepEqual(statistics, {
      RunCompleted: 'Sum',
      FindingsCritical: 'Maximum',
      FindingsWarning: 'Maximum',
      FindingsNew: 'Maximum',
      CoveragePercent: 'Minimum',
      OldestCriticalHours: 'Maximum',
    });
  });

  test('shows what is overdue, errors, dead letters and cost of every function and queue that there is', () => {
    const queues = [runsFailed, overdueFailed, runsNotStarted, runsNotFannedOut];
    assert.equal(queues.length, resourcesOf(template, 'AWS::SQS::Queue').length);
    const functions = resourcesOf(template, 'AWS::Lambda::Function');
    assert.deepEqual(
      plain.sort(),
      [
        `${metricNamespace} ${overdueMetric} Operation ${overdueReports}`,
        ...functions.flatMap(({ id }) => [
          `AWS/Lambda Errors FunctionName <${id}>`,
          // Once as cost, once as the longest run.
          `AWS/Lambda Duration FunctionName <${id}>`,
          `AWS/Lambda Duration FunctionName <${id}>`,
        ]),
        ...queues.map(({ id }) => `AWS/SQS ApproximateNumberOfMessagesVisible QueueName <${id}.QueueName>`),
      ].sort(),
    );
  });

  test('reckons GB-seconds from the memory that each function has', () => {
    const widget = body.widgets.find(({ properties }) => properties.title === 'GB-seconds a day');
    const factors = widget?.properties.metrics?.flatMap((metric) => settingsOf(metric)?.expression ?? []);
    const factor = ({ Properties }: typeof handler) => Number(Properties.MemorySize) / 1024 / 1000;
    assert.deepEqual(factors, [`duration_health_check * ${factor(handler)}`, `duration_overdue_reports * ${factor(overdue)}`]);
    const sums = widget?.properties.metrics?.map(settingsOf).filter((settings) => settings?.expression === undefined);
    assert.deepEqual(
      sums?.map((settings) => [settings?.id, settings?.stat]),
      [
        ['duration_health_check', 'Sum'],
        ['duration_overdue_reports', 'Sum'],
      ],
    );
    const text = body.widgets.find(({ properties }) => properties.markdown?.startsWith('## Cost'))?.properties.markdown ?? '';
    assert.match(text, /\$0\.0000133334 .*https:\/\/aws\.amazon\.com\/lambda\/pricing\//);
    assert.match(text, /health-check 512 MB, overdue-reports 256 MB/);
  });

  test('shows the state of every alarm', () => {
    const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(
      ({ Properties }) => `arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:${Properties.AlarmName}`,
    );
    assert.deepEqual([...(body.widgets.find(({ type }) => type === 'alarm')?.properties.alarms ?? [])].sort(), alarms.sort());
  });
});
