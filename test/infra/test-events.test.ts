import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { exampleEvents } from '../../functions/runtime/example-events.ts';
import { template } from './example-stack.ts';
import { resourceOf, resourcesOf, synthesize } from './synthesize.ts';

const eks = { name: 'c', region: 'eu-central-1' };
const withEvents = (testEvents: 'create' | 'existing', clusters: object = { prod: { eks }, stage: { eks } }) =>
  synthesize({ clusters: clusters as Parameters<typeof synthesize>[0]['clusters'], console: { testEvents } }).template;

describe('the test events of the Lambda console', () => {
  test('are off unless asked for', () => {
    assert.deepEqual(resourcesOf(template, 'AWS::EventSchemas::Schema'), []);
    assert.deepEqual(resourcesOf(template, 'AWS::EventSchemas::Registry'), []);
  });

  test('are an OpenAPI document under the name that the console looks for, its examples the ready events', () => {
    const made = withEvents('existing');
    assert.deepEqual(resourcesOf(made, 'AWS::EventSchemas::Registry'), []);
    const { Properties } = resourceOf(made, 'AWS::EventSchemas::Schema');
    const handler = resourceOf(made, 'AWS::Lambda::Function', 'Operationhealthcheck');
    assert.partialDeepStrictEqual(Properties, {
      Type: 'OpenApi3',
      RegistryName: 'lambda-testevent-schemas',
      SchemaName: `_<${handler.id}>-schema`,
    });
    const document = JSON.parse(String(Properties.Content));
    assert.partialDeepStrictEqual(document, { openapi: '3.0.0', info: { version: '1.0.0', title: 'Event' }, paths: {} });
    assert.deepEqual(
      document.components.examples,
      Object.fromEntries(exampleEvents(healthCheck, ['prod', 'stage']).map(({ name, event }) => [name, { value: event }])),
    );
    const event = document.components.schemas.Event;
    assert.deepEqual(Object.keys(event.properties), ['cluster', 'clusters', 'only', 'off']);
    assert.deepEqual([event.type, event.additionalProperties, event.required, event.$schema], ['object', false, undefined, undefined]);
  });

  test('make the registry where it is to be made, before what lies in it, and leave it when they go', () => {
    const made = withEvents('create');
    const registry = resourceOf(made, 'AWS::EventSchemas::Registry');
    assert.equal(registry.Properties.RegistryName, 'lambda-testevent-schemas');
    assert.equal(registry.DeletionPolicy, 'Retain');
    const [schema] = Object.values(made.findResources('AWS::EventSchemas::Schema'));
    assert.deepEqual(schema?.DependsOn, [registry.id]);
  });

  test('of a fleet fit the 100,000 characters that a schema may have', () => {
    const fleet = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}`.padStart(40, 'c'), { eks }]));
    const content = String(resourceOf(withEvents('existing', fleet), 'AWS::EventSchemas::Schema').Properties.Content);
    assert.ok(content.length < 100_000, `${content.length} characters`);
    assert.ok(content.includes('"check-all-clusters"'));
  });
});
