import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { argoApplications, events, leases, metadataOf, nodes, pods, replicaSets, secrets } from '../../../functions/cluster/kinds.ts';
import { openCluster } from '../../../functions/cluster/open-cluster.ts';
import { NotReadable, type Read, type Source } from '../../../functions/scan/contracts.ts';
import type { User } from '../parts/api-client.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import type { KubernetesObject } from '../parts/objects.ts';
import { seedCluster } from '../parts/seed.ts';
import { readAll } from './read-all.ts';

const signal = new AbortController().signal;
const options = { interactive: true, signal, name: 'test' };
const open: Source[] = [];

async function opened(plane: ControlPlane, user?: User): Promise<Source> {
  const source = await openCluster({ kubeconfigFile: await plane.kubeconfig(user) }, options);
  open.push(source);
  return source;
}
const unique = (objects: readonly { readonly metadata?: { readonly uid?: string } }[]) =>
  new Set(objects.map(({ metadata }) => metadata?.uid)).size;

/** What a remedy says to apply, applied. */
async function applyRemedy(plane: ControlPlane, remedy: string): Promise<void> {
  const yaml = remedy.slice(remedy.indexOf('\n'));
  for (const document of parseAllDocuments(yaml)) await plane.apply(document.toJS() as KubernetesObject);
}

/** The authorizer hears of new rules a moment later. */
async function until<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const answer = await ask();
    if (good(answer)) return answer;
    await sleep(100);
  }
  return ask();
}

