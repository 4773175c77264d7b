/**
 * What a plan over a random cluster has to be, told from the cluster's traits alone by what issue and documentation say: plainly, one condition a
 * line. It shares nothing with the rules and guards.
 */
import { type Guards, type JobTraits, namedVolumes, type PodTraits, type RandomCluster, type ReferredTraits } from './random-cluster.ts';
import { meansAllNamespaces, meansAllOfTemplate } from './random-objects.ts';

/** The resource that cannot be listed. */
export const failing = [
  'pods',
  'nodes',
  'jobs',
  'cronjobs',
  'namespaces',
  'persistentvolumes',
  'persistentvolumeclaims',
  'deployments',
] as const;
export type Failing = (typeof failing)[number];

export interface Limits {
  readonly number: number;
  readonly percent: number;
  readonly atLeast: number;
}

interface Named {
  readonly name: string;
  readonly namespace?: string | undefined;
}
export const inWords = (kind: string, { namespace, name }: Named): string =>
  namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;

/** Nothing says that it is to stay, or that somebody else has to do with it. */
const isFree = ({ key, finalizer, terminating }: Guards, kind: string, isControlled: boolean): boolean => {
  if (finalizer || terminating) return false;
  if (key === undefined || key.keeps === 'no') return true;
  if (key.only !== undefined && key.only !== kind) return true;
  return isControlled && (key.handedOn === 'to-all' || (key.handedOn === 'to-pods' && kind === 'Pod'));
};
/** `kept` says so itself, `leaving` goes, `gone` was never seen, and `kube-system` is protected. */
const mayLose = (namespace: string): boolean => namespace === 'shop' || namespace === 'pay';

const isOver = ({ end }: JobTraits): boolean => end === 'Complete' || end === 'Failed';

const isOldJob = ({ end, endedHours = 0 }: JobTraits): boolean => endedHours >= (end === 'Failed' ? 168 : 24);

/** A CronJob keeps so many of the newest, and the last that failed whatever it says. The Jobs of a random cluster began one after another, the newest first. */
const isBeyondHistory = (job: JobTraits, { jobs, histories }: RandomCluster): boolean => {
  const history = job.owner === 'cron-0' ? histories[0] : histories[1];
  const keeps = job.end === 'Complete' ? (history?.successful ?? 3) : Math.max(1, history?.failed ?? 1);
  const newer = jobs
    .slice(0, jobs.indexOf(job))
    .filter(
      ({ owner, namespace, end, terminating }) => owner === job.owner && namespace === job.namespace && end === job.end && !terminating,
    );
  return newer.length >= keeps;
};

const mayJobGo = (job: JobTraits, cluster: RandomCluster, failed: Failing | undefined): boolean => {
  if (!isOver(job) || !isOldJob(job) || !mayLose(job.namespace) || !isFree(job, 'Job', job.owner !== 'none')) return false;
  if (job.otherwise !== undefined && job.otherwise !== 'resumed' && job.otherwise !== 'managed-by-itself') return false;
  if (job.owner === 'none') return true;
  if (job.owner !== 'cron-0' && job.owner !== 'cron-1') return false;
  return failed !== 'cronjobs' && isBeyondHistory(job, cluster);
};

const mayPodGo = (pod: PodTraits, { hasNode }: RandomCluster, failed: Failing | undefined): boolean => {
  if (pod.phase !== 'Failed' && pod.phase !== 'Succeeded') return false;
  if (!mayLose(pod.namespace) || !isFree(pod, 'Pod', pod.owner !== 'none')) return false;
  if (pod.otherwise === 'mirror' || pod.otherwise === 'spark') return false;
  const isReplaced = pod.owner === 'ReplicaSet' || pod.owner === 'StatefulSet';
  if (pod.owner !== 'none' && !(isReplaced && pod.phase === 'Failed')) return false;
  // A pod that does not say when it ended is as old as it is: 30 days.
  const hours = pod.endedHours ?? 720;
  const isNodeGone = pod.node === 'node-9' && hasNode && failed !== 'nodes';
  return hours >= (isNodeGone ? 1 : 24);
};

/** By kind: what is deleted, or patched, if that is not too much. */
const candidates = (
  cluster: RandomCluster,
  failed: Failing | undefined,
): Readonly<Record<'Job' | 'Pod' | 'PersistentVolume', readonly Named[]>> => ({
  Job: failed === 'jobs' ? [] : cluster.jobs.filter((job) => mayJobGo(job, cluster, failed)),
  Pod: failed === 'pods' ? [] : cluster.pods.filter((pod) => mayPodGo(pod, cluster, failed)),
  PersistentVolume:
    failed === 'persistentvolumes' || failed === 'persistentvolumeclaims'
      ? []
      : cluster.volumes
          .filter(
            (volume) =>
              volume.phase === 'Released' && volume.policy === 'Retain' && volume.provisioned && namedVolumes.includes(volume.name),
          )
          .filter((volume) => (volume.releasedHours ?? 0) >= 168 && isFree(volume, 'PersistentVolume', false))
          .map(({ name }) => ({ name })),
});

/** What is planned: all of it, or nothing where there is too much of one kind, or where the namespaces are not known. */
export const expectedPlan = (cluster: RandomCluster, failed: Failing | undefined, limits: Limits): readonly string[] => {
  const byKind = Object.entries(candidates(cluster, failed));
  const known = failed === 'namespaces' ? byKind.filter(([kind]) => kind === 'PersistentVolume') : byKind;
  const isTooMuch = ([kind, all]: readonly [string, readonly unknown[]]) => {
    const total = cluster.objects.filter((object) => object.kind === kind).length;
    return all.length > limits.number || all.length > Math.max(limits.atLeast, (total * limits.percent) / 100);
  };
  if (known.some((each) => each[1].length > 0 && isTooMuch(each))) return [];
  return known.flatMap(([kind, all]) => all.map((each) => inWords(kind, each))).toSorted();
};

const isReferred = (object: ReferredTraits, { references }: RandomCluster): boolean =>
  references.some(
    (reference) =>
      reference.kind === object.kind &&
      (reference.namespace === object.namespace || meansAllNamespaces(reference)) &&
      (reference.name === object.name || meansAllOfTemplate(reference)),
  );

/** Which of the lists a verdict of the kind needs: what was not seen whole may refer to it. */
const needs = (kind: ReferredTraits['kind'], failed: Failing | undefined): boolean => {
  if (failed === undefined || failed === 'namespaces') return false;
  if (failed === 'nodes') return kind === 'ConfigMap';
  if (failed === 'persistentvolumes') return kind === 'Secret' || kind === 'PersistentVolumeClaim';
  return true;
};

/** ConfigMaps, Secrets, claims and ServiceAccounts that are reported as unused. */
export const expectedUnused = (cluster: RandomCluster, failed: Failing | undefined): readonly string[] =>
  cluster.referred
    .filter(({ kind }) => !needs(kind, failed))
    .filter(({ owned, finalizer, terminating }) => !owned && !finalizer && !terminating)
    .filter(({ ageHours }) => ageHours >= 168)
    // That somebody else owns it is said beside it. Who asked that it is kept need not hear of it.
    .filter(({ key }) => key?.keeps !== 'asked' || key.only === 'Pod')
    .filter(({ namespace }) => namespace !== 'kept' || failed === 'namespaces')
    .filter((object) => !isReferred(object, cluster))
    .map((object) => inWords(object.kind, object))
    .toSorted();
