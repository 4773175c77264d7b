/**
 * What a selector of pods can mean: pods, and what pods are made of. A workload that is scaled to zero, suspended or between two runs has no
 * pods, and what selects them is still in use (kubectl-reap #123, kor #385).
 */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  metadataOf,
  pods,
  podTemplates,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../cluster/kinds.ts';
import type { Labels } from '../health-check/selected.ts';
import type { Reads, Reducer, SharedKey, Wire } from '../scan/contracts.ts';
import { isFulfilled, type Requirement } from './label-selector.ts';

/** All have to come whole: one that is missing may be the one that is meant. */
export const podTargetReads = {
  pods: metadataOf(pods),
  deployments,
  statefulSets,
  daemonSets,
  replicaSets,
  replicationControllers,
  jobs,
  cronJobs,
  podTemplates,
} as const satisfies Reads;

/** In the place of a namespace: all of them. No namespace can be called so. */
export const everywhere = '*';

/** Whether a controller gives its pods this label beside those of the template, in some value that is asked for. */
type Adds = (requirement: Requirement) => boolean;
interface Target {
  readonly labels: Labels;
  readonly adds: Adds;
}

const nothing: Adds = () => false;
/** The labels that take any value, and those whose value begins with the workload's name. */
const adding =
  (any: readonly string[], named: readonly string[], beginning: string): Adds =>
  ({ key, operator, values }) =>
    any.includes(key) || (named.includes(key) && (operator === 'Exists' || values.some((value) => value.startsWith(beginning))));

// k8s.io/api/apps/v1/types.go, k8s.io/api/batch/v1/types.go.
const jobNames = ['batch.kubernetes.io/job-name', 'job-name'];
const jobLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid', 'batch.kubernetes.io/job-completion-index'];
const addedBy: Readonly<Record<'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob', (name: string) => Adds>> = {
  Deployment: () => adding(['pod-template-hash'], [], ''),
  StatefulSet: (name) =>
    adding(['apps.kubernetes.io/pod-index', 'controller-revision-hash'], ['statefulset.kubernetes.io/pod-name'], `${name}-`),
  DaemonSet: () => adding(['controller-revision-hash', 'pod-template-generation'], [], ''),
  CronJob: (name) => adding(jobLabels, jobNames, `${name}-`),
};

/**
 * Operators of databases (Patroni, Redis, CloudNativePG) move such a label from pod to pod: that none carries it today says nothing of
 * tomorrow, where all else is right.
 */
const movesAround = /(^|[^A-Za-z])[rR]ole$|[a-z]Role$/;

const isMeant = (requirements: readonly Requirement[], { labels, adds }: Target): boolean =>
  requirements.every((requirement) => isFulfilled(requirement, labels) || adds(requirement));

type Seen<Name extends keyof typeof podTargetReads> = Wire<NonNullable<(typeof podTargetReads)[Name]['type']>>;
type Template = Wire<V1PodTemplateSpec> | null | undefined;
type Named = { readonly name?: string | null; readonly namespace?: string | null } | null | undefined;

/** To be filled while objects pass; keeps each set of labels of a namespace once. */
const makePodTargets = () => {
  const byNamespace = new Map<string, Map<string, Target>>();
  const noted = new WeakSet<object>();

  const add = (
    namespace: string | null | undefined,
    labels: Labels | null | undefined,
    kind: keyof typeof addedBy | '' = '',
    name = '',
  ) => {
    const targets = byNamespace.get(namespace ?? '') ?? new Map<string, Target>();
    byNamespace.set(namespace ?? '', targets);
    const key = `${kind && `${kind}/${name}`} ${JSON.stringify(labels ?? {})}`;
    if (!targets.has(key)) targets.set(key, { labels: labels ?? {}, adds: kind ? addedBy[kind](name) : nothing });
  };
  const addTemplate = (metadata: Named, template: Template, kind: keyof typeof addedBy | '' = '') =>
    add(metadata?.namespace, template?.metadata?.labels, kind, metadata?.name ?? '');

  /** Each rule is shown every object: one look is enough for all of them. */
  const once =
    <T extends object>(note: (object: T) => void) =>
    (object: T): void => {
      if (noted.has(object)) return;
      note(object);
      noted.add(object);
    };

  return {
    see: {
      pods: once<Seen<'pods'>>(({ metadata }) => add(metadata?.namespace, metadata?.labels)),
      deployments: once<Seen<'deployments'>>(({ metadata, spec }) => addTemplate(metadata, spec?.template, 'Deployment')),
      statefulSets: once<Seen<'statefulSets'>>(({ metadata, spec }) => addTemplate(metadata, spec?.template, 'StatefulSet')),
      daemonSets: once<Seen<'daemonSets'>>(({ metadata, spec }) => addTemplate(metadata, spec?.template, 'DaemonSet')),
      replicaSets: once<Seen<'replicaSets'>>(({ metadata, spec }) => addTemplate(metadata, spec?.template)),
      replicationControllers: once<Seen<'replicationControllers'>>(({ metadata, spec }) => addTemplate(metadata, spec?.template)),
      // The API server writes the labels of its pods into a Job's own template.
      jobs: once<Seen<'jobs'>>(({ metadata, spec }) => addTemplate(metadata, spec?.template)),
      cronJobs: once<Seen<'cronJobs'>>(({ metadata, spec }) => addTemplate(metadata, spec?.jobTemplate?.spec?.template, 'CronJob')),
      podTemplates: once<Seen<'podTemplates'>>(({ metadata, template }) => addTemplate(metadata, template)),
    } satisfies Reducer<typeof podTargetReads, never>['see'],

    /** Labels of pods that were found elsewhere, in a custom resource; `everywhere` where it is in no namespace. */
    addTemplate: (namespace: string, labels: Labels): void => add(namespace, labels),

    /** Is there a pod, or a template of pods, that may be meant? To be asked when all came whole. */
    isAny(namespace: string | null | undefined, requirements: readonly Requirement[]): boolean {
      const lasting = requirements.filter(({ key }) => !movesAround.test(key));
      const asked = lasting.length > 0 ? lasting : requirements;
      for (const place of [namespace ?? '', everywhere]) {
        for (const target of byNamespace.get(place)?.values() ?? []) if (isMeant(asked, target)) return true;
      }
      return false;
    },
  };
};

/** One for all rules of a scan that ask what a selector of pods can mean: `pass.shared(podTargets)`. */
export const podTargets: SharedKey<ReturnType<typeof makePodTargets>> = { make: makePodTargets };
