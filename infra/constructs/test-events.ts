import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import * as z from 'zod';
import type { OperationName } from '../../functions/report/model.ts';
import { exampleEvents } from '../../functions/runtime/example-events.ts';
import type { Operation } from '../../functions/runtime/operation.ts';

/** What the test events are made with. */
export interface TestEventsProps {
  readonly operations: readonly Operation[];
  readonly functions: ReadonlyMap<OperationName, IFunction>;
  /** Names, in the order of the configuration. */
  readonly clusters: readonly string[];
  /** The account has no registry of this kind yet. */
  readonly createRegistry: boolean;
}

/** Where the Lambda console looks, in the account and region. */
const registryName = 'lambda-testevent-schemas';

/**
 * Ready events under Test in the Lambda console, for everybody who may use it. The console keeps them as an OpenAPI document a function,
 * named after it, whose examples are the events: https://docs.aws.amazon.com/lambda/latest/dg/testing-functions.html#creating-shareable-events
 * and, for the format, aws/aws-sam-cli, samcli/lib/shared_test_events/lambda_shared_test_event.py.
 */
export class TestEvents extends Construct {
  constructor(scope: Construct, id: string, { operations, functions, clusters, createRegistry }: TestEventsProps) {
    super(scope, id);
    const registry = createRegistry
      ? new CfnRegistry(this, 'Registry', { registryName, description: 'Shareable test events of Lambda functions' })
      : undefined;
    // By then it may hold the events of others.
    registry?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    for (const operation of operations) {
      const handler = functions.get(operation.name);
      if (!handler) throw new Error(`No function is deployed for ${operation.name}`);
      const schema = new CfnSchema(this, operation.name, {
        registryName,
        schemaName: `_${handler.functionName}-schema`,
        type: 'OpenApi3',
        description: `Nightshift: ready events for ${operation.name}`,
        content: JSON.stringify(openApiDocument(operation, clusters)),
      });
      if (registry) schema.addResourceDependency(registry);
    }
  }
}

/** The registry takes 100,000 characters; the number of examples is bounded. */
function openApiDocument(operation: Operation, clusters: readonly string[]): object {
  const event = z.strictObject({
    cluster: z.string().optional(),
    clusters: z.array(z.string()).optional(),
    ...operation.event.shape,
  });
  const examples = exampleEvents(operation, clusters).map(({ name, event: value }) => [name, { value }]);
  return {
    openapi: '3.0.0',
    info: { version: '1.0.0', title: 'Event' },
    paths: {},
    components: {
      schemas: { Event: z.toJSONSchema(event, { target: 'openapi-3.0', io: 'input' }) },
      examples: Object.fromEntries(examples),
    },
  };
}
