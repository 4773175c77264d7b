/** The way to write to a cluster: one run at a time, and never while it is frozen or outside of its windows. */

import { absent, type GuardedMetadata } from '../actions/contracts.ts';
import type { Freeze } from '../actions/freeze.ts';
import { guardedMetadata } from '../actions/guards/guarded-metadata.ts';
import { outsideWindows } from '../actions/guards/maintenance-window.ts';
import type { Namespaces } from '../actions/guards/namespaces.ts';
import { type GuardSettings, guardSettings } from '../actions/guards/settings.ts';
import { bothLocks, type Lease, type Lock, type LockOptions } from '../actions/lock.ts';
import { writeAccessOf } from '../actions/write-access.ts';
import { openWriter, type Writer } from '../actions/writer.ts';
import { isClusterError, isMistake } from '../cluster/cluster-error.ts';
import { namespaces } from '../cluster/kinds.ts';
import type { Storage } from '../report/store/storage.ts';
import { EventError } from '../runtime/events.ts';
import type { Look, Writing } from '../runtime/operation.ts';

/** Longer than a function may run (15 minutes): whoever still writes still holds it. */
const leaseOfFunction = 16 * 60_000;
/** A command that was killed must not keep others away for long; between batches, and so every few seconds, it is renewed. */
const leaseOfCommand = 5 * 60_000;

export interface WriteSession {
  readonly writer: Writer;
  readonly storage: Storage;
  readonly settings: GuardSettings;
  close(): Promise<void>;
}

/** Throws EventError where nothing can be written to or kept, ClusterError where the cluster cannot be reached. */
export const openWriteSession = async ({ writing, state, cluster, laid, signal }: Look): Promise<WriteSession> => {
  if (!writing) throw new EventError(`Nothing can be written to ${cluster}: a plan is applied to a cluster, not to a backup or manifests.`);
  if (!state)
    throw new EventError('Plans and journals have to be kept somewhere: say --state DIR or --state s3://BUCKET, where the plan lies.');
  try {
    const access = 'given' in writing.access ? writing.access.given : writeAccessOf(cluster, writing.access.configured);
    const writer = await openWriter(access, { interactive: writing.interactive, signal, name: cluster });
    return { writer, storage: state, settings: guardSettings(laid.guards), close: async () => writer.close() };
  } catch (error) {
    if (isClusterError(error) && isMistake(error.kind)) throw new EventError(`${error.message}; ${error.remedy}.`);
    throw error;
  }
};

/** The lock of this cluster, beside the state; and DynamoDB’s where there is a table, of which a command on a laptop does not know. */
export const lockOf = async (look: Look, { writer, storage }: WriteSession): Promise<Lock> => {
  const lease = look.writing?.interactive ? leaseOfCommand : leaseOfFunction;
  const options: LockOptions = { cluster: look.cluster, owner: look.runId, lease, now: () => Date.now() };
  const { storageLock } = await import('../actions/lock-storage.ts');
  const besideState = storageLock(storage, { ...options, now: () => writer.now() });
  if (look.writing?.locks !== undefined) {
    const { dynamodbLock } = await import('../actions/lock-dynamodb.ts');
    const { dynamodbClient } = await import('../runtime/aws/dynamodb.ts');
    return bothLocks(dynamodbLock(dynamodbClient(), look.writing.locks, options), besideState);
  }
  return besideState;
};

/** Asked before the first write and between batches: why nothing may be written now, or undefined. */
export const gateOf =
  (look: Look, { writer, settings }: WriteSession, lease: Lease) =>
  async (): Promise<string | undefined> => {
    const lost = await lease.renew();
    if (lost !== undefined) return lost;
    const freeze = await frozen(look.writing, look);
    if (freeze.frozen) return `${look.cluster} is frozen by ${freeze.reason}`;
    return outsideWindows(settings.windows, writer.now())?.because;
  };

const frozen = async (writing: Writing | undefined, { cluster, signal }: Look): Promise<Freeze> => {
  if (!writing?.freezable) return { frozen: false };
  const { freezeOf } = await import('../actions/freeze.ts');
  const { ssmClient } = await import('../runtime/aws/ssm.ts');
  return freezeOf(ssmClient(), cluster, signal);
};

/** How long (ms) what a Namespace says of itself is believed. */
const believedFor = 30_000;

/** The namespaces of a plan as they are now: what is marked to be kept while a plan is applied is kept from then on. */
export const namespacesNow = ({ writer }: WriteSession, signal: AbortSignal): ((namespace: string | undefined) => Promise<Namespaces>) => {
  const known = new Map<string, GuardedMetadata>();
  const asked = new Map<string, number>();
  return async (namespace) => {
    if (namespace === undefined || (asked.get(namespace) ?? Number.NEGATIVE_INFINITY) > writer.now() - believedFor) return known;
    const found = await writer.getRead(namespaces, namespace, undefined, signal);
    const metadata = found === absent ? undefined : guardedMetadata(found);
    if (metadata) known.set(namespace, metadata);
    else known.delete(namespace);
    asked.set(namespace, writer.now());
    return known;
  };
};
