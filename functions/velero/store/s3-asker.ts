/** Asks S3 about one location, as its role and in its region, and counts what that takes. */
import { PassThrough, pipeline, Readable } from 'node:stream';
import type { S3Client, S3ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';
import type { Command, DeserializeMiddleware } from '@smithy/types';
import { awsError } from '../../cluster/aws-errors.ts';
import { type AwsAccess, credentialProvider } from '../../runtime/aws/credentials.ts';
import { patientS3Client } from '../../runtime/aws/s3.ts';
import type { BackupLocation } from '../../runtime/configuration.ts';
import { accessOf } from './location-name.ts';
import { StoreError } from './object-store.ts';
import { storeError } from './s3-errors.ts';

/** Requests that were sent, tries that failed among them, and bytes of bodies that came. */
export interface Traffic {
  requests: number;
  bytes: number;
}

export interface S3Asker {
  readonly location: BackupLocation;
  readonly access: AwsAccess;
  readonly traffic: Traffic;
  /** Throws StoreError; `action` and `key` (in the bucket) are for its words. */
  ask<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<ServiceInputTypes, Input, ServiceOutputTypes, Output, S3ClientResolvedConfig>,
    asked: { readonly action: string; readonly key?: string; readonly signal: AbortSignal },
  ): Promise<Output>;
}

/** `client`: another than the patient one, as tests have it. */
export function s3Asker(location: BackupLocation, client?: S3Client): S3Asker {
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const access = accessOf(location);
  return {
    location,
    access,
    traffic,
    async ask(command, { action, key, signal }) {
      await assertRole(access, signal);
      command.middlewareStack.add(counting(traffic), { step: 'deserialize', priority: 'low' });
      try {
        return await (client ?? patientS3Client(access)).send(command, { abortSignal: signal });
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

/** The innermost middleware: it sees every try, and the body before anybody reads it. */
const counting =
  <Input extends object, Output extends object>(traffic: Traffic): DeserializeMiddleware<Input, Output> =>
  (next) =>
  async (args) => {
    traffic.requests += 1;
    const answer = await next(args);
    if (hasBody(answer.response)) answer.response.body = counted(answer.response.body, traffic);
    return answer;
  };

const hasBody = (response: unknown): response is { body: Readable } =>
  typeof response === 'object' && response !== null && 'body' in response && response.body instanceof Readable;

/** Errors pass, and who gives the copy up gives the connection up. */
function counted(body: Readable, traffic: Traffic): Readable {
  const copy = new PassThrough();
  body.on('data', (chunk: Uint8Array) => {
    traffic.bytes += chunk.length;
  });
  // Both ends are destroyed with what ended either; whoever reads the copy is told.
  return pipeline(body, copy, () => undefined);
}
