/** What the executor creates when a journal is taken back, and what it says of rights that are missing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Plan, PlannedAction } from '../../../functions/actions/contracts.ts';
import type { Execution } from '../../../functions/actions/course.ts';
import { timedId } from '../../../functions/actions/ids.ts';
import { missingRights, rightsFor } from '../../../functions/actions/rights.ts';
import { undoHooks } from '../../../functions/actions/undo/plan-undo.ts';
import type { Writer } from '../../../functions/actions/writer.ts';
import { memoryStorage } from '../../actions/memory-storage.ts';
import { actionOn, journalId, resources, type Seen } from '../../actions/plan-of.ts';
import { until } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { type Asked, answered, type ClusterProxy, startClusterProxy } from '../parts/faulty-proxy.ts';
import type { KubernetesObject } from '../parts/objects.ts';
import { configMaps, get, names, openTestWriter, planFor, results, run, writerAs } from './scene.ts';

const { configMap, service, pod } = resources;
const isReal = ({ method, query }: Asked) => method === 'POST' && query.has('fieldManager') && !query.has('dryRun');

describe('taking back, and rights', () => {
  let plane: ControlPlane;
  let proxy: ClusterProxy;
  let writer: Writer;
  before(async () => {
    plane = await startControlPlane();
    proxy = await startClusterProxy(plane);
    writer = await openTestWriter(proxy.kubeconfig);
  });
  after(async () => {
    writer.close();
    proxy.stop();
    await plane.stop();
  });

  /** Deletes them for real and gives the plan that takes the journal back. */
  const deleted = async (actions: readonly PlannedAction[]) => {
    const storage = memoryStorage();
    const executed = await run(await planFor(plane, actions), writer, { storage });
    assert.deepEqual(results(executed.outcomes), { deleted: actions.length });
    const back = actions.map(
      (action): PlannedAction => ({ ...action, kind: 'create', rule: 'undo', manifest: { journal: journalId, action: action.id } }),
    );
    return {
      storage,
      plan: await planFor(plane, back, { kind: 'undo', undoes: journalId, id: timedId(Date.UTC(2026, 10, 24, 19), '00000000000000cc') }),
    };
  };
  let runs = 0;
  const undo = (plan: Plan, more: Partial<Execution>) =>
    run(plan, writer, {
      journalId: timedId(Date.UTC(2026, 10, 24, 20, 0, runs++), '00000000000000dd'),
      undo: undoHooks(plan, { get: (...asked) => writer.getOfKind(...asked) }),
      ...more,
    });

  test('what was deleted is there again; twice is a conflict, and harmless', async () => {
    const { storage, plan } = await deleted(await configMaps(plane, configMap, 'back', 4));
    const executed = await undo(plan, { storage });
    assert.deepEqual([executed.ended, results(executed.outcomes)], ['complete', { created: 4 }], executed.why ?? '');
    const made = (await get(plane, configMap, 'back', 'map-0002')) as Seen & { readonly data: object };
    assert.deepEqual(made.data, { index: '2' });
    const again = await undo(plan, { storage });
    assert.deepEqual([again.ended, results(again.outcomes)], ['complete', { conflict: 4 }]);
    assert.equal((await get(plane, configMap, 'back', 'map-0002')).metadata.resourceVersion, made.metadata.resourceVersion);
  });

  test('one that somebody else made meanwhile is a conflict, also where it appears between dry run and write', async () => {
    const { storage, plan } = await deleted(await configMaps(plane, configMap, 'meanwhile', 3));
    const object = (name: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'meanwhile', name },
      data: { mine: 'yes' },
    });
    await plane.apply(object('map-0000'));
    const planted = proxy.plant({ when: (asked) => isReal(asked) && asked.body.includes('map-0001') }, async ({ ask, response }) => {
      await plane.apply(object('map-0001'));
      const { status, headers, body } = await ask({ 'accept-encoding': 'identity' });
      response.writeHead(status, { 'content-type': headers['content-type'] ?? '' }).end(body);
    });
    const executed = await undo(plan, { storage });
    planted.remove();
    assert.deepEqual(results(executed.outcomes), { conflict: 2, created: 1 });
    assert.equal(planted.struck.length, 1);
    assert.deepEqual(((await get(plane, configMap, 'meanwhile', 'map-0001')) as unknown as { data: object }).data, { mine: 'yes' });
  });

  test('a creation whose answer is lost is ours, and known by its manager', async () => {
    const { storage, plan } = await deleted(await configMaps(plane, configMap, 'unanswered', 2));
    const planted = proxy.plant({ when: isReal, times: 1 }, async ({ ask, response }) => {
      await ask();
      response.socket?.destroy();
    });
    const executed = await undo(plan, { storage });
    planted.remove();
    assert.deepEqual([executed.ended, results(executed.outcomes)], ['complete', { created: 2 }]);
  });

  test('a Service whose address is taken gets another', async () => {
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'addresses' } });
    const object = (name: string, more: object = {}): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'addresses', name },
      spec: { ports: [{ port: 80 }], ...more },
    });
    const seen = (await plane.apply(object('web'))) as Seen & { readonly spec: { readonly clusterIP: string } };
    const { storage, plan } = await deleted([actionOn(service, seen)]);
    await until('the address is free', async () => {
      const { status } = await plane.request(
        'POST',
        '/api/v1/namespaces/addresses/services',
        object('other', { clusterIP: seen.spec.clusterIP }),
      );
      return status === 201;
    });
    const executed = await undo(plan, { storage });
    assert.deepEqual(results(executed.outcomes), { created: 1 }, JSON.stringify([...executed.outcomes]));
    assert.notEqual(((await get(plane, service, 'addresses', 'web')) as typeof seen).spec.clusterIP, seen.spec.clusterIP);
  });

  test('what a webhook or the server refuses to create is refused in its words', async () => {
    const { storage, plan } = await deleted(await configMaps(plane, configMap, 'unwanted', 3));
    const body = JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'it is not wanted', code: 422 });
    const planted = proxy.plant({ when: ({ method }) => method === 'POST' }, answered(422, body, { 'content-type': 'application/json' }));
    const executed = await undo(plan, { storage });
    planted.remove();
    assert.equal(executed.ended, 'refused');
    assert.match(executed.why ?? '', /3 of 3 would go wrong.*it is not wanted/);
    assert.deepEqual(await names(plane, configMap, 'unwanted'), []);
  });

  test('which rights are missing, as RBAC that grants just them', async () => {
    const actions = await configMaps(plane, configMap, 'granted', 1);
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    const spec = { containers: [{ name: 'a', image: 'i' }] };
    const made = await plane.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'other', name: 'a' }, spec });
    const needed = rightsFor([...actions, actionOn(pod, made as Seen)]);
    const limited = await writerAs(plane, { token: plane.token('reader') });
    const { missing, manifest } = await missingRights(limited, needed);
    assert.deepEqual(missing.map(({ verb, resource, namespace }) => `${verb} ${resource} ${namespace ?? '*'}`).toSorted(), [
      'delete configmaps *',
      'delete pods *',
      'get configmaps *',
      'get namespaces *',
      'get pods *',
    ]);
    for (const document of parseAllDocuments(manifest)) await plane.apply(document.toJS() as KubernetesObject);
    await until('nothing is missing', async () => (await missingRights(limited, needed)).missing.length === 0);
    limited.close();
    assert.deepEqual((await missingRights(writer, needed)).manifest, '');
  });

  test('rights in single namespaces are missing there alone', async () => {
    const needed = ['granted', 'other'].map((namespace) => ({ verb: 'delete' as const, group: 'batch', resource: 'jobs', namespace }));
    const limited = await writerAs(plane, { token: plane.token('nobody') });
    const within = await missingRights(limited, needed, { namespaces: ['granted', 'other'] });
    assert.deepEqual(within.missing, needed);
    const [role, binding] = parseAllDocuments(within.manifest).map((document) => document.toJS() as KubernetesObject);
    for (const object of [role, binding]) {
      assert.equal(object?.metadata.namespace, 'granted');
      if (object) await plane.apply(object);
    }
    await until('one is granted', async () => (await missingRights(limited, needed)).missing.length === 1);
    assert.deepEqual((await missingRights(limited, needed)).missing, [needed[1]]);
    limited.close();
  });
});
