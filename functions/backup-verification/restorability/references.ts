/** What a workload refers to by name, from its pod template: k8s.io/api core/v1 PodSpec. Objects that it can do without (`optional`) are left out. */
import type { Ref } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { type Fields, fieldsAt, itemsOf, nameOf, refOf } from './fields.ts';
import { isRestored } from './restored.ts';

export type ReferredKind = 'ConfigMap' | 'Secret' | 'ServiceAccount' | 'PersistentVolumeClaim' | 'PriorityClass' | 'RuntimeClass';

export interface Reference {
  readonly kind: ReferredKind;
  readonly name: string;
  /** The place in the pod template: `volume config`, `env of container web`. */
  readonly how: string;
  /** Its pods start all the same. */
  readonly isWeak: boolean;
}

/** What runs pods, as far as the references of its pod template matter. */
export interface Workload {
  readonly object: Ref;
  readonly namespace: string;
  readonly references: readonly Reference[];
  /** The claims that its pods make for themselves, by the name of the volume: PersistentVolumeClaim templates. */
  readonly ephemeralClaims: readonly { readonly volume: string; readonly claim: Fields }[];
  /** Something else makes it: a Deployment its ReplicaSets, a ReplicaSet its pods. */
  readonly isControlled: boolean;
  /** Nothing of it runs: no replicas, suspended. */
  readonly isIdle: boolean;
  /** All that it was to run was ready when it was backed up. */
  readonly worked: boolean;
}

/** By resource.group: the way to the PodSpec. */
const podSpecs: Readonly<Record<string, readonly string[]>> = {
  pods: ['spec'],
  'deployments.apps': ['spec', 'template', 'spec'],
  'statefulsets.apps': ['spec', 'template', 'spec'],
  'daemonsets.apps': ['spec', 'template', 'spec'],
  'replicasets.apps': ['spec', 'template', 'spec'],
  replicationcontrollers: ['spec', 'template', 'spec'],
  'jobs.batch': ['spec', 'template', 'spec'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'rollouts.argoproj.io': ['spec', 'template', 'spec'],
};

// Several checks ask for the same object, one after another.
const known = new WeakMap<object, Workload | undefined>();

/** Undefined for what runs no pods, and for what a restore does not bring. */
export function workloadOf(object: ArchivedObject): Workload | undefined {
  const path = podSpecs[groupResource(object)];
  if (path === undefined || object.namespace === undefined) return undefined;
  if (known.has(object.body)) return known.get(object.body);
  const workload = readWorkload(object, object.namespace, path);
  known.set(object.body, workload);
  return workload;
}

function readWorkload(object: ArchivedObject, namespace: string, path: readonly string[]): Workload | undefined {
  const isControlled = itemsOf(fieldsAt(object.body, 'metadata').ownerReferences).some(({ controller }) => controller === true);
  const isIdle = runsNothing(object);
  if (!isRestored(object)) return undefined;
  // The revisions that a Deployment keeps refer to ConfigMaps that went with them.
  if (groupResource(object) === 'replicasets.apps' && isIdle && isControlled) return undefined;
  const spec = fieldsAt(object.body, ...path);
  const references = referencesOf(spec);
  const ephemeralClaims = itemsOf(spec.volumes).flatMap(({ name, ephemeral }) =>
    ephemeral === undefined ? [] : [{ volume: nameOf(name) ?? '?', claim: fieldsAt(ephemeral, 'volumeClaimTemplate') }],
  );
  return { object: refOf(object), namespace, references, ephemeralClaims, isControlled, isIdle, worked: !isIdle && wasReady(object) };
}

const runsNothing = ({ body }: ArchivedObject): boolean => {
  const { replicas, suspend } = fieldsAt(body, 'spec');
  return replicas === 0 || suspend === true;
};

const isCount = (value: unknown): boolean => typeof value === 'number' && value > 0;

/** By its status. A rollout that goes on says nothing of the template that it rolls out. */
function wasReady({ body, resource }: ArchivedObject): boolean {
  const status = fieldsAt(body, 'status');
  if (resource === 'pods') return itemsOf(status.conditions).some(({ type, status: state }) => type === 'Ready' && state === 'True');
  if (resource === 'cronjobs') return typeof status.lastSuccessfulTime === 'string';
  if (resource === 'jobs') return isCount(status.ready) || isCount(status.succeeded);
  if (isCount(status.unavailableReplicas) || isCount(status.numberUnavailable)) return false;
  const { replicas } = fieldsAt(body, 'spec');
  if (resource === 'daemonsets') return isCount(status.numberReady);
  return isCount(status.readyReplicas) && (typeof replicas !== 'number' || Number(status.readyReplicas) >= replicas);
}

/** Each thing once, by its kind and name. */
export function referencesOf(spec: Fields): readonly Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: ReferredKind, name: unknown, how: string, isWeak = false): void => {
    const named = nameOf(name);
    if (named === undefined) return;
    const key = `${kind}/${named}`;
    const earlier = found.get(key);
    if (!earlier || (earlier.isWeak && !isWeak)) found.set(key, { kind, name: named, how, isWeak });
  };
  add('ServiceAccount', spec.serviceAccountName ?? spec.serviceAccount, 'serviceAccountName');
  add('PriorityClass', spec.priorityClassName, 'priorityClassName');
  add('RuntimeClass', spec.runtimeClassName, 'runtimeClassName');
  // A pod with a pull secret that is not there starts where the image can be had without.
  for (const { name } of itemsOf(spec.imagePullSecrets)) add('Secret', name, 'imagePullSecrets', true);
  const account = nameOf(spec.serviceAccountName) ?? 'default';
  for (const volume of itemsOf(spec.volumes)) addVolume(volume, account, add);
  for (const container of [spec.initContainers, spec.containers, spec.ephemeralContainers].flatMap(itemsOf)) addContainer(container, add);
  return [...found.values()];
}

