import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Connection, connect } from '../../functions/connect/connect.ts';
import type { StepName } from '../../functions/connect/step.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { sendJson } from '../cluster/https-server.ts';
import { kubeconfigFile, type StubOptions, signal, startClusterStub, status, token } from './cluster-stub.ts';

const reviews = ['/apis/authentication.k8s.io/v1/selfsubjectreviews', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'] as const;

async function connected(options: StubOptions = {}, namespaces?: string[]) {
  const stub = await startClusterStub(options);
  const access = { kubeconfigFile: stub.kubeconfig(), ...(namespaces && { namespaces }) };
  const connection = await connect(stub.target({ access }), [healthCheck], signal);
  assert(!JSON.stringify(connection).includes(token), 'no credential is told');
  return { ...stub, connection, step: stepOf(connection) };
}
const stepOf = (connection: Connection) => (name: StepName) => connection.steps.find(({ step }) => step === name) ?? assert.fail(name);
const lists = (spec: Parameters<NonNullable<StubOptions['allowed']>>[0], resource: string) =>
  'resourceAttributes' in spec && spec.resourceAttributes.resource === resource;

describe('what is sent', () => {
  test('GETs, and POSTs of the two reviews alone; each right once, few at a time', async () => {
    const { asked, load, connection } = await connected();
    assert.equal(connection.ready, true);
    for (const { method, path, body, contentType } of asked) {
      if (method === 'GET') assert.equal(body, '');
      else {
        assert.equal(method, 'POST');
        assert((reviews as readonly string[]).includes(path), path);
        assert.equal(contentType, 'application/json');
        const { apiVersion, kind } = JSON.parse(body);
        assert.equal(path, `/apis/${apiVersion}/${kind.toLowerCase()}s`);
      }
    }
    const posted = asked.filter(({ path }) => path === reviews[1]).map(({ body }) => body);
    assert.equal(new Set(posted).size, posted.length, 'no right is asked for twice');
    assert.equal(posted.length, connection.rights.filter(({ state }) => state === 'granted' || state === 'missing').length);
    assert(load.most >= 2 && load.most <= 4, `${load.most} at once`);
  });

  test('in namespaces each of their rights in each; nothing that is in no namespace', async () => {
    const { asked, connection } = await connected(
      { answers: { '/api/v1/namespaces/shop': status(403, 'no'), '/api/v1/namespaces/payments': (response) => sendJson(response, {}) } },
      ['shop', 'payments'],
    );
    assert.equal(connection.ready, true);
    const attributes = asked.flatMap(({ path, body }) => (path === reviews[1] ? (JSON.parse(body).spec.resourceAttributes ?? []) : []));
    assert(attributes.length > 10);
    assert(attributes.every(({ namespace }) => namespace === 'shop' || namespace === 'payments'));
    assert(!attributes.some(({ resource }) => resource === 'nodes' || resource === 'leases'));
    assert.equal(attributes.filter(({ resource }) => resource === 'pods').length, 2);
  });
});

describe('rights', () => {
  test('none at all may be for some namespaces only: how to say so', async () => {
    const none = await connected({ allowed: () => false });
    assert.match(none.step('rights').remedy ?? '', /for some namespaces only\? Say which: --namespace A,B$/);
    const some = await connected({ allowed: (spec) => lists(spec, 'pods') });
    assert.doesNotMatch(some.step('rights').remedy ?? '', /--namespace/);
  });

  test('one that is optional is a warning, and the cluster is ready all the same', async () => {
    const { connection, step } = await connected({ allowed: (spec) => !lists(spec, 'componentstatuses') && !lists(spec, 'secrets') });
    assert.equal(connection.ready, true);
    assert.equal(step('rights').state, 'warning');
    assert.match(step('rights').manifest ?? '', /componentstatuses/);
    assert.doesNotMatch(step('rights').manifest ?? '', /secrets/);
  });

  test('a path is a right too; of namespaces it may be missing', async () => {
    const allowed: StubOptions['allowed'] = (spec) => !('nonResourceAttributes' in spec && spec.nonResourceAttributes.path === '/readyz');
    const whole = await connected({ allowed });
    assert.equal(whole.step('rights').state, 'failed');
    assert.match(whole.step('rights').manifest ?? '', /nonResourceURLs:\n +- \/readyz\n +verbs:\n +- get\n/);
    const narrowed = await connected({ allowed }, ['shop']);
    assert.deepEqual([narrowed.connection.ready, narrowed.step('rights').state], [true, 'warning']);
  });

  test('discovery or a review that is refused fails the step and says what to do', async () => {
    const discovery = await connected({ answers: { '/apis': status(403, 'no') } });
    assert.match(discovery.step('rights').message, /forbids discovery/);
    const review = await connected({ answers: { [reviews[1]]: status(403, 'no') } });
    assert.equal(review.step('rights').state, 'failed');
    assert.match(review.step('rights').remedy ?? '', /system:basic-user/);
    assert.equal(review.connection.ready, false);
  });

  test('an answer that is no review is said to be none', async () => {
    const { step } = await connected({ answers: { [reviews[1]]: (response) => sendJson(response, { hello: 'world' }, 200) } });
    assert.equal(step('rights').state, 'failed');
  });
});

describe('identity', () => {
  test('a server that does not know the review: a warning, and the rules are for the group', async () => {
    const { step } = await connected({ answers: { [reviews[0]]: status(404, 'not found') }, allowed: () => false });
    assert.equal(step('identity').state, 'warning');
    assert.match(step('rights').manifest ?? '', /kind: Group\n +name: nightshift:readers/);
  });

  test('the server’s words are cleaned', async () => {
    const { step } = await connected({ user: { username: 'night\u001b[31m', groups: ['a\u202eb'] } });
    assert.equal(step('identity').message, 'night[31m, in ab');
  });

  test('5xx is told as such', async () => {
    const { step } = await connected({ answers: { [reviews[0]]: (response) => response.writeHead(501).end('no') } });
    assert.equal(step('identity').state, 'failed');
    assert.equal(step('rights').because, 'identity');
  });
});

describe('the way', () => {
  test('a server’s clock that is wrong is a warning', async () => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    const { step } = await connected({
      answers: { '/version': (response) => response.setHeader('date', date) && sendJson(response, { gitVersion: 'v1.36.3' }) },
    });
    assert.equal(step('server-version').state, 'warning');
    assert.match(step('server-version').facts?.[0] ?? '', /clock is 3\d{3} s behind/);
  });

  test('what answers is no Kubernetes: said, and nothing is asked of it beyond', async () => {
    const { step, asked } = await connected({ answers: { '/version': (response) => response.end('<html>log in') } });
    assert.equal(step('server-version').state, 'failed');
    assert.equal(step('rights').because, 'server-version');
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['GET'],
    );
  });

  test('a plugin that is not installed: the configuration fails, all else is skipped for it', async () => {
    const access = { kubeconfigFile: kubeconfigFile({ server: 'https://127.0.0.1:1' }, { exec: { command: 'no-such-plugin-here' } }) };
    const connection = await connect({ cluster: 'edge', access, backups: [], optionsOf: () => ({}) }, [healthCheck], signal);
    assert.match(stepOf(connection)('configuration').message, /no-such-plugin-here, which is not installed/);
    assert.deepEqual(
      connection.steps.slice(1).map(({ state, because }) => [state, because]),
      connection.steps.slice(1).map(() => ['skipped', 'configuration']),
    );
  });

  test('a caller who leaves ends it, as a failure and not as a pass', async () => {
    const stub = await startClusterStub();
    const left = new AbortController();
    left.abort();
    const connection = await connect(stub.target(), [healthCheck], left.signal);
    assert.equal(connection.ready, false);
    assert.deepEqual(stub.asked, []);
  });
});
