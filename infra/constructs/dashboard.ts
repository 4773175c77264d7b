import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  SearchExpression,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  metricNamespace,
  overdueMetric,
  overdueReports,
  type RunMetric,
  verifiedBackupMetric,
} from '../../functions/runtime/metric-names.ts';
import type { NightshiftFunction } from './nightshift-function.ts';

/** What the dashboard shows. Keys are what people read. */
export interface DashboardProps {
  readonly functions: ReadonlyMap<string, NightshiftFunction>;
  readonly deadLetters: ReadonlyMap<string, IQueue>;
  /** Names. */
  readonly alarms: readonly string[];
}

/** Where the pages lie that the headings point to. */
const documentation = 'the folder docs of the repository';
/** us-east-1, first tier: https://aws.amazon.com/lambda/pricing/ (Arm price). */
const dollarsPerGigabyteSecond = 0.0000133334;

/** A nightly run gives one datapoint a day: a shorter period would draw single dots. */
const period = Duration.days(1);
const [width, height] = [24, 6];

/** One page for the whole service. What is told by cluster is searched for, so that a new cluster appears by itself. */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, { functions, deadLetters, alarms }: DashboardProps) {
    super(scope, id);
    const { stackName, region } = Stack.of(this);
    // Dashboards of all regions of an account share one list of names.
    this.name = `${stackName}-${region}`;
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', { dashboardName: this.name, defaultInterval: Duration.days(7) });
    dashboard.addWidgets(
      heading('Nightshift', `Each point is a day in UTC. What the figures and alarms mean: watching.md in ${documentation}.`),
    );
    // By their names: emulators know no attributes of an alarm.
    const named = alarms.map((name) => Alarm.fromAlarmName(this, name, name));
    dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: named, width, height: 4 }));
    dashboard.addWidgets(heading('Clusters', `The reports say what is wrong and what to do: report.md in ${documentation}.`));
    dashboard.addWidgets(
      byCluster('Critical findings, the most of each day', 'FindingsCritical', 'Maximum'),
      byCluster('Warnings, the most of each day', 'FindingsWarning', 'Maximum'),
    );
    dashboard.addWidgets(
      byCluster('New findings', 'FindingsNew', 'Maximum'),
      byCluster('Hours since the oldest critical finding began', 'OldestCriticalHours', 'Maximum'),
    );
    dashboard.addWidgets(
      byCluster('Coverage: share of the checks that ran, the least of each day', 'CoveragePercent', 'Minimum', { min: 0, max: 100 }),
      byCluster('Runs with a report', 'RunCompleted', 'Sum'),
    );
    if (functions.has('backup-verification')) {
      dashboard.addWidgets(
        heading('Backups', `What a verified backup is, and what is not proved: backup-verification.md in ${documentation}.`),
        new GraphWidget({
          title: 'Hours since the last verified backup of each schedule',
          left: [searched(verifiedBackupMetric, ['Cluster', 'Schedule'], 'Maximum')],
          leftYAxis: { min: 0 },
          width,
          height,
        }),
      );
    }
    dashboard.addWidgets(
      heading('The service', `What to do for each alarm: watching.md; where failed runs lie: deploy.md, both in ${documentation}.`),
    );
    dashboard.addWidgets(
      new SingleValueWidget({ title: 'Overdue reports', metrics: [overdue()], width: 6, height, sparkline: true }),
      graph(
        'Errors',
        [...functions].map(([name, each]) => each.function.metricErrors({ period, statistic: 'Sum', label: name })),
        9,
      ),
      graph(
        'In dead-letter queues',
        [...deadLetters].map(([place, queue]) => waiting(place, queue)),
        9,
      ),
    );
    dashboard.addWidgets(heading('Cost', cost(functions)));
    dashboard.addWidgets(
      graph(
        'GB-seconds a day',
        [...functions].map(([name, each]) => gigabyteSeconds(name, each)),
      ),
      graph(
        'Seconds of the longest run',
        [...functions].map(([name, each]) => longestRun(name, each)),
      ),
    );
  }
}

const heading = (title: string, text: string) => new TextWidget({ markdown: `## ${title}\n${text}`, width, height: 2 });

const graph = (title: string, left: IMetric[], columns = width / 2) =>
  new GraphWidget({ title, left, leftYAxis: { min: 0 }, width: columns, height });

/** One line for each combination of the dimensions, by their values. */
const searched = (metric: string, dimensions: readonly string[], statistic: string) =>
  new SearchExpression({
    expression: `SEARCH('{${[metricNamespace, ...dimensions].join(',')}} MetricName="${metric}"', '${statistic}', ${period.toSeconds()})`,
    label: dimensions.map((dimension) => `\${PROP('Dim.${dimension}')}`).join(' '),
    period,
  });

const byCluster = (title: string, metric: RunMetric, statistic: string, leftYAxis: { min: number; max?: number } = { min: 0 }) =>
  new GraphWidget({ title, left: [searched(metric, ['Cluster', 'Operation'], statistic)], leftYAxis, width: width / 2, height });

const overdue = () =>
  new Metric({
    namespace: metricNamespace,
    metricName: overdueMetric,
    dimensionsMap: { Operation: overdueReports },
    statistic: 'Maximum',
    period,
    label: 'reports',
  });

const waiting = (place: string, queue: IQueue) =>
  queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum', label: place });

/** A figure made of a function's Duration (ms), under an id that no other function of the widget has. */
const ofDuration = (name: string, handler: IFunction, statistic: string, factor: number) => {
  const id = `duration_${name.replaceAll('-', '_')}`;
  const usingMetrics = { [id]: handler.metricDuration({ period, statistic }) };
  return new MathExpression({ expression: `${id} * ${factor}`, usingMetrics, label: name, period });
};

/** Lambda bills what ran times the memory that is set. */
const gigabyteSeconds = (name: string, { function: handler, memoryMegabytes }: NightshiftFunction) =>
  ofDuration(name, handler, 'Sum', memoryMegabytes / 1024 / 1000);

const longestRun = (name: string, { function: handler }: NightshiftFunction) => ofDuration(name, handler, 'Maximum', 1 / 1000);

const cost = (functions: DashboardProps['functions']): string => {
  const memory = [...functions].map(([name, { memoryMegabytes }]) => `${name} ${memoryMegabytes} MB`).join(', ');
  return `One GB-second on arm64 is $${dollarsPerGigabyteSecond} (us-east-1, [Lambda pricing](https://aws.amazon.com/lambda/pricing/)); 1,000 of them are ${(1000 * dollarsPerGigabyteSecond * 100).toFixed(1)} cents. Memory: ${memory}. Without the start of a process (under 0.1 s each), requests, logs and metrics: cost.md in ${documentation} has the whole sum.`;
};
