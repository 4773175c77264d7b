import { createHash } from 'node:crypto';
import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  type ScheduleProps,
  ScheduleTargetInput,
  TimeWindow,
} from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { OperationName } from '../../functions/report/model.ts';
import type { ScheduleConfiguration } from '../../functions/runtime/configuration.ts';
import { deadLetterQueue } from './dead-letter-queue.ts';

/** What the schedules are made with. */
export interface SchedulesProps {
  readonly schedules: readonly ScheduleConfiguration[];
  readonly functions: ReadonlyMap<OperationName, IFunction>;
  /** Started once a day, by the schedule of this name. */
  readonly daily: { readonly name: string; readonly function: IFunction };
}

/** EventBridge Scheduler's schedules, in a group of their own, and the queue for what it could not start. */
export class Schedules extends Construct {
  readonly group: ScheduleGroup;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { schedules, functions, daily }: SchedulesProps) {
    super(scope, id);
    this.group = new ScheduleGroup(this, 'Group');
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    const role = this.role([...functions.values(), daily.function]);
    const runner = role.withoutPolicyUpdates();
    const add = (name: string, props: Omit<ScheduleProps, 'target'>, handler: IFunction, input?: ScheduleTargetInput) => {
      const target = new LambdaInvoke(handler, {
        role: runner,
        ...(input && { input }),
        deadLetterQueue: this.deadLetters,
        // Its own default is 185 attempts in 24 hours: a night's report at noon is of no use.
        retryAttempts: 3,
        maxEventAge: Duration.hours(1),
      });
      const created = new Schedule(this, name, { scheduleName: name, scheduleGroup: this.group, ...props, target });
      // A rate starts as soon as it is there; without its policy the role could do nothing yet.
      created.node.addDependency(role);
    };
    for (const schedule of schedules) {
      const handler = functions.get(schedule.operation);
      if (!handler) throw new Error(`No function is deployed for ${schedule.operation}`);
      const { operation, clusters, flexibleMinutes } = schedule;
      const props = {
        description: `Nightshift: ${operation} on ${clusters.join(', ')}`.slice(0, 512),
        schedule: expressionOf(schedule),
        timeWindow: flexibleMinutes === undefined ? TimeWindow.off() : TimeWindow.flexible(Duration.minutes(flexibleMinutes)),
      };
      add(nameOf(schedule), props, handler, inputOf(schedule));
    }
    const props = {
      description: `Nightshift: ${daily.name}, once a day`,
      // A rate begins when it is created: what was just deployed is watched from its first minute.
      schedule: ScheduleExpression.rate(Duration.days(1)),
    };
    add(daily.name, props, daily.function);
  }

  /** Scheduler's role: starts the functions (no version or alias of them), sends to the queue. */
  private role(functions: readonly IFunction[]): Role {
    const role = new Role(this, 'Role', {
      description: 'Nightshift: lets EventBridge Scheduler start operations',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Stack.of(this).account,
            // Spelled out: emulators know no attributes of a group.
            'aws:SourceArn': Stack.of(this).formatArn({
              service: 'scheduler',
              resource: 'schedule-group',
              resourceName: this.group.scheduleGroupName,
            }),
          },
        },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: functions.map((each) => each.functionArn) }));
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }));
    return role;
  }
}

/** Made of what the schedule is, not of its place in the list: adding one above leaves the others alone. */
function nameOf(schedule: ScheduleConfiguration): string {
  const digest = createHash('sha256').update(JSON.stringify(schedule)).digest('hex');
  return `${schedule.operation}-${digest.slice(0, 8)}`;
}

function expressionOf({ cron, rate, timeZone }: ScheduleConfiguration): ScheduleExpression {
  const [value, unit] = rate?.split(' ') ?? [];
  const text =
    cron === undefined
      ? `rate(${value} ${unit?.replace(/s$/, '')}${value === '1' ? '' : 's'})`
      : `cron(${cron.trim().split(/\s+/).join(' ')})`;
  return ScheduleExpression.expression(text, TimeZone.of(timeZone ?? 'Etc/UTC'));
}

/** The event: EventBridge Scheduler fills in the schedule and its time, of which the function makes the run's id, and the attempt's own id. */
function inputOf(schedule: ScheduleConfiguration): ScheduleTargetInput {
  return ScheduleTargetInput.fromObject({
    ...schedule.with,
    clusters: schedule.clusters,
    executionId: ContextAttribute.executionId,
    schedule: ContextAttribute.scheduleArn,
    scheduledTime: ContextAttribute.scheduledTime,
  });
}
