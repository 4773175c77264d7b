/** The executor where something stands in its way: a real API server, and a proxy before it for what only a network does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { Executed } from '../../../functions/actions/contracts.ts';
import { readJournal } from '../../../functions/actions/journal.ts';
import type { Writer } from '../../../functions/actions/writer.ts';
import { memoryStorage } from '../../actions/memory-storage.ts';
import { journalId, resources } from '../../actions/plan-of.ts';
import { until } from '../checks/live-scan.ts';
import { makeAuthority } from '../parts/certificates.ts';
import { temporaryDirectory } from '../parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { type Asked, answered, type ClusterProxy, hungUp, startClusterProxy, tooManyRequests } from '../parts/faulty-proxy.ts';
import { configMaps, execution, names, openTestWriter, planFor, quick, results, run } from './scene.ts';

const { configMap } = resources;
const isReal = ({ method, body }: Asked) => method === 'DELETE' && !body.includes('"dryRun"');
const messages = ({ outcomes }: Executed) => [...outcomes.values()].map(({ message }) => message ?? '');

describe('what stands in the way', () => {
  let plane: ControlPlane;
  let proxy: ClusterProxy;
  let writer: Writer;
  let webhook: Server;
  let webhookConfig: { url: string; caBundle: string };
  const reviewed: { dryRun?: boolean; name?: string }[] = [];
  before(async () => {
    plane = await startControlPlane();
    proxy = await startClusterProxy(plane);
    writer = await openTestWriter(proxy.kubeconfig);
    const authority = makeAuthority(temporaryDirectory('webhook'), 'webhook-ca');
    const { certificate, key } = authority.sign({ commonName: 'webhook', names: ['IP:127.0.0.1'] });
    webhook = createServer({ cert: certificate, key }, async (asked, response) => {
      const { request } = (await json(asked)) as { request: { uid: string; dryRun?: boolean; name?: string } };
      reviewed.push(request);
      const allowed = request.name !== 'map-0001';
      const status = { message: 'it is sacred', code: 403 };
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, allowed, status } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(review));
    });
    webhook.listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    webhookConfig = {
      url: `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
      caBundle: Buffer.from(authority.certificate).toString('base64'),
    };
  });
  after(async () => {
    writer.close();
    proxy.stop();
    webhook.closeAllConnections();
    webhook.close();
    await plane.stop();
  });

  /** Asks the webhook about DELETEs of ConfigMaps of one namespace, once it is in force. */
  const hook = async (namespace: string) => {
    await plane.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: `hook-${namespace}` },
      webhooks: [
        {
          name: 'sacred.example.com',
          clientConfig: webhookConfig,
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['DELETE'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Fail',
        },
      ],
    });
    const body = { dryRun: ['All'] };
    await until('the webhook is asked', async () => {
      const before = reviewed.length;
      await plane.request('DELETE', `/api/v1/namespaces/${namespace}/configmaps/map-0000`, body);
      return reviewed.length > before;
    });
  };

  test('a webhook denies some: refused in its words, the rest goes', async () => {
    const actions = await configMaps(plane, configMap, 'hooked', 30);
    await hook('hooked');
    const executed = await run(await planFor(plane, actions), writer);
    assert.equal(executed.ended, 'complete', executed.why);
    assert.deepEqual(results(executed.outcomes), { refused: 1, deleted: 29 });
    assert.match(messages(executed).join(), /admission webhook "sacred\.example\.com" denied the request: it is sacred/);
    assert.deepEqual(await names(plane, configMap, 'hooked'), ['map-0001']);
  });

  test('a policy denies all: nothing is begun, and no journal', async () => {
    const actions = await configMaps(plane, configMap, 'policed', 5);
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'no-deletions' } };
    await plane.apply({
      ...policy,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['configmaps'] }] },
        validations: [{ expression: 'false', message: 'nothing is deleted here', reason: 'Forbidden' }],
      },
    });
    await plane.apply({
      ...policy,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: {
        policyName: 'no-deletions',
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'policed' } } },
      },
    });
    await until('the policy is in force', async () => {
      const { status } = await plane.request('DELETE', '/api/v1/namespaces/policed/configmaps/map-0000', { dryRun: ['All'] });
      return status === 403;
    });
    const storage = memoryStorage();
    const executed = await run(await planFor(plane, actions), writer, { storage });
    assert.equal(executed.ended, 'refused');
    assert.match(executed.why ?? '', /5 of 5 would go wrong.*nothing is deleted here/);
    assert.deepEqual(results(executed.outcomes), { refused: 5 }, 'a policy is not a missing right');
    assert.equal(storage.texts.size, 0);
    assert.equal((await names(plane, configMap, 'policed')).length, 5);
  });

  test('a webhook that cannot take a dry run is said so and is no refusal', async () => {
    const actions = await configMaps(plane, configMap, 'undried', 4);
    const unsupported = JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      message: 'admission webhook "legacy.example.com" does not support dry run',
      reason: 'BadRequest',
      code: 400,
    });
    const planted = proxy.plant(
      { when: ({ method, body, path }) => method === 'DELETE' && body.includes('"dryRun"') && path.includes('/map-') },
      answered(400, unsupported, { 'content-type': 'application/json' }),
    );
    const executed = await run(await planFor(plane, actions), writer);
    planted.remove();
    assert.equal(planted.struck.length, 4);
    assert.deepEqual([executed.ended, results(executed.outcomes)], ['complete', { deleted: 4 }]);
    assert.match(
      executed.warnings.join(),
      /^4 of 4 could not be tried before, since a webhook does not support it: admission webhook "legacy/,
    );
  });

  test('429 with Retry-After is obeyed by all, and the rest goes', async () => {
    const actions = await configMaps(plane, configMap, 'busy', 12);
    const planted = proxy.plant({ when: isReal, after: 3, times: 2 }, tooManyRequests(1));
    const from = proxy.requests.length;
    const executed = await run(await planFor(plane, actions), writer);
    planted.remove();
    assert.deepEqual([executed.ended, results(executed.outcomes)], ['complete', { deleted: 12 }]);
    const refusedAt = planted.struck[0]?.at ?? 0;
    const early = proxy.requests.slice(from).filter((each) => isReal(each) && each.at > refusedAt + 150 && each.at < refusedAt + 950);
    assert.equal(early.length, 0, 'nobody writes while the server asks for patience');
  });

  for (const [status, text] of [
    [500, 'etcdserver: no leader'],
    [429, 'Too many requests'],
  ] as const) {
    test(`a storm of ${status} stops it, and says so`, async () => {
      const namespace = `storm-${status}`;
      const actions = await configMaps(plane, configMap, namespace, 60);
      const planted = proxy.plant({ when: isReal, after: 10 }, answered(status, text));
      const storage = memoryStorage();
      const executed = await run(await planFor(plane, actions), writer, { storage });
      planted.remove();
      assert.equal(executed.ended, 'stopped');
      assert.match(executed.why ?? '', new RegExp(text));
      const { deleted = 0, refused = 0 } = results(executed.outcomes);
      assert.equal(deleted, 10);
      assert.ok(refused >= 3 && refused <= 10, String(refused));
      assert.equal((await names(plane, configMap, namespace)).length, 50);
      assert.equal((await readJournal(storage, 'test', journalId))?.ended?.ended, 'stopped');
      const again = await run(await planFor(plane, actions), writer, { storage });
      assert.deepEqual([again.ended, again.why, again.outcomes.size], [executed.ended, executed.why, executed.outcomes.size], 'it is over');
    });
  }

  test('answers that are lost after the deed are found out by uid', async () => {
    const actions = await configMaps(plane, configMap, 'lost', 10);
    const after = proxy.plant({ when: isReal, times: 3 }, async ({ ask, response }) => {
      await ask();
      response.socket?.destroy();
    });
    const before = proxy.plant({ when: isReal, after: 3, times: 2 }, hungUp);
    const executed = await run(await planFor(plane, actions), writer);
    for (const each of [after, before]) each.remove();
    assert.deepEqual([executed.ended, results(executed.outcomes)], ['complete', { deleted: 10 }], executed.why ?? '');
    assert.deepEqual(await names(plane, configMap, 'lost'), []);
  });

  test('a conflict of the moment is looked into and tried once more; one that stays is left', async () => {
    const actions = await configMaps(plane, configMap, 'conflict', 2);
    const conflict = answered(
      409,
      JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Conflict', message: 'try again', code: 409 }),
      {
        'content-type': 'application/json',
      },
    );
    const once = proxy.plant({ when: (asked) => isReal(asked) && asked.path.endsWith('map-0000'), times: 1 }, conflict);
    const always = proxy.plant({ when: (asked) => isReal(asked) && asked.path.endsWith('map-0001') }, conflict);
    const executed = await run(await planFor(plane, actions), writer);
    for (const each of [once, always]) each.remove();
    assert.deepEqual(results(executed.outcomes), { deleted: 1, changed: 1 });
    assert.equal(always.struck.length, 2);
  });

  test('a journal that cannot be written: nothing is', async () => {
    const actions = await configMaps(plane, configMap, 'unwritten', 3);
    for (const part of ['journal.json', 'batch-0001.json']) {
      const storage = memoryStorage();
      storage.beforeWrite = (key) => {
        if (key.endsWith(part)) throw new Error('AccessDenied');
      };
      const from = proxy.requests.length;
      const executed = await run(await planFor(plane, actions), writer, { storage });
      assert.equal(executed.ended, part === 'journal.json' ? 'refused' : 'stopped');
      assert.match(executed.why ?? '', /journal could not be written.*AccessDenied/);
      assert.deepEqual(proxy.requests.slice(from).filter(isReal), []);
    }
    assert.equal((await names(plane, configMap, 'unwritten')).length, 3);
  });

  test('outcomes that cannot be written are said loudly, and found out by the next run', async () => {
    const actions = await configMaps(plane, configMap, 'silent', 9);
    const plan = await planFor(plane, actions);
    const storage = memoryStorage();
    storage.beforeWrite = (key) => {
      if (key.endsWith('outcomes-0002.json')) throw new Error('SlowDown');
    };
    const settings = { ...quick, batchSize: 3 };
    const executed = await run(plan, writer, { storage, settings });
    assert.equal(executed.ended, 'stopped');
    assert.match(executed.why ?? '', /^3 objects were written to and the journal does not say so: SlowDown/);
    storage.beforeWrite = () => undefined;
    const again = await run(plan, writer, { storage, settings });
    assert.deepEqual([again.ended, results(again.outcomes)], ['complete', { deleted: 9 }]);
  });

  test('the time is spent: what is under way is finished and written down, and the same plan goes on', async () => {
    const actions = await configMaps(plane, configMap, 'interrupted', 40);
    const plan = await planFor(plane, actions);
    const storage = memoryStorage();
    const time = new AbortController();
    const onProgress = ({ phase, done }: { phase: string; done: number }) => phase === 'writing' && done === 17 && time.abort();
    const executed = await run(plan, writer, { storage, signal: time.signal, onProgress, settings: { ...quick, batchSize: 10 } });
    assert.equal(executed.ended, 'interrupted');
    const { deleted = 0 } = results(executed.outcomes);
    assert.ok(deleted >= 17 && deleted < 25, String(deleted));
    assert.equal((await names(plane, configMap, 'interrupted')).length, 40 - deleted);
    const journal = await readJournal(storage, 'test', journalId);
    assert.equal(journal?.items.filter(({ outcome }) => outcome).length, deleted);
    assert.equal(journal?.ended, undefined);
    const again = await run(plan, writer, { storage });
    assert.deepEqual([again.ended, results(again.outcomes)], ['complete', { deleted: 40 }]);
    assert.deepEqual(await names(plane, configMap, 'interrupted'), []);
  });

  test('frozen between batches: it stops there, and goes on when it may', async () => {
    const actions = await configMaps(plane, configMap, 'frozen', 30);
    const plan = await planFor(plane, actions);
    const storage = memoryStorage();
    let left = 5;
    const gate = async () => (left-- > 0 ? undefined : 'frozen since 18:00: incident 7');
    const settings = { ...quick, batchSize: 5 };
    const executed = await run(plan, writer, { storage, gate, settings });
    assert.deepEqual(
      [executed.ended, executed.why, results(executed.outcomes)],
      ['stopped', 'frozen since 18:00: incident 7', { deleted: 15 }],
    );
    const closed = await run(plan, writer, { storage, settings, gate: () => Promise.reject(new Error('no answer')) });
    assert.equal(closed.ended, 'stopped');
    assert.equal((await names(plane, configMap, 'frozen')).length, 15);
    assert.equal((await run(plan, writer, { storage, settings })).ended, 'complete');
  });

  test('two at once with one journal: one stops, and nothing goes twice', async () => {
    const actions = await configMaps(plane, configMap, 'twice', 40);
    const plan = await planFor(plane, actions);
    const storage = memoryStorage();
    const from = proxy.requests.length;
    const settings = { ...quick, batchSize: 10 };
    const other = await openTestWriter(proxy.kubeconfig);
    const both = await Promise.all([writer, other].map((each) => run(plan, each, { storage, settings })));
    other.close();
    assert.ok(
      both.some(({ ended }) => ended === 'refused' || ended === 'stopped'),
      JSON.stringify(both.map(({ ended }) => ended)),
    );
    assert.match(both.map(({ why }) => why ?? '').join(), /somebody else goes on with this journal/);
    const last = await run(plan, writer, { storage, settings });
    assert.deepEqual([last.ended, results(last.outcomes)], ['complete', { deleted: 40 }]);
    assert.deepEqual(await names(plane, configMap, 'twice'), []);
    const uids = proxy.requests
      .slice(from)
      .filter(isReal)
      .map(({ body }) => JSON.parse(body).preconditions.uid);
    assert.equal(new Set(uids).size, uids.length);
  });

  test('an API server that goes away during the dry run: refused, nothing begun', async () => {
    const actions = await configMaps(plane, configMap, 'away', 8);
    const planted = proxy.plant({ when: ({ body, path }) => body.includes('"dryRun"') && path.includes('/map-'), after: 2 }, hungUp);
    const storage = memoryStorage();
    const executed = await run(await planFor(plane, actions), writer, { storage });
    planted.remove();
    assert.equal(executed.ended, 'refused');
    assert.match(executed.why ?? '', /the dry run came to no end.*cut/);
    assert.equal(storage.texts.size, 0);
  });

  test('a plan that no hand of ours made is refused', async () => {
    const actions = await configMaps(plane, configMap, 'odd', 1);
    const created = actions.map((action) => ({ ...action, kind: 'create' as const }));
    await assert.rejects(run(await planFor(plane, created), writer), /would create map-0000/);
    await assert.rejects(run(await planFor(plane, actions, { kind: 'undo' }), writer), /would delete map-0000/);
    await assert.rejects(run(await planFor(plane, [...actions, ...actions]), writer), /two actions alike/);
    assert.deepEqual(await names(plane, configMap, 'odd'), ['map-0000']);
  });

  test('whoever follows along and stumbles does not keep the outcomes from being written', async () => {
    const actions = await configMaps(plane, configMap, 'stumble', 6);
    const storage = memoryStorage();
    const plan = await planFor(plane, actions);
    const onProgress = ({ phase, done }: { phase: string; done: number }) => {
      if (phase === 'writing' && done === 3) throw new Error('EPIPE');
    };
    const executed = await run(plan, writer, { storage, onProgress });
    assert.deepEqual([executed.ended, executed.why], ['stopped', 'EPIPE']);
    const journal = await readJournal(storage, 'test', journalId);
    const there = await names(plane, configMap, 'stumble');
    assert.ok(there.length < 6);
    assert.equal(journal?.items.filter(({ outcome }) => outcome?.result === 'deleted').length, 6 - there.length);
  });

  test('bodies that are dropped only later are found out by the run that goes on', async () => {
    const actions = await configMaps(plane, configMap, 'later', 4);
    const plan = await planFor(plane, actions);
    const storage = memoryStorage();
    let left = 3;
    const settings = { ...quick, batchSize: 2 };
    await run(plan, writer, { storage, settings, gate: async () => (left-- > 0 ? undefined : 'window is over') });
    const dropped = proxy.plant({ when: ({ method }) => method === 'DELETE' }, async ({ response, ask }) => {
      const { status, body } = await ask({ 'content-length': '0' }, '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    const executed = await run(plan, writer, { storage, settings });
    dropped.remove();
    assert.equal(executed.ended, 'stopped');
    assert.match(executed.why ?? '', /bodies of DELETE requests do not reach/);
    assert.equal((await names(plane, configMap, 'later')).length, 2);
  });

  test('a plan of another journal is not mixed with it', async () => {
    const [action] = await configMaps(plane, configMap, 'mixed', 1);
    const storage = memoryStorage();
    const plan = await planFor(plane, action ? [action] : []);
    await run(plan, writer, { storage });
    await assert.rejects(run({ ...plan, id: '20261124T173000Z-00000000000000ff' }, writer, { storage }), /is of the plan/);
    storage.texts.set([...storage.texts.keys()][0] ?? '', '{');
    await assert.rejects(run(plan, writer, execution(plan, writer, { storage })), /is no JSON/);
  });
});
