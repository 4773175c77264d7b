import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { publisherFailed } from '../../functions/runtime/log-messages.ts';

/** What the alarms watch. Keys name the alarms. */
export interface AlarmsProps {
  readonly functions: ReadonlyMap<string, IFunction>;
  /** Where the functions log. */
  readonly logs: ReadonlyMap<string, ILogGroup>;
  readonly deadLetters: ReadonlyMap<string, IQueue>;
  readonly topic: ITopic;
}

const period = Duration.minutes(5);

/** Who watches the watchman: runs that failed or could not start, reports that nobody was told of, and what lies in a dead-letter queue. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { functions, logs, deadLetters, topic }: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(topic);
    const alarm = (name: string, metric: IMetric, description: string) => {
      const created = new Alarm(this, name, {
        metric,
        alarmDescription: description,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      created.addAlarmAction(action);
    };
    for (const [operation, handler] of functions) {
      alarm(
        `Errors-${operation}`,
        handler.metricErrors({ period, statistic: 'Sum' }),
        `Nightshift: ${operation} failed before a report could be stored. Its log group says why.`,
      );
      alarm(
        `Throttles-${operation}`,
        handler.metricThrottles({ period, statistic: 'Sum' }),
        `Nightshift: ${operation} was throttled: the account’s concurrency is spent. Runs come late or not at all.`,
      );
    }
    for (const [operation, logGroup] of logs) {
      const filter = new MetricFilter(this, `Untold-${operation}`, {
        logGroup,
        filterPattern: FilterPattern.stringValue('$.message', '=', publisherFailed),
        metricNamespace: 'Nightshift',
        metricName: `PublishersFailed-${operation}`,
      });
      alarm(
        `PublishersFailed-${operation}`,
        filter.metric({ period, statistic: 'Sum' }),
        `Nightshift: ${operation} stored a report but could not tell a topic or the bus of it. Read the report: the next one tells only what changes after it. The log says why.`,
      );
    }
    for (const [place, queue] of deadLetters) {
      alarm(
        `DeadLetters-${place}`,
        queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
        `Nightshift: runs lie in the dead-letter queue of the ${place}: these clusters were not looked at. See docs/deploy.md.`,
      );
    }
  }
}
