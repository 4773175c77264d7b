/**
 * The lock of deployed functions: one item a cluster in a table with the partition key `cluster`. Whether a lease is over is told in the
 * condition of the write: DynamoDB deletes what has expired days later (attribute `expires`, for clusters that are gone).
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Acquired, heldByOther, type Lease, type Lock, type LockOptions, type LockState, lostTo, unknownLock } from './lock.ts';

/** An item that no run has touched for so long (seconds) may go. */
const forgottenAfter = 90 * 86_400;

type Item = Record<string, AttributeValue>;

/** Needs dynamodb:UpdateItem on the table. */
export const dynamodbLock = (client: Pick<DynamoDBClient, 'send'>, table: string, { cluster, owner, lease, now }: LockOptions): Lock => {
  const update = (input: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression'>, values: Item): Promise<LockState> =>
    client
      .send(
        new UpdateItemCommand({
          TableName: table,
          Key: { cluster: { S: cluster } },
          ...input,
          // Some of them are reserved words. Only those that an expression uses may be given.
          ExpressionAttributeNames: namesIn(`${input.UpdateExpression} ${input.ConditionExpression}`),
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      .then(({ Attributes }) => stateOf(Attributes));
  const times = (): Item => ({
    ':until': { N: String(now() + lease) },
    ':expires': { N: String(Math.ceil((now() + lease) / 1000) + forgottenAfter) },
  });

  const leaseOf = (version: number): Lease => {
    const mine = { ConditionExpression: '#owner = :owner AND #version = :version' };
    const values: Item = { ':owner': { S: owner }, ':version': { N: String(version) } };
    return {
      version,
      renew: async () => {
        try {
          await update({ ...mine, UpdateExpression: 'SET #until = :until, #expires = :expires' }, { ...values, ...times() });
          return undefined;
        } catch (error) {
          return error instanceof ConditionalCheckFailedException ? lostTo(error.Item && stateOf(error.Item), owner) : unknownLock(error);
        }
      },
      release: async () => {
        // The item stays, and with it the version, which must grow with the next holder.
        await update({ ...mine, UpdateExpression: 'SET #until = :none REMOVE #owner' }, { ...values, ':none': { N: '0' } }).catch(
          () => undefined,
        );
      },
    };
  };

  return {
    acquire: async (): Promise<Acquired> => {
      try {
        const { version } = await update(
          {
            UpdateExpression: 'SET #owner = :owner, #until = :until, #expires = :expires ADD #version :one',
            ConditionExpression: 'attribute_not_exists(#owner) OR #owner = :owner OR #until <= :now',
          },
          { ':owner': { S: owner }, ':now': { N: String(now()) }, ':one': { N: '1' }, ...times() },
        );
        return { held: true, lease: leaseOf(version) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { held: false, because: error.Item ? heldByOther(stateOf(error.Item)) : 'another run writes to this cluster' };
      }
    },
  };
};

const namesIn = (expressions: string): Record<string, string> =>
  Object.fromEntries([...expressions.matchAll(/#(\w+)/g)].map(([placeholder, name = '']) => [placeholder, name]));

const stateOf = (item: Item | undefined): LockState => {
  const owner = item?.owner?.S;
  return { ...(owner !== undefined && { owner }), until: Number(item?.until?.N ?? 0), version: Number(item?.version?.N ?? Number.NaN) };
};
