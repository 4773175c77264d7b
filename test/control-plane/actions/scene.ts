/** A control plane with a writer before it, for the executor's tests. */

import type { Plan, PlannedAction, Resource } from '../../../functions/actions/contracts.ts';
import type { Execution } from '../../../functions/actions/course.ts';
import { execute } from '../../../functions/actions/execute.ts';
import { openWriter, type Writer } from '../../../functions/actions/writer.ts';
import { memoryStorage } from '../../actions/memory-storage.ts';
import { actionOn, actorsOf, journalId, planOf, type Seen } from '../../actions/plan-of.ts';
import { expectGood, type User } from '../parts/api-client.ts';
import type { ControlPlane } from '../parts/control-plane.ts';

const signal = new AbortController().signal;

export const openTestWriter = (kubeconfigFile: string): Promise<Writer> =>
  openWriter({ kubeconfigFile }, { interactive: true, signal, name: 'test', settings: { firstWait: 20 } });

export const writerAs = async (plane: ControlPlane, user?: User): Promise<Writer> => openTestWriter(await plane.kubeconfig(user));

/** As much as a cluster may take in a test. */
export const quick = { writesPerSecond: 100, lookAgainAfter: 20, verifyFor: 2_000 };

/** What the tests do not say otherwise. */
export const execution = (plan: Plan, writer: Writer, more: Partial<Execution> = {}): Execution => ({
  plan,
  writer,
  actors: actorsOf(plan),
  storage: memoryStorage(),
  journalId,
  runId: '00000000000000bb',
  held: () => undefined,
  gate: async () => undefined,
  settings: quick,
  signal,
  ...more,
});

export const run = (plan: Plan, writer: Writer, more: Partial<Execution> = {}) => execute(execution(plan, writer, more));

const pathOf = ({ group, version, resource, namespaced }: Resource, namespace: string, name = '') =>
  `${group === '' ? `/api/${version}` : `/apis/${group}/${version}`}${namespaced ? `/namespaces/${namespace}` : ''}/${resource}${name && `/${name}`}`;

export const get = async (plane: ControlPlane, resource: Resource, namespace: string, name: string): Promise<Seen> =>
  expectGood(`get ${name}`, await plane.request('GET', pathOf(resource, namespace, name))) as Seen;

/** The names that are there, sorted. */
export const names = async (plane: ControlPlane, resource: Resource, namespace: string): Promise<string[]> => {
  const list = expectGood('list', await plane.request('GET', pathOf(resource, namespace))) as { readonly items: readonly Seen[] };
  return list.items.map(({ metadata }) => metadata.name).toSorted();
};

export const clusterUid = async (plane: ControlPlane): Promise<string> =>
  (expectGood('kube-system', await plane.request('GET', '/api/v1/namespaces/kube-system')) as Seen).metadata.uid;

/** Makes so many ConfigMaps and gives the actions that delete them. */
export async function configMaps(
  plane: ControlPlane,
  resource: Resource,
  namespace: string,
  count: number,
  metadata: object = {},
): Promise<PlannedAction[]> {
  await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const actions: PlannedAction[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `map-${String(index).padStart(4, '0')}`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, ...metadata }, data: { index: String(index) } };
    actions.push(actionOn(resource, (await plane.apply(object)) as Seen));
  }
  return actions;
}

export const planFor = async (plane: ControlPlane, actions: readonly PlannedAction[], more: Partial<Plan> = {}): Promise<Plan> =>
  planOf(await clusterUid(plane), actions, more);

export const results = (outcomes: ReadonlyMap<string, { readonly result: string }>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { result } of outcomes.values()) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
};
