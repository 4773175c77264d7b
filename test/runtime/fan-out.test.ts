import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { fanOut } from '../../functions/runtime/fan-out.ts';
import { EventsRefused, putEvents } from '../../functions/runtime/put-events.ts';
import { runIdOf } from '../../functions/runtime/run-id.ts';

/** A bus that refuses an entry as often as `refusals` says for its position. */
const bus = (refusals: ReadonlyMap<string, number> = new Map()) => {
  const left = new Map(refusals);
  const calls: string[][] = [];
  const send = async ({ input }: PutEventsCommand) => {
    const details = (input.Entries ?? []).map(({ Detail = '' }) => Detail);
    calls.push(details);
    const Entries = details.map((detail) => {
      const again = left.get(detail) ?? 0;
      left.set(detail, again - 1);
      return again > 0 ? { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' } : { EventId: `id-${detail}` };
    });
    return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
  };
  return { client: { send } as unknown as EventBridgeClient, calls };
};
const entries = (count: number) => Array.from({ length: count }, (_, index) => ({ Detail: String(index) }));

test('ten entries a call', async () => {
  const { client, calls } = bus();
  assert.deepEqual(
    await putEvents(client, entries(23), 0),
    Array.from({ length: 23 }, (_, index) => `id-${index}`),
  );
  assert.deepEqual(
    calls.map(({ length }) => length),
    [10, 10, 3],
  );
});

test('only the entries that were refused are sent again', async () => {
  const { client, calls } = bus(
    new Map([
      ['1', 1],
      ['3', 2],
    ]),
  );
  await putEvents(client, entries(5), 0);
  assert.deepEqual(calls, [['0', '1', '2', '3', '4'], ['1', '3'], ['3']]);
});

test('refused to the end: said, with those that were', async () => {
  const { client } = bus(new Map([['2', 99]]));
  await assert.rejects(putEvents(client, entries(4), 0), (error: unknown) => {
    assert(error instanceof EventsRefused);
    assert.deepEqual(error.refused, [2]);
    assert.match(error.message, /1 event, each tried several times \(ThrottlingException: slow down\)/);
    return true;
  });
});

test('one event a cluster, each with what its run’s id is made of; the answer names the runs', async () => {
  const { client, calls } = bus();
  const request = {
    operation: 'health-check',
    clusters: ['prod', 'edge'],
    executionId: 'e-1',
    time: '2026-11-24T06:00:00Z',
    own: { only: ['node-not-ready'] },
  } as const;
  const { started } = await fanOut(client, 'arn:bus', request);
  assert.deepEqual(
    started,
    ['prod', 'edge'].map((cluster) => ({ cluster, runId: runIdOf('e-1', cluster, 'health-check') })),
  );
  assert.deepEqual(
    calls.flat().map((detail) => JSON.parse(detail)),
    ['prod', 'edge'].map((cluster) => ({
      only: ['node-not-ready'],
      operation: 'health-check',
      executionId: 'e-1',
      scheduledTime: '2026-11-24T06:00:00Z',
      cluster,
    })),
  );
});
