import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { buildPart } from './build.ts';
import { isAlive } from './child-process.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { seedCluster } from './seed.ts';

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
  readonly metadata: { readonly continue?: string };
}

describe('a control plane with controllers', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({
      controllers: ['namespace-controller', 'garbage-collector-controller', 'deployment-controller', 'replicaset-controller'],
      leaderElect: true,
      servingCertificateDays: 5,
      users: { ops: ['operators'] },
    });
  });
  after(() => plane?.stop());

  it('tells its version like a release', async () => {
    const { status, body } = await plane.request('GET', '/version');
    assert.equal(status, 200);
    assert.partialDeepStrictEqual(body, { major: '1', minor: '36', gitVersion: 'v1.36.3', gitTreeState: 'clean' });
  });

  it('knows its users by their tokens and refuses others', async () => {
    const who = async (user: Parameters<ControlPlane['requestAs']>[0]) => {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      return plane.requestAs(user, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
    };
    const ops = await who({ token: plane.token('ops') });
    assert.partialDeepStrictEqual(ops, { status: 201, body: { status: { userInfo: { username: 'ops' } } } });
    assert.ok(JSON.stringify(ops.body).includes('operators'));
    assert.equal((await who({ token: 'wrong' })).status, 401);
    assert.throws(() => plane.token('stranger'), /no token for stranger/);
  });

  it('gives the reader no rights until they are bound', async () => {
    const list = () => plane.requestAs({ token: plane.token('reader') }, 'GET', '/api/v1/nodes');
    assert.equal((await list()).status, 403);
    const metadata = { name: 'nodes-for-the-reader' };
    const rbac = 'rbac.authorization.k8s.io';
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }];
    await plane.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules });
    const binding = {
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: metadata.name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'reader' }],
    };
    await plane.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata, ...binding });
    await until(async () => (await list()).status === 200);
    assert.equal((await plane.requestAs({ token: plane.token('reader') }, 'GET', '/api/v1/pods')).status, 403);
  });

  it('accepts client certificates of its own authority', async () => {
    const { certificate, key } = plane.clientCertificate('system:node/one', 'system:masters');
    const answer = await plane.requestAs({ clientCertificate: certificate, clientKey: key }, 'GET', '/api/v1/secrets');
    assert.equal(answer.status, 200);
    assert.match(new X509Certificate(certificate).subject, /CN=system:node\/one/);
    const plain = plane.clientCertificate('just-anyone');
    assert.equal(
      (await plane.requestAs({ clientCertificate: plain.certificate, clientKey: plain.key }, 'GET', '/api/v1/secrets')).status,
      403,
    );
  });

  it('serves a certificate that ends when it was told to', async () => {
    const socket = connect({
      host: '127.0.0.1',
      port: Number(new URL(plane.url).port),
      ca: plane.certificateAuthority,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    const days = (Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / 86_400_000;
    socket.destroy();
    assert.ok(days > 4.9 && days <= 5, `${days} days`);
  });

  it('has a real lease of the controller manager', async () => {
    const { body } = await plane.request('GET', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager');
    assert.match(JSON.stringify(body), /"renewTime":"\d{4}-/);
  });

  it('applies an object, applies it again, and writes its status', async () => {
    const metadata = { name: 'worker', labels: { step: 'one' } };
    await plane.apply({ apiVersion: 'v1', kind: 'Node', metadata });
    await plane.apply({ apiVersion: 'v1', kind: 'Node', metadata: { ...metadata, labels: { step: 'two' } } });
    const conditions = [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady' }];
    await plane.applyStatus({ apiVersion: 'v1', kind: 'Node', metadata, status: { conditions } });
    const { body } = await plane.request('GET', '/api/v1/nodes/worker');
    assert.partialDeepStrictEqual(body, { metadata: { labels: { step: 'two' } }, status: { conditions } });
    await plane.delete({ apiVersion: 'v1', kind: 'Node', metadata });
    await plane.delete({ apiVersion: 'v1', kind: 'Node', metadata });
    assert.equal((await plane.request('GET', '/api/v1/nodes/worker')).status, 404);
    await assert.rejects(
      plane.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'Not A Name' } }),
      /apply v1 Node Not A Name: 422/,
    );
  });

  it('applies a definition and, at once, an object of it', async () => {
    await plane.apply(lanternDefinition);
    const lantern = {
      apiVersion: 'lights.example.com/v1',
      kind: 'Lantern',
      metadata: { name: 'porch', namespace: 'default' },
      spec: { lit: true },
    };
    await plane.apply(lantern);
    await plane.applyStatus({ ...lantern, status: { burning: false } });
    const { body } = await plane.request('GET', '/apis/lights.example.com/v1/namespaces/default/lanterns/porch');
    assert.partialDeepStrictEqual(body, { spec: { lit: true }, status: { burning: false } });
  });

  it('rolls a Deployment out and removes a namespace with all in it', async () => {
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short-lived' } });
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'short-lived' } };
    await plane.apply({ ...deployment, spec: { replicas: 2, selector: { matchLabels: labels }, template } });
    const pods = async () => ((await plane.request('GET', '/api/v1/namespaces/short-lived/pods')).body as Listed).items.length;
    await until(async () => (await pods()) === 2);
    await plane.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short-lived' } });
    await until(async () => (await plane.request('GET', '/api/v1/namespaces/short-lived')).status === 404);
    assert.equal(await pods(), 0);
  });

  it('takes a release of a real Helm', async () => {
    const chart = join(plane.directory, 'tiny');
    mkdirSync(join(chart, 'templates'), { recursive: true });
    writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: tiny\nversion: 0.1.0\n');
    const configuration = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: '{{ .Release.Name }}-config' },
      data: { revision: '{{ .Release.Revision }}' },
    };
    writeFileSync(join(chart, 'templates', 'config.yaml'), JSON.stringify(configuration));
    const environment = { ...process.env, KUBECONFIG: await plane.kubeconfig(), HOME: plane.directory };
    execFileSync(await buildPart('helm'), ['install', 'evening', chart, '--namespace', 'default'], { env: environment, stdio: 'pipe' });
    const { body } = await plane.request('GET', '/api/v1/namespaces/default/secrets/sh.helm.release.v1.evening.v1');
    assert.partialDeepStrictEqual(body, { type: 'helm.sh/release.v1', metadata: { labels: { owner: 'helm', status: 'deployed' } } });
    assert.equal((await plane.request('GET', '/api/v1/namespaces/default/configmaps/evening-config')).status, 200);
  });

  it('writes a kubeconfig for any user', async () => {
    const config = readFileSync(await plane.kubeconfig({ token: plane.token('nobody') }), 'utf8');
    assert.partialDeepStrictEqual(JSON.parse(config), {
      clusters: [{ cluster: { server: plane.url } }],
      users: [{ user: { token: plane.token('nobody') } }],
    });
  });
});

