import { Arn, ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { inParts } from './in-parts.ts';
import { serviceDomain } from './service-domain.ts';

/** CloudWatch's alarms and EventBridge's rules: what they send comes from a service, so resource policies must allow it. */
const publishers = [
  { service: 'cloudwatch.amazonaws.com', source: 'cloudwatch', resource: 'alarm:*' },
  { service: 'events.amazonaws.com', source: 'events', resource: 'rule/*' },
];

/** A topic that reports are published to. `keyArn` is known of ours alone. */
export interface NotificationTarget {
  readonly topicArn: string;
  readonly keyArn?: string;
}

/**
 * The operators' topic: what reports have to say, and the alarms. Encrypted under a key of its own, as AWS's own key for SNS does not
 * let services publish.
 */
export class NotificationTopic extends Construct {
  readonly topic: Topic;
  readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { account, region, partition } = Stack.of(this);
    this.key = new Key(this, 'Key', {
      description: 'Nightshift: the notification topic',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topic = new Topic(this, 'Topic', { displayName: 'Nightshift', masterKey: this.key, enforceSSL: true });
    for (const { service, source, resource } of publishers) {
      this.key.addToResourcePolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          principals: [new ServicePrincipal(service)],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
          resources: ['*'],
        }),
      );
      // A topic with a policy of its own (TLS only) allows no service any more unless the policy says so.
      this.topic.addToResourcePolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          principals: [new ServicePrincipal(service)],
          actions: ['sns:Publish'],
          resources: [this.topic.topicArn],
          conditions: {
            StringEquals: { 'aws:SourceAccount': account },
            ArnLike: { 'aws:SourceArn': `arn:${partition}:${source}:${region}:${account}:${resource}` },
          },
        }),
      );
    }
  }

  get target(): NotificationTarget {
    return { topicArn: this.topic.topicArn, keyArn: this.key.keyArn };
  }
}

/** The rights to publish to these topics: for one of someone else, with whatever key encrypts it, but for that topic alone. */
export function publishStatements(targets: readonly NotificationTarget[]): PolicyStatement[] {
  const distinct = [...new Map(targets.map((target) => [target.topicArn, target])).values()];
  if (distinct.length === 0) return [];
  return [
    ...inParts(distinct.map(({ topicArn }) => topicArn)).map((part) => new PolicyStatement({ actions: ['sns:Publish'], resources: part })),
    ...distinct.map(({ topicArn, keyArn }) => {
      const actions = ['kms:Decrypt', 'kms:GenerateDataKey'];
      return keyArn === undefined
        ? new PolicyStatement({ actions, ...anyKeyOfTopic(topicArn) })
        : new PolicyStatement({ actions, resources: [keyArn] });
    }),
  ];
}

function anyKeyOfTopic(topicArn: string) {
  const { partition, region = '', account = '' } = Arn.split(topicArn, ArnFormat.NO_RESOURCE_NAME);
  return {
    resources: [`arn:${partition}:kms:${region}:${account}:key/*`],
    conditions: {
      StringEquals: { 'kms:ViaService': `sns.${region}.${serviceDomain(region)}`, 'kms:EncryptionContext:aws:sns:topicArn': topicArn },
    },
  };
}
