/** What undo does not bring back, whatever is asked: it would be another thing, or do again what is over. */
import { fieldsAt } from '../../backup-verification/restorability/fields.ts';
import { isCustomGroup } from '../../cluster/kinds.ts';
import type { Fields } from './contracts.ts';
import { groupOf } from './fields.ts';

/** By group/kind. */
const byKind: Readonly<Record<string, (manifest: Fields) => string | undefined>> = {
  '/Event': () => 'an event tells of a moment, and is not told again',
  'events.k8s.io/Event': () => 'an event tells of a moment, and is not told again',
  // Its user and groups are the requester's (registry/certificates/certificates/strategy.go): restored, it would ask for Nightshift.
  'certificates.k8s.io/CertificateSigningRequest': () =>
    'a request for a certificate speaks for whoever makes it, who has to make it again',
  'storage.k8s.io/VolumeAttachment': () => 'the control plane attaches volumes itself',
  'snapshot.storage.k8s.io/VolumeSnapshot': (manifest) =>
    fieldsAt(manifest, 'spec', 'source').persistentVolumeClaimName === undefined
      ? undefined
      : 'it would be a new snapshot, of the data as it is now',
  'snapshot.storage.k8s.io/VolumeSnapshotContent': (manifest) =>
    fieldsAt(manifest, 'spec').deletionPolicy === 'Retain' ? undefined : 'its snapshot went with it',
};

/** When a run of an engine (Tekton, Argo Workflows, Spark, Kubeflow, Velero) was over, by its own account. */
const endTimes = ['completionTime', 'completionTimestamp', 'finishedAt', 'finishTime'] as const;

/** Why not; undefined: it may come back. */
export function neverRestored(manifest: Fields): string | undefined {
  const group = groupOf(String(manifest.apiVersion));
  const key = `${group}/${String(manifest.kind)}`;
  const reason = Object.hasOwn(byKind, key) ? byKind[key]?.(manifest) : undefined;
  if (reason !== undefined) return reason;
  const status = fieldsAt(manifest, 'status');
  return isCustomGroup(group) && endTimes.some((field) => typeof status[field] === 'string')
    ? 'a run that is over: without its status, its operator would start it again'
    : undefined;
}
