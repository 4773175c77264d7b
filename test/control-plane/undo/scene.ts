/** One object of each kind that may be deleted, as the server made it, and the way from a deletion back through journal, plan and executor. */
import assert from 'node:assert/strict';
import type { Action, Executed, PlannedAction, Resource } from '../../../functions/actions/contracts.ts';
import { execute } from '../../../functions/actions/execute.ts';
import { timedId } from '../../../functions/actions/ids.ts';
import { type Journal, readJournal } from '../../../functions/actions/journal.ts';
import type { MadePlan } from '../../../functions/actions/make-plan.ts';
import { liveThrough, planUndo, undoHooks } from '../../../functions/actions/undo/plan-undo.ts';
import type { Writer } from '../../../functions/actions/writer.ts';
import { type MemoryStorage, memoryStorage } from '../../actions/memory-storage.ts';
import { actionOn, type Seen } from '../../actions/plan-of.ts';
import { execution, planFor } from '../actions/scene.ts';
import { expectGood } from '../parts/api-client.ts';
import type { ControlPlane } from '../parts/control-plane.ts';
import type { KubernetesObject } from '../parts/objects.ts';

const kindOf = (group: string, resource: string, kind: string, namespaced = true, version = 'v1'): Resource => ({
  group,
  version,
  resource,
  kind,
  namespaced,
});

/** Where each kind is served. */
export const kinds = {
  ConfigMap: kindOf('', 'configmaps', 'ConfigMap'),
  Secret: kindOf('', 'secrets', 'Secret'),
  Service: kindOf('', 'services', 'Service'),
  ServiceAccount: kindOf('', 'serviceaccounts', 'ServiceAccount'),
  Pod: kindOf('', 'pods', 'Pod'),
  PersistentVolume: kindOf('', 'persistentvolumes', 'PersistentVolume', false),
  PersistentVolumeClaim: kindOf('', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  ReplicaSet: kindOf('apps', 'replicasets', 'ReplicaSet'),
  Deployment: kindOf('apps', 'deployments', 'Deployment'),
  StatefulSet: kindOf('apps', 'statefulsets', 'StatefulSet'),
  DaemonSet: kindOf('apps', 'daemonsets', 'DaemonSet'),
  Job: kindOf('batch', 'jobs', 'Job'),
  CronJob: kindOf('batch', 'cronjobs', 'CronJob'),
  Role: kindOf('rbac.authorization.k8s.io', 'roles', 'Role'),
  RoleBinding: kindOf('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding'),
  PodDisruptionBudget: kindOf('policy', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  HorizontalPodAutoscaler: kindOf('autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', true, 'v2'),
  Ingress: kindOf('networking.k8s.io', 'ingresses', 'Ingress'),
  NetworkPolicy: kindOf('networking.k8s.io', 'networkpolicies', 'NetworkPolicy'),
  Lease: kindOf('coordination.k8s.io', 'leases', 'Lease'),
  Widget: kindOf('example.com', 'widgets', 'Widget'),
  Gadget: kindOf('example.com', 'gadgets', 'Gadget'),
} satisfies Readonly<Record<string, Resource>>;
export type Kind = keyof typeof kinds;

const template = {
  metadata: { labels: { app: 'shop' } },
  spec: { containers: [{ name: 'main', image: 'registry.invalid/shop:1', env: [{ name: 'MODE', value: 'test' }] }] },
};
const selector = { matchLabels: { app: 'shop' } };

/** Whose metadata is filled in: everything in the namespace `shop`. */
export const specs: Partial<Record<Kind, Readonly<Record<string, unknown>>>> = {
  ConfigMap: { data: { key: 'value' }, immutable: true },
  Secret: { type: 'Opaque', data: { key: 'dmFsdWU=' } },
  Service: { spec: { type: 'NodePort', selector: { app: 'shop' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
  ServiceAccount: { imagePullSecrets: [{ name: 'pull' }] },
  Pod: { spec: { ...template.spec, nodeName: 'node-1', terminationGracePeriodSeconds: 0, priorityClassName: 'system-node-critical' } },
  ReplicaSet: {
    spec: { replicas: 1, selector: { matchLabels: { app: 'bare' } }, template: { ...template, metadata: { labels: { app: 'bare' } } } },
  },
  Deployment: { spec: { replicas: 2, selector, template } },
  StatefulSet: {
    spec: {
      serviceName: 'shop',
      replicas: 1,
      selector: { matchLabels: { app: 'set' } },
      template: { ...template, metadata: { labels: { app: 'set' } } },
    },
  },
  DaemonSet: { spec: { selector: { matchLabels: { app: 'agent' } }, template: { ...template, metadata: { labels: { app: 'agent' } } } } },
  CronJob: { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } } } },
  Role: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  RoleBinding: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'role' },
    subjects: [{ kind: 'ServiceAccount', name: 'serviceaccount', namespace: 'shop' }],
  },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector } },
  HorizontalPodAutoscaler: {
    spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'deployment' } },
  },
  Ingress: { spec: { defaultBackend: { service: { name: 'service', port: { number: 80 } } } } },
  NetworkPolicy: { spec: { podSelector: selector, policyTypes: ['Ingress'] } },
  Lease: { spec: { holderIdentity: 'somebody', leaseDurationSeconds: 15 } },
  Widget: { spec: { size: 3, parts: [{ name: 'wheel' }] } },
  Gadget: { spec: { size: 3 }, status: { phase: 'Done' } },
};

