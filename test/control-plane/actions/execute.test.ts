/** The executor against a real API server, with the controllers that carry deletions out. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readJournal } from '../../../functions/actions/journal.ts';
import type { Writer } from '../../../functions/actions/writer.ts';
import { memoryStorage } from '../../actions/memory-storage.ts';
import { actionOn, journalId, resources, type Seen } from '../../actions/plan-of.ts';
import { until } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { type ClusterProxy, startClusterProxy } from '../parts/faulty-proxy.ts';
import { clusterUid, configMaps, get, names, openTestWriter, planFor, results, run, writerAs } from './scene.ts';

const { configMap, job, pod, volume, secret } = resources;
const controllers = ['garbage-collector-controller', 'job-controller', 'namespace-controller'];

describe('on a real cluster', () => {
  let plane: ControlPlane;
  let proxy: ClusterProxy;
  let writer: Writer;
  before(async () => {
    plane = await startControlPlane({ controllers });
    proxy = await startClusterProxy(plane);
    writer = await openTestWriter(proxy.kubeconfig);
  });
  after(async () => {
    writer.close();
    proxy.stop();
    await plane.stop();
  });
  const onTheWire = (from: number, method: string) => proxy.requests.slice(from).filter((each) => each.method === method);

  test('what is planned goes, its look-alike stays, and every DELETE carries its options in the body', async () => {
    const actions = await configMaps(plane, configMap, 'plain', 7);
    const from = proxy.requests.length;
    const storage = memoryStorage();
    const executed = await run(await planFor(plane, actions.slice(0, 6)), writer, { storage });
    assert.equal(executed.ended, 'complete', executed.why);
    assert.deepEqual(results(executed.outcomes), { deleted: 6 });
    assert.deepEqual(await names(plane, configMap, 'plain'), ['map-0006']);
    const deletions = onTheWire(from, 'DELETE');
    const [probe, ...rest] = deletions.map(({ body }) => JSON.parse(body));
    assert.deepEqual(probe.dryRun, ['All']);
    assert.equal(rest.length, 12, 'each once to try and once for real');
    for (const { query } of deletions) assert.equal(query.size, 0, 'beside a body the server ignores the query');
    for (const { preconditions, propagationPolicy } of rest) {
      assert.equal(propagationPolicy, 'Background');
      assert.ok(actions.some(({ object }) => object.uid === preconditions.uid && object.resourceVersion === preconditions.resourceVersion));
    }
    assert.deepEqual(rest.map(({ dryRun }) => dryRun?.[0]).toSorted(), [...Array(6).fill('All'), ...Array(6).fill(undefined)]);
    const journal = await readJournal(storage, 'test', journalId);
    assert.equal(journal?.ended?.ended, 'complete');
    for (const { action, manifest, outcome } of journal?.items ?? []) {
      assert.equal(outcome?.result, 'deleted');
      const { kind, data, metadata } = manifest as { kind: string; data: object; metadata: Record<string, unknown> };
      assert.deepEqual(
        [kind, Object.keys(data), metadata.uid, metadata.managedFields],
        ['ConfigMap', ['index'], action.object.uid, undefined],
      );
    }
  });

  test('a dry run deletes nothing: with the gate closed before the first write, all is still there', async () => {
    const actions = await configMaps(plane, configMap, 'dry', 5);
    const from = proxy.requests.length;
    let asked = 0;
    const storage = memoryStorage();
    const gate = async () => (++asked === 1 ? undefined : 'frozen: hands off');
    const executed = await run(await planFor(plane, actions), writer, { gate, storage });
    assert.deepEqual([executed.ended, executed.why], ['refused', 'frozen: hands off']);
    const deletions = onTheWire(from, 'DELETE');
    assert.equal(deletions.length, 6);
    for (const { body, query } of deletions) assert.deepEqual([JSON.parse(body).dryRun, query.size], [['All'], 0]);
    assert.equal((await names(plane, configMap, 'dry')).length, 6 - 1);
    assert.equal(storage.texts.size, 0);
  });

  test('something that drops the bodies of DELETE requests is found out, and nothing is deleted', async () => {
    const actions = await configMaps(plane, configMap, 'bodiless', 3);
    const dropped = proxy.plant({ when: ({ method }) => method === 'DELETE' }, async ({ response, ask }) => {
      const { status, body } = await ask({ 'content-length': '0' }, '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    const executed = await run(await planFor(plane, actions), writer);
    dropped.remove();
    assert.equal(executed.ended, 'refused');
    assert.match(executed.why ?? '', /bodies of DELETE requests do not reach/);
    assert.equal(dropped.struck.length, 1);
    assert.equal((await names(plane, configMap, 'bodiless')).length, 3);
  });

  test('changed, replaced, gone, or held by a guard or the rule: left alone', async () => {
    const actions = await configMaps(plane, configMap, 'moved', 6);
    const object = (name: string, data: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'moved', name },
      data: { data },
    });
    await plane.apply(object('map-0000', 'changed'));
    await plane.delete(object('map-0001', ''));
    await plane.apply(object('map-0001', 'another'));
    await plane.delete(object('map-0002', ''));
    const plan = await planFor(plane, actions);
    const executed = await run(plan, writer, {
      held: ({ object: { name } }) => (name === 'map-0003' ? { guard: 'keep-keys', because: 'somebody wants it' } : undefined),
      actors: new Map([
        ...(await import('../../actions/plan-of.ts')).actorsOf(plan, (fresh) =>
          (fresh as Seen).metadata.name === 'map-0004' ? 'it is in use' : undefined,
        ),
      ]),
    });
    const became = [...executed.outcomes].toSorted().map(([, { result, message }]) => [result, message]);
    assert.deepEqual(became, [
      ['changed', 'it was changed since the plan was made'],
      ['gone-before', 'another object has its name now'],
      ['gone-before', undefined],
      ['held', 'keep-keys: somebody wants it'],
      ['changed', 'it is in use'],
      ['deleted', undefined],
    ]);
    assert.deepEqual(await names(plane, configMap, 'moved'), ['map-0000', 'map-0001', 'map-0003', 'map-0004'].concat().toSorted());
  });

  test('a Job goes with its pods', async () => {
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'jobs' } });
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'i' }] } };
    await plane.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'jobs', name: 'done' }, spec: { template } });
    await until('the pod is there', async () => (await names(plane, pod, 'jobs')).length === 1);
    let seen = await get(plane, job, 'jobs', 'done');
    await until('the Job is at rest', async () => {
      const before = seen.metadata.resourceVersion;
      await new Promise((resolve) => setTimeout(resolve, 500));
      seen = await get(plane, job, 'jobs', 'done');
      return seen.metadata.resourceVersion === before;
    });
    const executed = await run(await planFor(plane, [actionOn(job, seen)]), writer);
    assert.deepEqual(results(executed.outcomes), { deleted: 1 });
    await until('the pods are gone', async () => (await names(plane, pod, 'jobs')).length === 0);
  });

  test('a finalizer stays: pending, and it is named', async () => {
    const actions = await configMaps(plane, configMap, 'kept', 2, { finalizers: ['example.com/wait'] });
    const executed = await run(await planFor(plane, actions), writer, { settings: { writesPerSecond: 100, verifyFor: 500 } });
    assert.deepEqual(
      [...executed.outcomes.values()].map(({ result, message }) => `${result}: ${message}`),
      Array(2).fill('pending-finalizers: waits for example.com/wait'),
    );
    assert.equal(executed.ended, 'complete');
  });

  test('a patch takes hold of the version that was planned alone', async () => {
    const spec = {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: '/tmp/x' },
    };
    const seen = (name: string) => plane.apply({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec }) as Promise<Seen>;
    const patch = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
    const [good, moved] = [await seen('good'), await seen('moved')];
    await plane.apply({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'moved', labels: { a: 'b' } }, spec });
    const from = proxy.requests.length;
    const executed = await run(
      await planFor(
        plane,
        [good, moved].map((each) => actionOn(volume, each, { kind: 'patch', patch })),
      ),
      writer,
    );
    assert.deepEqual([...executed.outcomes.values()].map(({ result }) => result).toSorted(), ['changed', 'patched']);
    const policy = async (name: string) =>
      ((await get(plane, volume, '', name)) as unknown as { spec: typeof spec }).spec.persistentVolumeReclaimPolicy;
    assert.deepEqual([await policy('good'), await policy('moved')], ['Delete', 'Retain']);
    assert.deepEqual(
      onTheWire(from, 'PATCH').map(({ query }) => query.toString()),
      ['fieldManager=nightshift&dryRun=All', 'fieldManager=nightshift'],
    );
  });

  test('another cluster behind the way that writes: refused', async () => {
    const actions = await configMaps(plane, configMap, 'elsewhere', 1);
    const plan = { ...(await planFor(plane, actions)), clusterUid: 'another' };
    const executed = await run(plan, writer);
    assert.equal(executed.ended, 'refused');
    assert.match(executed.why ?? '', new RegExp(await clusterUid(plane)));
    assert.equal((await names(plane, configMap, 'elsewhere')).length, 1);
  });

  test('a Secret goes only where its manifest may be kept, and is said nowhere else', async () => {
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'secrets' } });
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'secrets', name: 'key' }, stringData: { key: 'hush' } };
    const plan = await planFor(plane, [actionOn(secret, (await plane.apply(object)) as Seen)]);
    const onDisk = await run(plan, writer, { storage: memoryStorage('/tmp/state') });
    assert.deepEqual(results(onDisk.outcomes), { refused: 1 });
    const storage = memoryStorage('s3://reports');
    const executed = await run(plan, writer, { storage });
    assert.deepEqual(results(executed.outcomes), { deleted: 1 });
    const holding = [...storage.texts]
      .filter(([, text]) => text.includes(Buffer.from('hush').toString('base64')))
      .map(([key]) => key.split('/').at(-1));
    assert.deepEqual(holding, ['journal.json']);
  });

  test('without the right to one kind the others go', async () => {
    const actions = await configMaps(plane, configMap, 'rights', 3);
    const objects = ['a', 'b', 'c'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'rights', name },
      spec: { containers: [{ name: 'a', image: 'i' }] },
    }));
    const pods: Seen[] = [];
    for (const each of objects) pods.push((await plane.apply(each)) as Seen);
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'some' } };
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'delete'] },
      { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['get'] },
    ];
    await plane.apply({ ...role, rules });
    await plane.apply({
      ...role,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'some' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    });
    const limited = await writerAs(plane, { token: plane.token('reader') });
    await until('the right is there', async () =>
      limited.clusterUid().then(
        () => true,
        () => false,
      ),
    );
    const executed = await run(await planFor(plane, [...pods.map((each) => actionOn(pod, each)), ...actions]), limited);
    limited.close();
    assert.equal(executed.ended, 'complete', executed.why);
    assert.deepEqual(results(executed.outcomes), { forbidden: 3, deleted: 3 });
    assert.deepEqual(await names(plane, pod, 'rights'), ['a', 'b', 'c']);
  });
});