describe('a control plane with a seeded cluster', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ apiServerFlags: ['--feature-gates=ListFromCacheSnapshot=false'] });
  });
  after(() => plane?.stop());

  const page = async (limit: number, token = '') =>
    plane.request('GET', `/api/v1/pods?limit=${limit}&continue=${encodeURIComponent(token)}`);

  for (const podBytes of [3000, 10_000]) {
    it(`lists 1,000 pods of ${podBytes} bytes page by page`, async () => {
      const seeded = await seedCluster(plane, { nodes: 50, pods: 1000, namespaces: 8, podBytes });
      assert.partialDeepStrictEqual(seeded.objects, { nodes: 50, pods: 1000, namespaces: 8 });
      const names = new Set<string>();
      let bytes = 0;
      let token: string | undefined = '';
      do {
        const { status, body } = await page(300, token);
        assert.equal(status, 200);
        const list = body as Listed;
        for (const item of list.items) names.add(item.metadata.name);
        bytes += JSON.stringify(list.items).length;
        token = list.metadata.continue;
      } while (token);
      assert.equal(names.size, 1000);
      assert.ok(Math.abs(bytes / 1000 / podBytes - 1) < 0.05, `${bytes / 1000} bytes a pod`);
    });
  }

  it('holds every seeded kind, with a few percent in trouble', async () => {
    const seeded = await seedCluster(plane, { nodes: 50, pods: 1000, namespaces: 8 });
    for (const [path, resource] of seededPaths) {
      const { items } = (await plane.request('GET', path)).body as Listed;
      assert.ok(items.length >= (seeded.objects[resource] ?? Number.NaN), `${resource}: ${items.length}`);
    }
    const troubled = 1000 - seeded.podStates.running;
    assert.ok(troubled >= 10 && troubled <= 100, `${troubled} pods in trouble`);
    assert.deepEqual(await seedCluster(plane, { nodes: 50, pods: 1000, namespaces: 8 }), seeded);
  });

  it('answers 410 with a token to go on with after a compaction', async () => {
    const first = (await page(100)).body as Listed;
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'written-meanwhile' } });
    await plane.compact();
    const gone = await page(100, first.metadata.continue);
    assert.equal(gone.status, 410);
    const { reason, metadata } = gone.body as Listed & { readonly reason: string };
    assert.equal(reason, 'Expired');
    const next = (await page(2000, metadata.continue)).body as Listed;
    assert.equal(next.items.length, 900);
  });
});

