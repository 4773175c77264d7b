/** Rules of nightshift.yaml against a real API server: its label selectors are ours, and a rule over live objects proposes what it says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { userRules } from '../../../functions/cleanup/user-rules/user-rules.ts';
import { userRule } from '../../../functions/runtime/cleanup-options.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { broken, labelSets, selectors } from '../../cleanup/user-rules/selectors.ts';
import { namesOf, read, sourceOf } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';

const widgets = { group: 'example.org', version: 'v1', resource: 'widgets', kind: 'Widget' };
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

describe('rules of nightshift.yaml', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  const create = async (path: string, body: object) => {
    const answer = await plane.request('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  };
  const map = (namespace: string, name: string, metadata: object = {}, data: object = {}) =>
    create(`/api/v1/namespaces/${namespace}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, ...metadata },
      data,
    });
  const widget = (name: string, spec: object) =>
    create('/apis/example.org/v1/namespaces/shop-test/widgets', { apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name }, spec });

  before(async () => {
    plane = await startControlPlane();
    await create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    for (const [name, labels] of Object.entries({ labelled: {}, 'shop-test': { temporary: 'yes' }, shop: { temporary: 'no' } }))
      await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    for (const [name, labels] of Object.entries(labelSets)) await map('labelled', name, { labels });
    for (const namespace of ['shop', 'shop-test'])
      for (const state of ['done', 'running']) await map(namespace, state, { labels: { app: 'web' } }, { state });
    await map('shop-test', 'stateless');
    await create('/api/v1/namespaces/shop-test/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token', annotations: { purpose: 'test' } },
      type: 'example.org/token',
      stringData: { password: 'hush' },
    });
    const isServed = async () => (await plane.request('GET', '/apis/example.org/v1/widgets')).status === 200;
    for (let tries = 0; tries < 100 && !(await isServed()); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    await widget('idle', { replicas: 0, share: 0.5, parts: [{ image: 'app:latest' }] });
    await widget('busy', { replicas: 3, share: 0.5, parts: [{ image: 'app:1.0' }] });
  });
  after(() => plane?.stop());

  /** What it proposes at a time `hours` ahead, as namespace/name, sorted; and what is told of objects that could not be judged. */
  const proposedBy = async (rule: object, hours = 48) => {
    const given = userRule.parse({ id: 'own', minimumAgeHours: 1, action: 'delete', reason: 'no longer needed', ...rule });
    const { rules, notTolds } = await userRules([given], []);
    const source = await sourceOf(plane, hours * 60);
    try {
      const result = await scan(source, rules, { signal: AbortSignal.timeout(60_000) });
      assert.deepEqual(
        result.observers.map(({ outcome }) => outcome),
        ['ran'],
      );
      const names = result.out.map(({ object }) => `${object.namespace}/${object.name}`).toSorted();
      return { names, out: result.out, notTold: notTolds.findings('test').map(({ message }) => message) };
    } finally {
      await source.close();
    }
  };
  const configMaps = { version: 'v1', resource: 'configmaps', kind: 'ConfigMap' };

  for (const [selector, names] of Object.entries(selectors)) {
    test(`the server selects what we do: ${selector}`, async () => {
      const path = `/api/v1/namespaces/labelled/configmaps?labelSelector=${encodeURIComponent(selector)}`;
      assert.deepEqual((await namesOf(plane, path)).toSorted(), names.toSorted());
    });
  }

  for (const selector of Object.keys(broken).filter((each) => each.trim() !== '')) {
    test(`the server refuses what we do: ${selector}`, async () => {
      const { status } = await plane.request('GET', `/api/v1/configmaps?labelSelector=${encodeURIComponent(selector)}`);
      assert.equal(status, 400);
    });
  }

  test('a rule over live objects proposes what its selectors and its condition say, as the server has it', async () => {
    const rule = {
      resource: configMaps,
      namespaceSelector: 'temporary in (yes)',
      selector: 'app=web',
      when: 'object.data.state == "done"',
    };
    const { names, out, notTold } = await proposedBy(rule);
    assert.deepEqual([names, notTold], [['shop-test/done'], []]);
    const live = await read(plane, '/api/v1/namespaces/shop-test/configmaps/done');
    const { uid, resourceVersion } = live.metadata as { uid: string; resourceVersion: string };
    assert.deepEqual(out[0]?.object, { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop-test', name: 'done', uid, resourceVersion });
  });

  test('what its condition cannot be told of is kept, and told', async () => {
    const { names, notTold } = await proposedBy({ resource: configMaps, namespaces: ['shop-*'], when: 'object.data.state == "done"' });
    assert.deepEqual(names, ['shop-test/done']);
    // Whatever else the server puts there, such as kube-root-ca.crt with a controller manager, has no state either.
    assert.match(notTold.join(), /could not be told of 1 object, which is kept; of ConfigMap shop-test\/stateless: No such key: data/);
  });

  test('by age: nothing yet, all later', async () => {
    const rule = {
      resource: configMaps,
      namespaces: ['shop'],
      when: 'age > duration("24h") && now > timestamp(object.metadata.creationTimestamp)',
    };
    assert.deepEqual((await proposedBy(rule, 23)).names, []);
    assert.deepEqual((await proposedBy(rule, 25)).names, ['shop/done', 'shop/running']);
  });

  test('of custom resources, with whole numbers, fractions and lists', async () => {
    const when = 'object.spec.replicas + 1 == 1 && object.spec.share < 1 && object.spec.parts.exists(part, part.image.endsWith(":latest"))';
    assert.deepEqual((await proposedBy({ resource: widgets, when })).names, ['shop-test/idle']);
  });

  test('of Secrets, by type and metadata, and never by their content', async () => {
    const resource = { version: 'v1', resource: 'secrets', kind: 'Secret' };
    const byType = await proposedBy({
      resource,
      when: 'object.type == "example.org/token" && object.metadata.annotations["purpose"] == "test"',
    });
    assert.deepEqual(byType.names, ['shop-test/token']);
    assert.doesNotMatch(JSON.stringify(byType), /hush|aHVzaA/);
    const byContent = await proposedBy({ resource, namespaces: ['shop-test'], when: 'object.data.password == "aHVzaA=="' });
    assert.deepEqual(byContent.names, []);
    assert.match(byContent.notTold.join(), /No such key: data/);
  });

  test('with a selector that selects nothing, nothing', async () => {
    for (const more of [{ selector: 'app=nothing' }, { namespaceSelector: 'temporary=perhaps' }, { namespaces: ['nowhere'] }])
      assert.deepEqual((await proposedBy({ resource: configMaps, when: 'object.metadata.name != ""', ...more })).names, []);
  });
});