type Add = (kind: ReferredKind, name: unknown, how: string, isWeak?: boolean) => void;

function addContainer(container: Fields, add: Add): void {
  const of = `of container ${nameOf(container.name) ?? '?'}`;
  const from = (source: Fields, kind: ReferredKind, how: string) => {
    if (source.optional !== true) add(kind, source.name, `${how} ${of}`);
  };
  for (const { valueFrom } of itemsOf(container.env)) {
    if (valueFrom === undefined) continue;
    from(fieldsAt(valueFrom, 'configMapKeyRef'), 'ConfigMap', 'env');
    from(fieldsAt(valueFrom, 'secretKeyRef'), 'Secret', 'env');
  }
  for (const source of itemsOf(container.envFrom)) {
    from(fieldsAt(source, 'configMapRef'), 'ConfigMap', 'envFrom');
    from(fieldsAt(source, 'secretRef'), 'Secret', 'envFrom');
  }
}

function addVolume(volume: Fields, account: string, add: Add): void {
  const how = `volume ${nameOf(volume.name) ?? '?'}`;
  // Of its kinds a volume has one.
  for (const [kind, value] of Object.entries(volume)) {
    const source = fieldsAt(value);
    if (source.optional === true) continue;
    if (kind === 'configMap') add('ConfigMap', source.name, how);
    // Velero's pod action drops the token volumes that old versions of Kubernetes mounted; they are made again.
    else if (kind === 'secret' && nameOf(source.secretName)?.startsWith(`${account}-token-`) !== true)
      add('Secret', source.secretName, how);
    else if (kind === 'persistentVolumeClaim') add('PersistentVolumeClaim', source.claimName, how);
    else if (kind === 'csi') add('Secret', fieldsAt(source, 'nodePublishSecretRef').name, how);
    else if (kind === 'azureFile') add('Secret', source.secretName, how);
    else if (kind === 'projected') addProjected(source, how, add);
    // cephfs, flexVolume, iscsi, rbd, scaleIO, storageos
    else if (source.secretRef !== undefined) add('Secret', fieldsAt(source, 'secretRef').name, how);
  }
}

function addProjected({ sources }: Fields, how: string, add: Add): void {
  for (const source of itemsOf(sources)) {
    const [configMap, secret] = [fieldsAt(source, 'configMap'), fieldsAt(source, 'secret')];
    if (configMap.optional !== true) add('ConfigMap', configMap.name, how);
    if (secret.optional !== true) add('Secret', secret.name, how);
  }
}
