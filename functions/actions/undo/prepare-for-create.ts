/** Makes a journaled manifest one that can be created again: in the same cluster, so that it is what it was but for what the server sets. */
import { fieldsAt, textAt, textsOf } from '../../backup-verification/restorability/fields.ts';
import { isCustomGroup } from '../../cluster/kinds.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';
import { absent } from '../contracts.ts';
import type { Fields, Live, Prepared, PrepareKind, PrepareOptions } from './contracts.ts';
import { groupOf, without } from './fields.ts';
import { prepareJob } from './kinds/job.ts';
import { preparePod } from './kinds/pod.ts';
import { prepareService } from './kinds/service.ts';
import { prepareSecret, prepareServiceAccount } from './kinds/service-account.ts';
import { prepareClaim, prepareVolume } from './kinds/volumes.ts';
import { neverRestored } from './never-restored.ts';
import { liveOwners } from './owners.ts';

/** Set by the server, whatever is sent, or refused by it. */
export const serverSetMetadata = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
  'generateName',
] as const;

/** Of a deletion that is over, and of pods that the Job controller counted: nobody would take them away. */
export const passingFinalizers: ReadonlySet<string> = new Set(['foregroundDeletion', 'orphan', 'batch.kubernetes.io/job-tracking']);
/** The control plane puts them on everything of their kind, and takes them away. */
const usualFinalizers: ReadonlySet<string> = new Set([
  'kubernetes.io/pvc-protection',
  'kubernetes.io/pv-protection',
  'customresourcecleanup.apiextensions.k8s.io',
]);

const byKind: Readonly<Record<string, PrepareKind>> = {
  'batch/Job': prepareJob,
  '/Pod': preparePod,
  '/Service': prepareService,
  '/ServiceAccount': prepareServiceAccount,
  '/Secret': prepareSecret,
  '/PersistentVolume': prepareVolume,
  '/PersistentVolumeClaim': prepareClaim,
};

/**
 * The manifest as it can be sent, or why it is not to be. Not changed are annotations in which controllers keep book
 * (deployment.kubernetes.io/revision): they write them themselves again.
 *
 * A custom resource keeps its status: where it is a subresource the server drops it, and where it is not it is data like any other, which tells
 * an operator that the work is done.
 *
 * Throws what `live.get` throws: what could not be looked up is neither there nor gone.
 */
export async function prepareForCreate(manifest: unknown, live: Live, options: PrepareOptions): Promise<Prepared> {
  if (!isRecord(manifest)) return { refused: 'the journal holds no manifest of it' };
  const { apiVersion, kind } = manifest;
  const metadata = fieldsAt(manifest, 'metadata');
  const [name, namespace] = [textAt(metadata, 'name'), textAt(metadata, 'namespace')];
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !name) return { refused: 'its manifest in the journal is not whole' };
  const never = neverRestored(manifest) ?? (namespace === undefined ? undefined : await closedNamespace(namespace, live));
  if (never !== undefined) return { refused: never };
  const owners = await liveOwners(metadata.ownerReferences, namespace, live);
  if ('refused' in owners) return owners;
  const finalizers = textsOf(metadata.finalizers).filter((finalizer) => !passingFinalizers.has(finalizer));
  const cleared: Fields = {
    ...(isCustomGroup(groupOf(apiVersion)) ? manifest : without(manifest, 'status')),
    metadata: {
      ...without(metadata, ...serverSetMetadata, 'ownerReferences', 'finalizers'),
      ...(owners.kept.length > 0 && { ownerReferences: owners.kept }),
      ...(finalizers.length > 0 && { finalizers }),
    },
  };
  const key = `${groupOf(apiVersion)}/${kind}`;
  const prepare = Object.hasOwn(byKind, key) ? byKind[key] : undefined;
  const prepared = prepare
    ? await prepare(cleared, { former: manifest, namespace, name, options, live })
    : { manifest: cleared, notes: [] };
  if ('refused' in prepared) return prepared;
  const foreign = finalizers.filter((finalizer) => !usualFinalizers.has(finalizer));
  return {
    manifest: prepared.manifest,
    notes: [...owners.notes, ...foreign.map((finalizer) => `with the finalizer ${finalizer}`), ...prepared.notes],
  };
}

async function closedNamespace(name: string, live: Live): Promise<string | undefined> {
  const namespace = await live.get('v1', 'Namespace', undefined, name);
  if (namespace === absent) return `its namespace ${name} is gone`;
  const terminating = fieldsAt(namespace, 'metadata').deletionTimestamp != null || fieldsAt(namespace, 'status').phase === 'Terminating';
  return terminating ? `its namespace ${name} is being deleted` : undefined;
}
