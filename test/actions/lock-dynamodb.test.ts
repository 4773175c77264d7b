import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConditionalCheckFailedException, DynamoDBClient, type UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamodbLock } from '../../functions/actions/lock-dynamodb.ts';

const now = Date.parse('2026-11-24T17:30:00Z');
const lease = 15 * 60_000;

/** A table that gives these answers; what it was asked is noted. */
const tableOf = (...answers: (() => unknown)[]) => {
  const client = new DynamoDBClient({ region: 'eu-central-1' });
  const asked: UpdateItemCommand['input'][] = [];
  client.send = (async (command: UpdateItemCommand) => {
    asked.push(command.input);
    return answers.shift()?.();
  }) as typeof client.send;
  return { asked, lock: dynamodbLock(client, 'locks', { cluster: 'prod', owner: 'run-1', lease, now: () => now }) };
};
const item = (owner: string | undefined, version = 4) => ({
  cluster: { S: 'prod' },
  ...(owner !== undefined && { owner: { S: owner } }),
  until: { N: String(now + 60_000) },
  version: { N: String(version) },
});
const refused = (held?: ReturnType<typeof item>) => () => {
  throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {}, ...(held && { Item: held }) });
};
const given = (version: number) => () => ({ Attributes: item('run-1', version) });
const taken = async (lock: ReturnType<typeof tableOf>['lock']) => {
  const acquired = await lock.acquire();
  assert.ok(acquired.held);
  return acquired.lease;
};

test('the lock is taken in one conditional write, which compares the end of the lease itself', async () => {
  const { lock, asked } = tableOf(given(5));
  assert.equal((await taken(lock)).version, 5);
  assert.deepEqual(asked, [
    {
      TableName: 'locks',
      Key: { cluster: { S: 'prod' } },
      UpdateExpression: 'SET #owner = :owner, #until = :until, #expires = :expires ADD #version :one',
      ConditionExpression: 'attribute_not_exists(#owner) OR #owner = :owner OR #until <= :now',
      ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until', '#expires': 'expires', '#version': 'version' },
      ExpressionAttributeValues: {
        ':owner': { S: 'run-1' },
        ':now': { N: String(now) },
        ':one': { N: '1' },
        ':until': { N: String(now + lease) },
        ':expires': { N: String((now + lease) / 1000 + 90 * 86_400) },
      },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  ]);
});

test('who has it is told, where DynamoDB tells', async () => {
  assert.deepEqual(await tableOf(refused(item('run-2'))).lock.acquire(), {
    held: false,
    because: 'the run run-2 writes to this cluster; its lock ends at 2026-11-24 17:31 UTC unless it goes on',
  });
  assert.deepEqual(await tableOf(refused()).lock.acquire(), { held: false, because: 'another run writes to this cluster' });
});

test('an error is no lock', async () => {
  const down = () => {
    throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  };
  await assert.rejects(tableOf(down).lock.acquire(), /slow down/);
  const { lock } = tableOf(given(5), down);
  assert.match((await (await taken(lock)).renew()) ?? '', /could not be told: ThrottlingException: slow down$/);
});

test('the heartbeat is of this holder’s version alone', async () => {
  const { lock, asked } = tableOf(
    given(5),
    given(5),
    refused(item('run-2', 6)),
    refused(item('run-1', 6)),
    refused(item(undefined)),
    refused(),
  );
  const held = await taken(lock);
  assert.equal(await held.renew(), undefined);
  assert.equal(asked[1]?.ConditionExpression, '#owner = :owner AND #version = :version');
  assert.deepEqual(asked[1]?.ExpressionAttributeValues?.[':version'], { N: '5' });
  assert.equal(await held.renew(), 'the run run-2 has taken the lock of this cluster');
  assert.equal(await held.renew(), 'another try of this run has taken the lock of this cluster');
  assert.match((await held.renew()) ?? '', /given back/);
  assert.match((await held.renew()) ?? '', /given back/);
});

test('giving it back leaves the version, and never throws', async () => {
  const { lock, asked } = tableOf(given(5), given(5), refused(item('run-2')), () => Promise.reject(new Error('down')));
  const held = await taken(lock);
  for (let time = 0; time < 3; time += 1) await held.release();
  assert.equal(asked[1]?.UpdateExpression, 'SET #until = :none REMOVE #owner');
  assert.equal(asked[1]?.ConditionExpression, '#owner = :owner AND #version = :version');
});
