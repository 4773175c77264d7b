/** Asks S3 about one location, as its role and in its region, and counts what that takes. */
import type { S3Client, S3ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';
import type { Command, DeserializeMiddleware } from '@smithy/types';
import { awsError } from '../../cluster/aws-errors.ts';
import { type AwsAccess, credentialProvider } from '../../runtime/aws/credentials.ts';
import { patientS3Client } from '../../runtime/aws/s3.ts';
import type { BackupLocation } from '../../runtime/configuration.ts';
import { accessOf } from './location-name.ts';
import { StoreError } from './object-store.ts';
import { storeError } from './s3-errors.ts';
import { type FirstTry, firstTries, type TryFirst } from './s3-first-try.ts';
import { countBody, type Traffic } from './traffic.ts';

interface About {
  readonly action: string;
  readonly key?: string;
  readonly signal: AbortSignal;
}

export interface S3Asker {
  readonly location: BackupLocation;
  readonly access: AwsAccess;
  readonly traffic: Traffic;
  /** Throws StoreError; `action` and `key` (in the bucket) are for its words. */
  ask<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<ServiceInputTypes, Input, ServiceOutputTypes, Output, S3ClientResolvedConfig>,
    about: About,
  ): Promise<Output>;
}

/** `client`: another than the patient one, as tests have it. */
export function s3Asker(location: BackupLocation, client?: S3Client): S3Asker {
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const access = accessOf(location);
  let tryFirst: TryFirst | undefined;
  return {
    location,
    access,
    traffic,
    async ask<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
      command: Command<ServiceInputTypes, Input, ServiceOutputTypes, Output, S3ClientResolvedConfig>,
      { action, key, signal }: About,
    ): Promise<Output> {
      await assertRole(access, signal);
      const asked = client ?? patientS3Client(access);
      tryFirst ??= firstTries(asked, location.bucket, traffic);
      const first = await tryFirst(command, signal);
      if (first?.output) return first.output as Output;
      command.middlewareStack.add(counting(traffic, first), { step: 'deserialize', priority: 'low' });
      try {
        return await asked.send(command, { abortSignal: signal });
      } catch (error) {
        throw storeError(error, { action, location, key }, signal);
      }
    },
  };
}

/** A role that may not be assumed is refused by STS, in words that would otherwise be taken for the bucket's. */
async function assertRole(access: AwsAccess, signal: AbortSignal): Promise<void> {
  const { role } = access;
  if (role === undefined) return;
  await credentialProvider(access)().catch((error: unknown) => {
    const { kind, message, remedy } = awsError(error, `sts:AssumeRole of ${role}`, signal, {
      forbidden:
        'the role’s trust policy must name the function’s own role (with externalId, where it asks for one), and that role must be allowed sts:AssumeRole',
    });
    const reason = kind === 'aborted' ? 'budget' : ['forbidden', 'credentials'].includes(kind) ? 'denied' : 'unreachable';
    throw new StoreError(reason, message, remedy, { cause: error });
  });
}

/** The innermost middleware: it sees every try, and the body before anybody reads it. What the first try came to is taken for the SDK's own. */
const counting =
  <Input extends object, Output extends object>(traffic: Traffic, first: FirstTry | undefined): DeserializeMiddleware<Input, Output> =>
  (next) => {
    let answer = first?.answer;
    return async (args) => {
      const given = answer?.();
      answer = undefined;
      if (given) return given;
      traffic.requests += 1;
      const answered = await next(args);
      countBody(answered.response, traffic);
      return answered;
    };
  };
