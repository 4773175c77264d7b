import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { freezeOf } from '../../functions/actions/freeze.ts';

const answering = (answer: () => unknown) => {
  const client = new SSMClient({ region: 'eu-central-1' });
  const asked: unknown[] = [];
  client.send = (async (command: GetParameterCommand) => {
    asked.push(command.input);
    return answer();
  }) as typeof client.send;
  return { client, asked };
};
const failing = (name: string, message = 'no') =>
  answering(() => {
    throw Object.assign(new Error(message), { name });
  });
const withValue = (Value: unknown) => answering(() => ({ Parameter: { Value } }));

test('a cluster is frozen while its parameter has a value, which is the reason', async () => {
  const { client, asked } = withValue(' incident 4711\u001b[2J\n');
  assert.deepEqual(await freezeOf(client, 'prod'), { frozen: true, reason: '/nightshift/freeze/prod: incident 4711[2J' });
  assert.deepEqual(asked, [{ Name: '/nightshift/freeze/prod', WithDecryption: true }]);
  for (const value of ['on', 'true', 'no', '0', 'offline'])
    assert.equal((await freezeOf(withValue(value).client, 'prod')).frozen, true, value);
});

test('no parameter, or one that says off, is no freeze', async () => {
  assert.deepEqual(await freezeOf(failing('ParameterNotFound').client, 'prod'), { frozen: false });
  for (const value of ['off', 'OFF ', 'false', '', ' \n'])
    assert.deepEqual(await freezeOf(withValue(value).client, 'prod'), { frozen: false }, value);
});

test('a switch that cannot be read is on', async () => {
  for (const name of [
    'AccessDeniedException',
    'ThrottlingException',
    'TimeoutError',
    'ParameterVersionNotFound',
    'CredentialsProviderError',
  ])
    assert.deepEqual(await freezeOf(failing(name, 'no\nsigned text').client, 'prod'), {
      frozen: true,
      reason: `/nightshift/freeze/prod could not be read: ${name}: no`,
    });
  for (const answer of [undefined, {}, { Parameter: {} }, { Parameter: { Value: 7 } }])
    assert.equal((await freezeOf(answering(() => answer).client, 'prod')).frozen, true);
  assert.equal((await freezeOf(answering(() => Promise.reject('odd')).client, 'prod')).frozen, true);
});
