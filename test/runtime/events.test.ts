import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { EventError, parseEvent } from '../../functions/runtime/events.ts';

const parse = (event: unknown) => parseEvent(event, healthCheck);
const refused = (event: unknown, ...patterns: RegExp[]) => {
  assert.throws(
    () => parse(event),
    (error: unknown) => {
      assert(error instanceof EventError);
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    },
  );
};

describe('what is taken', () => {
  test('one cluster, several, all', () => {
    assert.deepEqual(parse({ cluster: 'prod' }).clusters, ['prod']);
    assert.deepEqual(parse({ clusters: ['prod', 'team=core'] }).clusters, ['prod', 'team=core']);
    assert.equal(parse({}).clusters, undefined);
    assert.equal(parse(null).clusters, undefined);
  });

  test('the operation’s own keys', () => {
    assert.deepEqual(parse({ cluster: 'prod', only: ['service-without-endpoints'] }).own, { only: ['service-without-endpoints'] });
  });

  test('what a schedule sends', () => {
    const request = parse({ clusters: ['*'], executionId: 'abc', scheduledTime: '2026-11-24T06:00:00Z' });
    assert.deepEqual(request, { clusters: ['*'], own: {}, executionId: 'abc', time: '2026-11-24T06:00:00Z', origin: 'direct' });
  });

  test('attempts of one schedule at one time are one execution, whatever ids Scheduler gives them', () => {
    const attempt = (executionId: string, schedule: string, scheduledTime: string) =>
      parse({ executionId, schedule, scheduledTime }).executionId;
    const first = attempt('a', 'arn:1', '2026-11-24T06:00:00Z');
    assert.equal(attempt('b', 'arn:1', '2026-11-24T06:00:00Z'), first);
    assert.notEqual(attempt('a', 'arn:2', '2026-11-24T06:00:00Z'), first);
    assert.notEqual(attempt('a', 'arn:1', '2026-11-25T06:00:00Z'), first);
  });

  test('an SNS message is unwrapped: its id and time are the execution’s', () => {
    const Sns = { MessageId: 'm-1', Timestamp: '2026-11-24T06:00:00.000Z', Message: '{"cluster":"prod"}' };
    const request = parse({ Records: [{ EventSource: 'aws:sns', Sns }] });
    assert.deepEqual(request, { clusters: ['prod'], own: {}, executionId: 'm-1', time: Sns.Timestamp, origin: 'sns' });
  });

  test('who asks is told by the envelope and by what is added on the way: nobody can leave it out and be taken for a person', () => {
    const origin = (event: unknown) => parse(event).origin;
    assert.equal(origin({ cluster: 'prod' }), 'direct');
    assert.equal(origin({ cluster: 'prod', schedule: 'arn:1', scheduledTime: '2026-11-24T06:00:00Z' }), 'schedule');
    assert.equal(origin({ cluster: 'prod', operation: 'health-check', schedule: 'arn:1' }), 'schedule');
    // What the rule of the bus hands on, its detail alone, names the operation: by that it was matched.
    assert.equal(origin({ cluster: 'prod', operation: 'health-check' }), 'bus');
    assert.equal(origin({ id: 'e', 'detail-type': 'y', detail: { cluster: 'prod', schedule: 'arn:1' } }), 'bus');
    assert.equal(origin({ Records: [{ Sns: { MessageId: 'm', Message: '{"cluster":"prod"}' } }] }), 'sns');
  });

  test('an envelope’s time that is none is left out', () => {
    const sns = (Timestamp: string) => parse({ Records: [{ Sns: { MessageId: 'm', Timestamp, Message: '{}' } }] }).time;
    assert.equal(sns('2026-11-24T06:00:00.000Z'), '2026-11-24T06:00:00.000Z');
    assert.equal(sns('soon'), undefined);
  });

  test('an EventBridge event is unwrapped', () => {
    const request = parse({ id: 'e-1', time: '2026-11-24T06:00:00Z', source: 'x', 'detail-type': 'y', detail: { cluster: 'prod' } });
    assert.deepEqual(request, { clusters: ['prod'], own: {}, executionId: 'e-1', time: '2026-11-24T06:00:00Z', origin: 'bus' });
  });
});

describe('what is refused, with what was given and what is allowed', () => {
  test('the template of the Lambda console', () =>
    refused(
      { key1: 'value1', key2: 'value2', key3: 'value3' },
      /Unknown keys "key1", "key2", "key3"/,
      /cluster, clusters, only, off/,
      /template of the Lambda console/,
    ));
  test('a mistyped key', () => refused({ clutser: 'prod' }, /Unknown key "clutser"/, /allowed are cluster/));
  test('a wrong type', () => refused({ cluster: 7 }, /cluster: 7 was given/, /string/));
  test('an empty list', () => refused({ clusters: [] }, /clusters: \[\] was given/));
  test('both', () => refused({ cluster: 'a', clusters: ['b'] }, /not both/));
  test('an unknown check, naming the known ones', () =>
    refused({ only: ['nope'] }, /only\.0: "nope" was given/, /service-without-endpoints/));
  test('another operation’s event', () => refused({ operation: 'cleanup' }, /operation: "cleanup" was given/, /health-check/));
  test('a list', () => refused([1], /The event: \[1\] was given/));
  test('a text', () => refused('prod', /The event: "prod" was given/));
  test('an SNS message that is no JSON', () => refused({ Records: [{ Sns: { MessageId: 'm', Message: 'hello' } }] }, /no JSON/));
  test('records that are not SNS’s', () => refused({ Records: [{ s3: {} }] }, /no SNS records/));
  test('several records', () => {
    const Sns = { MessageId: 'm', Message: '{}' };
    refused({ Records: [{ Sns }, { Sns }] }, /2 SNS records/);
  });
  test('a whole wrong event, in a message that is no longer for it', () => {
    const keys = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`${'x'.repeat(200)}${index}`, 1]));
    for (const event of [keys, { clusters: Array(5_000).fill(7) }]) {
      assert.throws(
        () => parse(event),
        (error: Error) => error instanceof EventError && error.message.length < 2_000 && /and 4990 more/.test(error.message),
      );
    }
  });
  test('a long value is cut in the message', () => {
    assert.throws(
      () => parse({ cluster: ['x'.repeat(10_000)] }),
      (error: Error) => error.message.length < 500,
    );
  });
});
