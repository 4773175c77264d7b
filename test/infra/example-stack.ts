/** One stack that has everything: two ways to clusters with and without roles, two kinds of schedules, two kinds of topics. */
import { resourceOf, type Statement, synthesize } from './synthesize.ts';

/** As `flattened` writes it. */
export const account = '<AWS::AccountId>';
export const role = 'arn:aws:iam::111122223333:role/read';
export const { template } = synthesize({
  clusters: {
    prod: { eks: { name: 'prod', region: 'us-east-1', role } },
    stage: { eks: { name: 'stage-cluster', region: 'eu-west-1' } },
    'edge-7': { kubeconfig: { secret: 'clusters/edge-7', context: 'reader' } },
    'edge-8': { kubeconfig: { secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:edge-8-AbCd12' } },
  },
  schedules: [
    { operation: 'health-check', clusters: ['*'], cron: '0 6 * * ? *', timeZone: 'Europe/Berlin', flexibleMinutes: 10 },
    { operation: 'health-check', clusters: ['prod', 'edge-*'], rate: '1 days', with: { only: ['nodes'] } },
  ],
  notify: [{ topic: 'create' }, { topic: 'arn:aws:sns:eu-west-1:111122223333:on-call' }],
  deployment: { reportRetentionDays: 90, logRetentionDays: 30, memoryMegabytes: 512, timeoutSeconds: 300 },
});

export const bucket = resourceOf(template, 'AWS::S3::Bucket');
export const topic = resourceOf(template, 'AWS::SNS::Topic');
export const bus = resourceOf(template, 'AWS::Events::EventBus');
export const handler = resourceOf(template, 'AWS::Lambda::Function', 'Operationhealthcheck');
export const logs = resourceOf(template, 'AWS::Logs::LogGroup', 'Operationhealthcheck');
export const overdue = resourceOf(template, 'AWS::Lambda::Function', 'OverdueReports');
export const reportsKey = resourceOf(template, 'AWS::KMS::Key', 'Reports');
export const topicKey = resourceOf(template, 'AWS::KMS::Key', 'Notifications');
const queue = (beginning: string) => resourceOf(template, 'AWS::SQS::Queue', beginning);
export const runsFailed = queue('Operationhealthcheck');
export const overdueFailed = queue('OverdueReports');
export const runsNotStarted = queue('Schedules');
export const runsNotFannedOut = queue('FanOut');

/** `action resource`, and ` if` where a condition narrows it, sorted. */
export const rights = (statements: readonly Statement[]) =>
  statements
    .flatMap(({ Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}${Condition ? ' if' : ''}`)),
    )
    .sort();