describe('a real API server', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await seedCluster(plane, { nodes: 50, pods: 2_000, podBytes: 5_000 });
  });
  after(async () => {
    for (const source of open.splice(0)) await source.close();
    await plane.stop();
  });

  test('it tells its clock, its version and what it took', async () => {
    const source = await opened(plane);
    assert.equal(source.name, plane.url);
    assert.match(source.version ?? '', /^v1\.\d+\.\d+/);
    assert.ok(Math.abs(source.now - Date.now()) < 5_000);
    const before = source.traffic();
    await readAll(source, nodes);
    assert.ok(source.traffic().requests > before.requests && source.traffic().bytes > before.bytes);
  });

  test('pages adapted to about 1 MB, every object once', async () => {
    const { objects, batches, end } = await readAll(await opened(plane), pods);
    assert.equal(end.state, 'complete');
    assert.deepEqual([objects.length, unique(objects)], [2_000, 2_000]);
    assert.equal(batches[0], 250);
    for (const count of batches.slice(1, -1)) assert.ok(count > 150 && count < 230, `1 MB of 5 KB each: ${count}`);
  });

  test('packed: few bytes on the wire', async () => {
    const source = await opened(plane);
    await readAll(source, pods);
    assert.ok(source.traffic().bytes < 2_000_000, `10 MB of pods took ${source.traffic().bytes} bytes`);
  });

  test('metadata alone comes without spec', async () => {
    const { objects, end } = await readAll(await opened(plane), metadataOf(replicaSets));
    assert.equal(end.state, 'complete');
    assert.ok(objects.length > 50);
    assert.ok(objects.every(({ kind, spec, metadata }) => kind === 'PartialObjectMetadata' && spec === undefined && metadata?.name));
  });

  test('namespaces and selectors', async () => {
    const source = await opened(plane);
    const { objects } = await readAll(source, { ...pods, namespace: 'team-00', fields: 'status.phase=Running' });
    assert.ok(objects.length > 0 && objects.length < 2_000);
    const running = objects as readonly {
      readonly metadata?: { readonly namespace?: string };
      readonly status?: { readonly phase?: string };
    }[];
    assert.ok(running.every(({ metadata, status }) => metadata?.namespace === 'team-00' && status?.phase === 'Running'));
  });

  test('several lists at once, each ends once', async () => {
    const source = await opened(plane);
    const reads = [nodes, pods, leases, events, metadataOf(replicaSets), { ...metadataOf(secrets), sensitive: true as const }];
    const ends = new Map<Read, string>();
    for await (const said of source.read(reads, signal)) if ('state' in said) ends.set(said.read, said.state);
    assert.deepEqual(
      [...ends.values()],
      reads.map(() => 'complete'),
    );
  });

  test('a custom resource: absent, then read to its end', async () => {
    assert.equal((await readAll(await opened(plane), argoApplications)).end.state, 'absent');
    const names = { plural: 'applications', singular: 'application', kind: 'Application', listKind: 'ApplicationList' };
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const spec = {
      group: 'argoproj.io',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema }],
    };
    await plane.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'applications.argoproj.io' },
      spec,
    } as KubernetesObject);
    for (let index = 0; index < 300; index += 1) {
      await plane.apply({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name: `shop-${index}`, namespace: 'default' },
      });
    }
    const found = async () => readAll(await opened(plane), argoApplications);
    const { objects, batches, end } = await until(found, (seen) => seen.end.state === 'complete');
    assert.equal(end.state, 'complete');
    assert.deepEqual([objects.length, unique(objects)], [300, 300]);
    assert.ok(batches.length >= 2, 'custom resources come in pages too');
  });

  test('a group whose API server is gone is unavailable, not absent', async () => {
    const metrics: Read = { group: 'metrics.k8s.io', resource: 'nodes', kind: 'NodeMetrics', versions: ['v1beta1'] };
    const service = { name: 'gone', namespace: 'default', port: 443 };
    await plane.apply({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
      },
    } as KubernetesObject);
    const ask = async () => (await readAll(await opened(plane), metrics)).end;
    const end = await until(ask, ({ state }) => state === 'failed');
    assert.equal(end.state === 'failed' && end.reason, 'unavailable', JSON.stringify(end));
  });

  describe('rights', () => {
    const reader = () => ({ token: plane.token('reader') });

    test('a forbidden list prints the rule, and applying it lets the list through', async () => {
      const source = await opened(plane, reader());
      const { end } = await readAll(source, leases);
      assert.ok(end.state === 'failed' && end.reason === 'forbidden', JSON.stringify(end));
      assert.match(end.message, /User "reader" cannot list resource "leases"/);
      await applyRemedy(plane, end.remedy);
      const allowed = await until(
        () => readAll(source, leases),
        (seen) => seen.end.state === 'complete',
      );
      assert.ok(allowed.end.state === 'complete' && allowed.objects.length >= 50);
    });

    test('in one namespace a Role is enough', async () => {
      const inShop: Read = { ...pods, namespace: 'team-01' };
      const source = await opened(plane, reader());
      const { end } = await readAll(source, inShop);
      assert.ok(end.state === 'failed' && end.reason === 'forbidden');
      assert.match(end.remedy, /kind: Role\n/);
      await applyRemedy(plane, end.remedy);
      assert.equal(
        (
          await until(
            () => readAll(source, inShop),
            (seen) => seen.end.state === 'complete',
          )
        ).end.state,
        'complete',
      );
      assert.equal((await readAll(source, pods)).end.state, 'failed');
    });

    test('Secrets are an optional right', async () => {
      const { end } = await readAll(await opened(plane, reader()), { ...metadataOf(secrets), sensitive: true });
      assert.equal(end.state, 'not-granted');
    });

    test('a forbidden path prints its rule too', async () => {
      const source = await opened(plane, reader());
      const refused = await source.probe('/metrics', signal).catch((error: unknown) => error);
      assert.ok(refused instanceof NotReadable && refused.reason === 'forbidden', String(refused));
      await applyRemedy(plane, refused.remedy);
      const ask = () => source.probe('/metrics', signal).catch((error: unknown) => ({ status: 0, body: String(error) }));
      assert.equal((await until(ask, ({ status }) => status === 200)).status, 200);
    });

    test('a user without any rights still opens, and every read says forbidden', async () => {
      const source = await opened(plane, { token: plane.token('nobody') });
      assert.match(source.version ?? '', /^v1\./);
      const { end } = await readAll(source, nodes);
      assert.equal(end.state === 'failed' && end.reason, 'forbidden');
    });
  });

  describe('who asks', () => {
    test('a client certificate', async () => {
      const { certificate, key } = plane.clientCertificate('night', 'system:masters');
      const { end } = await readAll(await opened(plane, { clientCertificate: certificate, clientKey: key }), nodes);
      assert.deepEqual([end.state, end.objects], ['complete', 50]);
    });

    test('an expired client certificate and a wrong token are refused, clearly', async () => {
      const { certificate, key } = plane.clientCertificate('night', 'system:masters', 0);
      for (const user of [{ clientCertificate: certificate, clientKey: key }, { token: 'wrong-wrong' }]) {
        await assert.rejects(opened(plane, user), {
          name: 'ClusterError',
          kind: 'unauthorized',
          message: /does not accept the credentials/,
        });
      }
    });

    test('nobody at all: /version is public, discovery is not', async () => {
      const { end } = await readAll(await opened(plane, {}), nodes);
      assert.ok(end.state === 'failed' && end.reason === 'forbidden', JSON.stringify(end));
      assert.match(end.message, /system:anonymous/);
    });
  });

  test('probes: each check of /readyz, and the certificate of the endpoint', async () => {
    const { status, body, certificate } = await (await opened(plane)).probe('/readyz?verbose', signal);
    assert.equal(status, 200);
    assert.match(body, /\[\+\]etcd ok/);
    assert.equal(certificate?.subject, 'kube-apiserver');
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    assert.ok(days > 363 && days < 366);
  });
});

test('a list that expires under way goes on with the token of the 410: inconsistent, every object once', async () => {
  const plane = await startControlPlane({ apiServerFlags: ['--feature-gates=ListFromCacheSnapshot=false'] });
  try {
    await seedCluster(plane, { nodes: 20, pods: 4_000 });
    const source = await opened(plane);
    const { objects, end } = await readAll(source, pods, async (count) => {
      if (count !== 2) return;
      await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
      await plane.compact();
    });
    assert.equal(end.state, 'inconsistent', JSON.stringify(end));
    assert.deepEqual([objects.length, unique(objects)], [4_000, 4_000]);
    await source.close();
  } finally {
    await plane.stop();
  }
});
