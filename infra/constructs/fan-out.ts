import { Duration } from 'aws-cdk-lib';
import { CfnRule, EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { OperationName } from '../../functions/report/model.ts';
import { deadLetterQueue } from './dead-letter-queue.ts';

/**
 * The bus that makes of one event for many clusters one event a cluster, and tells the world of reports. Each operation's rule starts its
 * function with the event's detail; what cannot be delivered within an hour lies in the dead-letter queue.
 */
export class FanOut extends Construct {
  readonly bus: EventBus;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { description: 'Nightshift: operations requested and reports published' });
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
  }

  /** Starts `handler` for each `Operation Requested` of this operation. */
  start(operation: OperationName, handler: IFunction): void {
    const rule = new Rule(this, `Rule-${operation}`, {
      description: `Nightshift: starts ${operation} on one cluster`,
      eventBus: this.bus,
      eventPattern: { source: ['nightshift'], detailType: ['Operation Requested'], detail: { operation: [operation] } },
      targets: [
        new LambdaFunction(handler, {
          event: RuleTargetInput.fromEventPath('$.detail'),
          deadLetterQueue: this.deadLetters,
          retryAttempts: 3,
          maxEventAge: Duration.hours(1),
        }),
      ],
    });
    // By its ARN, which CloudFormation takes as well as the name: emulators do not resolve the name.
    if (rule.node.defaultChild instanceof CfnRule) rule.node.defaultChild.eventBusName = this.bus.eventBusArn;
  }
}
