import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { parseEvent } from '../../functions/runtime/events.ts';
import { exampleEvents, invokeCommand } from '../../functions/runtime/example-events.ts';

describe('the ready events', () => {
  const events = exampleEvents(healthCheck, ['prod', 'edge-7']);

  test('are one for all clusters, one for each, and one for the nodes of each', () => {
    assert.deepEqual(
      events.map(({ name, title }) => [name, title]),
      [
        ['check-all-clusters', 'Check all clusters'],
        ['check-prod', 'Check cluster prod now'],
        ['check-edge-7', 'Check cluster edge-7 now'],
        ['nodes-prod', 'Check only the nodes of prod'],
        ['nodes-edge-7', 'Check only the nodes of edge-7'],
      ],
    );
    assert.deepEqual(events[3]?.event, { cluster: 'prod', only: ['node-not-ready', 'node-pressure'] });
  });

  test('are events that the function takes, under names that the console and OpenAPI take', () => {
    for (const { name, event } of events) {
      assert.doesNotThrow(() => parseEvent(event, healthCheck), name);
      assert.match(name, /^[A-Za-z0-9._-]+$/);
    }
    assert.equal(new Set(events.map(({ name }) => name)).size, events.length);
  });

  test('have names of 25 characters at most, of which no two are the same', () => {
    const long = ['a', 'b'].map((end) => `${'x'.repeat(39)}${end}`);
    const names = exampleEvents(healthCheck, [...long, `${'x'.repeat(30)}c`, 'prod']).map(({ name }) => name);
    assert.ok(
      names.every((name) => name.length <= 25),
      names.join(),
    );
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.slice(1, 3), [`check-${'x'.repeat(19)}`, `check-${'x'.repeat(17)}-2`]);
  });

  test('are bounded for a fleet', () => {
    const fleet = Array.from({ length: 300 }, (_, index) => `cluster-${index}`);
    assert.equal(exampleEvents(healthCheck, fleet).length, 101);
  });

  test('as a command', () => {
    assert.equal(
      invokeCommand('<HealthCheckFunction>', { event: { cluster: 'prod' } }),
      `aws lambda invoke --function-name <HealthCheckFunction> --cli-binary-format raw-in-base64-out \\
  --cli-read-timeout 900 --payload '{"cluster":"prod"}' answer.json`,
    );
  });
});