export const objectOf = (
  kind: Kind,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
  metadata: object = {},
): KubernetesObject => {
  const { group, version, namespaced } = kinds[kind];
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    metadata: { name, ...(namespaced && { namespace: 'shop' }), ...metadata },
    ...more,
  };
};

/** A definition whose kinds keep their status as data (Gadget), or as a subresource (Widget). */
export const definition = (kind: 'Widget' | 'Gadget'): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kinds[kind].resource}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind, plural: kinds[kind].resource, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        ...(kind === 'Widget' && { subresources: { status: {} } }),
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

const pathOf = ({ group, version, resource, namespaced }: Resource, name: string) =>
  `${group === '' ? `/api/${version}` : `/apis/${group}/${version}`}${namespaced ? '/namespaces/shop' : ''}/${resource}/${name}`;

export interface Live extends Seen {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** The object as it is; undefined where it is gone. */
export async function seen(plane: ControlPlane, kind: Kind, name: string): Promise<Live | undefined> {
  const answer = await plane.request('GET', pathOf(kinds[kind], name));
  return answer.status === 404 ? undefined : (expectGood(`get ${kind} ${name}`, answer) as Live);
}

export async function there(plane: ControlPlane, kind: Kind, name: string): Promise<Live> {
  const found = await seen(plane, kind, name);
  assert.ok(found, `${kind} ${name} is there`);
  return found;
}

/** A deletion that went through the executor. */
export interface Deleted {
  readonly storage: MemoryStorage;
  readonly journal: Journal;
  readonly executed: Executed;
}

let runs = 0;
const nextId = () => timedId(Date.UTC(2026, 10, 24, 18), (++runs).toString(16).padStart(16, '0'));

export async function carriedOut(plane: ControlPlane, writer: Writer, actions: readonly PlannedAction[]): Promise<Deleted> {
  const storage = memoryStorage();
  const journalId = nextId();
  const executed = await execute(execution(await planFor(plane, actions), writer, { storage, journalId }));
  assert.equal(executed.ended, 'complete', executed.why);
  const journal = await readJournal(storage, 'test', journalId);
  assert.ok(journal);
  return { storage, journal, executed };
}

/** Deletes these through the executor, in this order. */
export async function deleted(plane: ControlPlane, writer: Writer, objects: readonly (readonly [Kind, string])[]): Promise<Deleted> {
  const actions = [];
  for (const [kind, name] of objects) actions.push(actionOn(kinds[kind], await there(plane, kind, name)));
  return carriedOut(plane, writer, actions);
}

const signal = new AbortController().signal;

export const undoPlanned = async (writer: Writer, { journal }: Deleted, options = { restoreJobs: false }): Promise<MadePlan> =>
  planUndo({
    journal,
    identity: { cluster: 'test', clusterUid: await writer.clusterUid(), configuration: 'c0ffee' },
    live: liveThrough(writer, signal),
    options,
    limits: { number: 200, percent: 10, atLeast: 5 },
    now: writer.now(),
    runId: (++runs).toString(16).padStart(16, '0'),
  });

/** Carries the plan of an undo out; one object at a time, since they come back in the order of their dependencies. */
export async function undone(writer: Writer, { storage }: Deleted, { plan }: MadePlan): Promise<Executed> {
  assert.ok(plan, 'something is planned');
  const run = execution(plan, writer, { storage, journalId: nextId(), undo: undoHooks(plan, liveThrough(writer, signal)) });
  return execute({ ...run, settings: { ...run.settings, atOnce: 1 } });
}

/** `Kind name: why`, sorted. */
export const heldOf = ({ actions }: { readonly actions: readonly Action[] }): readonly string[] =>
  actions.flatMap(({ object, heldBy }) => (heldBy ? [`${object.kind} ${object.name}: ${heldBy.because}`] : [])).toSorted();

export const resultsOf = ({ actions }: { readonly actions: readonly Action[] }, { outcomes }: Executed): readonly string[] =>
  actions.map(({ id, object }) => `${object.kind} ${object.name}: ${outcomes.get(id)?.result} ${outcomes.get(id)?.message ?? ''}`.trim());
