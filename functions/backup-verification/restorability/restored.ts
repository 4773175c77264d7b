/** Which of an archive's objects a restore of the whole backup would bring: velero pkg/restore/restore.go and controller/restore_controller.go of 1.18. */
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { restoredFirst } from '../../velero/restore-priorities.ts';
import { annotationsOf, fieldsAt, labelsOf } from './fields.ts';

/** restore_controller.go, nonRestorableResources */
const neverRestored = new Set([
  'nodes',
  'events',
  'events.events.k8s.io',
  'backups.velero.io',
  'restores.velero.io',
  'resticrepositories.velero.io',
  'csinodes.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'backuprepositories.velero.io',
]);

/** restore.go: isCompleted, mirror pods; actions/apiservice_action.go. */
export function isRestored(object: ArchivedObject): boolean {
  const kind = groupResource(object);
  if (neverRestored.has(kind)) return false;
  if (kind === 'pods') {
    const { phase } = fieldsAt(object.body, 'status');
    if (phase === 'Succeeded' || phase === 'Failed') return false;
    return !Object.hasOwn(annotationsOf(object), 'kubernetes.io/config.mirror');
  }
  if (kind === 'jobs.batch') return !fieldsAt(object.body, 'status').completionTime;
  if (kind === 'apiservices.apiregistration.k8s.io') return !Object.hasOwn(labelsOf(object), 'kube-aggregator.kubernetes.io/automanaged');
  return true;
}

/** cmd/server/config/config.go: what comes last. */
const last = [
  'clusterbootstraps.run.tanzu.vmware.com',
  'clusters.cluster.x-k8s.io',
  'clusterresourcesets.addons.cluster.x-k8s.io',
  'apps.kappctrl.k14s.io',
  'packageinstalls.packaging.carvel.dev',
];
const firstPlaces = new Map(restoredFirst.map((kind, index) => [kind, index]));
const lastPlaces = new Map(last.map((kind, index) => [kind, index]));

const placeIn = (kind: string): readonly [number, number, string] => {
  const early = firstPlaces.get(kind);
  if (early !== undefined) return [0, early, ''];
  const late = lastPlaces.get(kind);
  return late === undefined ? [1, 0, kind] : [2, late, ''];
};

/** Is a kind (`prometheusrules.monitoring.coreos.com`) restored after another, by Velero's default priorities? */
export function isRestoredAfter(kind: string, other: string): boolean {
  const [phase, place, name] = placeIn(kind);
  const [otherPhase, otherPlace, otherName] = placeIn(other);
  if (phase !== otherPhase) return phase > otherPhase;
  return place === otherPlace ? name > otherName : place > otherPlace;
}