describe('the ends of a control plane', { timeout: 600_000 }, () => {
  it('asks a token webhook about unknown tokens', async () => {
    const webhook = createServer((_request, response) => {
      const status = { authenticated: true, user: { username: 'told-by-webhook', groups: ['system:masters'] } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
    }).listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const address = webhook.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const plane = await startControlPlane({ tokenWebhook: `http://127.0.0.1:${port}/` });
    try {
      assert.equal((await plane.requestAs({ token: 'k8s-aws-v1.anything' }, 'GET', '/api/v1/secrets')).status, 200);
    } finally {
      await plane.stop();
      webhook.closeAllConnections();
      webhook.close();
    }
    assert.ok(!existsSync(plane.directory));
  });

  it('shows the end of the log when it cannot start', async () => {
    await assert.rejects(
      startControlPlane({ apiServerFlags: ['--no-such-flag'] }),
      /kube-apiserver ended \(exit code 1\)[\s\S]*no-such-flag/,
    );
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    it(`leaves no process behind a test that got ${signal}`, { skip: signal === 'SIGKILL' && process.platform !== 'linux' }, async () => {
      const module = JSON.stringify(join(import.meta.dirname, 'control-plane.ts'));
      const program = `const { startControlPlane } = await import(${module}); const plane = await startControlPlane();
        console.log(JSON.stringify({ directory: plane.directory, url: plane.url })); setInterval(() => {}, 1000);`;
      const test = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = await once(test.stdout, 'data');
      const { directory, url } = JSON.parse(String(line));
      const started = processesIn(directory);
      assert.equal(started.length, 2, `etcd and kube-apiserver of ${url}`);
      test.kill(signal);
      await once(test, 'exit');
      await until(async () => !started.some(isAlive));
      // Nobody was left to remove it after SIGKILL: the next test run would.
      if (signal === 'SIGKILL') rmSync(directory, { recursive: true });
      assert.ok(!existsSync(directory));
    });
  }
});

const lanternDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'lanterns.lights.example.com' },
  spec: {
    group: 'lights.example.com',
    scope: 'Namespaced',
    names: { plural: 'lanterns', singular: 'lantern', kind: 'Lantern', listKind: 'LanternList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const seededPaths = [
  ['/api/v1/nodes', 'nodes'],
  ['/api/v1/namespaces', 'namespaces'],
  ['/api/v1/services', 'services'],
  ['/api/v1/configmaps', 'configmaps'],
  ['/api/v1/serviceaccounts', 'serviceaccounts'],
  ['/apis/apps/v1/deployments', 'deployments'],
  ['/apis/apps/v1/replicasets', 'replicasets'],
  ['/apis/discovery.k8s.io/v1/endpointslices', 'endpointslices'],
  ['/apis/coordination.k8s.io/v1/leases', 'leases'],
] as const;

/** The processes that were started with files of this directory. */
function processesIn(directory: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(directory)).map((line) => Number.parseInt(line, 10));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, 'not so within a minute');
    await sleep(50);
  }
}
