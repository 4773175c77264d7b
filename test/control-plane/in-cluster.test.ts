/** What a cluster's owner applies: the Kustomize bases by a real kubectl, the chart by a real Helm, and that both grant the same. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { apiClient } from '../../functions/cluster/api-client.ts';
import { discovery } from '../../functions/cluster/discovery.ts';
import { clusterScoped } from '../../functions/cluster/kinds.ts';
import { neededRights } from '../../functions/connect/needed-rights.ts';
import { askedRights, type Right } from '../../functions/connect/rights.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { readsOf } from '../../functions/scan/reads-of.ts';
import { customResource } from './checks/live-objects.ts';
import { buildPart } from './parts/build.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';
import type { KubernetesObject } from './parts/objects.ts';

const execute = promisify(execFile);
const inCluster = join(import.meta.dirname, '..', '..', 'infra', 'in-cluster');
const chart = join(inCluster, 'chart');

describe('infra/in-cluster', () => {
  let plane: ControlPlane;
  let helm: string;
  let kubectl: string;
  let environment: NodeJS.ProcessEnv;
  before(async () => {
    plane = await startControlPlane({
      users: { night: ['nightshift:readers'], other: ['other:readers'], shift: ['nightshift:writers'] },
      controllers: ['serviceaccount-token-controller'],
    });
    helm = await buildPart('helm');
    kubectl = await buildPart('kubectl');
    environment = {
      ...process.env,
      KUBECONFIG: await plane.kubeconfig(),
      HELM_CACHE_HOME: plane.directory,
      HELM_CONFIG_HOME: plane.directory,
    };
    for (const namespace of ['shop', 'payments']) await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });
  after(() => plane?.stop());

  const run = async (binary: string, ...args: string[]) => (await execute(binary, args, { env: environment })).stdout;
  const objectsOf = (documents: string): KubernetesObject[] =>
    parseAllDocuments(documents)
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object !== null)
      .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const keyOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
  const rendered = async (...args: string[]) =>
    objectsOf(await run(helm, 'template', 'nightshift', chart, '--namespace', 'default', ...args));
  const kustomized = async (base: string) => objectsOf(await run(kubectl, 'kustomize', join(inCluster, base)));
  /** Each right that the operations need, as the user finds it. */
  const rightsOf = async (token: string, namespaces?: readonly string[]): Promise<readonly Right[]> => {
    const client = apiClient({
      server: plane.url,
      tls: { ca: plane.certificateAuthority, rejectUnauthorized: true },
      credentials: async () => ({ headers: { authorization: `Bearer ${token}` } }),
    });
    try {
      return await askedRights(
        client,
        neededRights([healthCheck], () => ({})),
        namespaces,
        AbortSignal.timeout(30_000),
      );
    } finally {
      client.close();
    }
  };
  const missing = (rights: readonly Right[]) =>
    rights.flatMap((right) =>
      right.state === 'missing' ? [right.verb === 'get' ? right.path : `${right.read.resource} ${right.namespace ?? ''}`.trim()] : [],
    );

  test('helm lint finds nothing', async () => {
    assert.match(await run(helm, 'lint', '--strict', chart), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });

  test('the chart renders to the very objects of the Kustomize bases', async () => {
    assert.deepEqual(await rendered(), await kustomized('base'));
    const both = [...(await kustomized('base')), ...(await kustomized('secrets'))].toSorted((one, other) =>
      keyOf(one) < keyOf(other) ? -1 : 1,
    );
    assert.deepEqual(await rendered('--set', 'secrets.enabled=true'), both);
    // In one namespace, those of the base for namespaces.
    const inShop = (await kustomized('namespace')).map((object) => ({ ...object, metadata: { ...object.metadata, namespace: 'shop' } }));
    assert.deepEqual(await rendered('--set', 'namespaces={shop}'), inShop);
  });

  test('a value that is misspelt or of the wrong kind is refused by the schema', async () => {
    await assert.rejects(rendered('--set', 'secret.enabled=true'), /secret/);
    await assert.rejects(rendered('--set', 'namespaces={Shop}'), /namespaces/);
    await assert.rejects(rendered('--set', 'group='), /group/);
  });

  test('kubectl apply -k of the base grants all that is needed; Secrets take the base for them', async () => {
    assert((await missing(await rightsOf(plane.token('night')))).length > 10, 'nothing is granted yet');
    await run(kubectl, 'apply', '-k', join(inCluster, 'base'));
    assert.deepEqual(missing(await rightsOf(plane.token('night'))), ['secrets']);
    await run(kubectl, 'apply', '-k', join(inCluster, 'secrets'));
    assert.deepEqual(missing(await rightsOf(plane.token('night'))), []);
    await run(kubectl, 'delete', '-k', join(inCluster, 'base'));
    await run(kubectl, 'delete', '-k', join(inCluster, 'secrets'));
  });

  /** What the user may do to these, as the server itself tells it. */
  const mayDo = async (user: string, namespace = 'shop'): Promise<readonly string[]> => {
    const asked = [
      ...['get', 'list', 'watch', 'delete', 'deletecollection', 'patch', 'update', 'create'].flatMap((verb) =>
        [
          'batch/jobs',
          'batch/cronjobs',
          '/pods',
          '/pods/status',
          '/events',
          '/persistentvolumes',
          '/secrets',
          '/namespaces',
          '/configmaps',
        ].map((resource) => ({ verb, resource })),
      ),
      { verb: 'get', resource: '/nodes' },
    ];
    const answers = await Promise.all(
      asked.map(async ({ verb, resource: named }) => {
        const [group, resource, subresource] = named.split('/');
        const review = {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource, namespace, ...(subresource && { subresource }) } },
        };
        const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
        const { body } = await plane.requestAs({ token: plane.token(user) }, 'POST', path, review);
        return (body as { readonly status: { readonly allowed: boolean } }).status.allowed ? [`${verb} ${named}`] : [];
      }),
    );
    return answers.flat().toSorted();
  };
  const ofJobsAndPods = [
    'delete /pods',
    'delete batch/jobs',
    'get /namespaces',
    'get /nodes',
    'get /pods',
    'get batch/cronjobs',
    'get batch/jobs',
  ];

  describe('to write', () => {
    test('kubectl apply -k grants the rules that are on by default, one object at a time, and the readers nothing', async () => {
      assert.deepEqual(await mayDo('shift'), []);
      await run(kubectl, 'apply', '-k', join(inCluster, 'write'));
      assert.deepEqual(await mayDo('shift'), ofJobsAndPods);
      assert.deepEqual(await mayDo('night'), []);
      await run(kubectl, 'apply', '-f', join(inCluster, 'write', 'reclaim-released-volumes.yaml'));
      await run(kubectl, 'apply', '-f', join(inCluster, 'write', 'undo.yaml'));
      const more = ['create batch/jobs', 'get /persistentvolumes', 'patch /persistentvolumes'];
      assert.deepEqual(await mayDo('shift'), [...ofJobsAndPods, ...more].toSorted());
      await run(kubectl, 'delete', '-f', join(inCluster, 'write', 'reclaim-released-volumes.yaml'));
      await run(kubectl, 'delete', '-f', join(inCluster, 'write', 'undo.yaml'));
      await run(kubectl, 'delete', '-k', join(inCluster, 'write'));
      assert.deepEqual(await mayDo('shift'), []);
    });

    const rules = ['finished-jobs', 'old-events', 'pods-of-missing-nodes', 'reclaim-released-volumes', 'terminated-pods'];
    test('the chart renders the very objects of the files, and none unless told', async () => {
      const files = async (...names: string[]) => {
        const documents = await Promise.all(names.map((name) => readFile(join(inCluster, 'write', `${name}.yaml`), 'utf8')));
        return [...objectsOf(documents.join('---\n')), ...(await kustomized('base'))].toSorted((one, other) =>
          keyOf(one) < keyOf(other) ? -1 : 1,
        );
      };
      assert.deepEqual(await rendered('--set', `write.rules={${rules.join(',')}},write.undo=true`), await files('base', 'undo', ...rules));
      for (const rule of rules) assert.deepEqual(await rendered('--set', `write.rules={${rule}}`), await files('base', rule));
      assert.deepEqual(await rendered('--set', 'write.undo=true'), await files('base', 'undo'));
      const onByDefault = await kustomized('write');
      assert.deepEqual(
        onByDefault,
        (await rendered('--set', 'write.rules={finished-jobs,pods-of-missing-nodes,terminated-pods}')).filter(({ metadata }) =>
          metadata.name?.startsWith('nightshift-write'),
        ),
      );
    });

    test('a rule that only reports or is none, and writing where only namespaces are looked at, are refused', async () => {
      await assert.rejects(rendered('--set', 'write.rules={unused-secrets}'), /write.*rules/s);
      await assert.rejects(rendered('--set', 'write.group='), /group/);
      await assert.rejects(rendered('--set', 'write.undo=true,namespaces={shop}'), /looked at by namespace alone is never written to/);
    });

    test('helm: another group, and taken back', async () => {
      const upgrade = (...args: string[]) => run(helm, 'upgrade', '--install', 'nightshift', chart, '--namespace', 'default', ...args);
      const notes = await upgrade('--set', 'write.rules={finished-jobs},write.group=other:readers');
      assert.match(notes, /The group other:readers may write, for finished-jobs\./);
      assert.deepEqual(await mayDo('other'), ['delete batch/jobs', 'get /namespaces', 'get batch/cronjobs', 'get batch/jobs']);
      assert.deepEqual(await mayDo('shift'), []);
      assert.doesNotMatch(await upgrade('--reset-values'), /may write/);
      assert.deepEqual(await mayDo('other'), []);
      await run(helm, 'uninstall', 'nightshift', '--namespace', 'default');
    });
  });

  test('the command of docs/permissions.md lets custom resources be listed: all that there are, and no more', async () => {
    const names = { widgets: 'Widget', gadgets: 'Gadget' };
    for (const [plural, kind] of Object.entries(names)) await plane.apply(customResource('example.com', 'v1', kind, plural, false));
    const page = await readFile(join(inCluster, '..', '..', 'docs', 'permissions.md'), 'utf8');
    const [, commands = ''] = /```sh\n(kubectl create clusterrole [^`]*)```/.exec(page) ?? [];
    assert.match(commands, /clusterrolebinding/);
    await execute('bash', ['-euo', 'pipefail', '-c', commands.replaceAll(/\bkubectl /g, `${kubectl} `)], { env: environment });
    const list = (path: string) => plane.requestAs({ token: plane.token('night') }, 'GET', path);
    for (const plural of Object.keys(names)) assert.equal((await list(`/apis/example.com/v1/${plural}`)).status, 200, plural);
    assert.equal((await list('/api/v1/configmaps')).status, 403);
    for (const kind of ['clusterrole', 'clusterrolebinding']) await run(kubectl, 'delete', kind, 'nightshift-read-custom-resources');
  });

  test('helm install grants the same, upgrade takes Secrets away again, uninstall all of it', async () => {
    const upgrade = (...args: string[]) => run(helm, 'upgrade', '--install', 'nightshift', chart, '--namespace', 'default', ...args);
    const notes = await upgrade('--set', 'secrets.enabled=true');
    assert.match(notes, /The group nightshift:readers may read the cluster, Secrets included\./);
    assert.deepEqual(missing(await rightsOf(plane.token('night'))), []);
    await upgrade('--set', 'secrets.enabled=false');
    assert.deepEqual(missing(await rightsOf(plane.token('night'))), ['secrets']);
    const role = await plane.request('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/nightshift-read-secrets');
    assert.equal(role.status, 404);
    await upgrade('--set', 'group=other:readers');
    assert.deepEqual(missing(await rightsOf(plane.token('other'))), ['secrets']);
    assert((await missing(await rightsOf(plane.token('night')))).length > 10);
    await run(helm, 'uninstall', 'nightshift', '--namespace', 'default');
    assert((await missing(await rightsOf(plane.token('other')))).length > 10);
  });

  test('namespaces: Roles there and nowhere else, enough for what they hold', async () => {
    const namespaces = ['shop', 'kube-system'];
    await run(helm, 'install', 'nightshift', chart, '--namespace', 'default', '--set', `namespaces={${namespaces.join(',')}}`);
    assert.deepEqual(missing(await rightsOf(plane.token('night'), namespaces)), ['secrets shop', 'secrets kube-system']);
    assert.deepEqual(
      missing(await rightsOf(plane.token('night'), ['payments'])).filter((right) => right === 'pods payments'),
      ['pods payments'],
    );
    const roles = (await plane.request('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/nightshift-read')).status;
    assert.equal(roles, 404);
    await run(helm, 'uninstall', 'nightshift', '--namespace', 'default');
  });

  test('a ServiceAccount with a token: the token reads', async () => {
    const notes = await run(
      helm,
      'install',
      'nightshift',
      chart,
      '--namespace',
      'shop',
      '--set',
      'serviceAccount.create=true,serviceAccount.token=true',
    );
    const command = /^ {2}(kubectl get secret .*)$/m.exec(notes)?.[1] ?? assert.fail(notes);
    // The notes' own command, by the kubectl at hand.
    let token = '';
    for (let attempt = 0; attempt < 50 && token === ''; attempt += 1) {
      token = (await execute('bash', ['-c', command.replace(/^kubectl/, kubectl)], { env: environment })).stdout;
    }
    assert.match(token, /^ey/);
    assert.deepEqual(missing(await rightsOf(token)), ['secrets']);
    await run(helm, 'uninstall', 'nightshift', '--namespace', 'shop');
    for (const path of ['serviceaccounts/nightshift', 'secrets/nightshift-token'])
      assert.equal((await plane.request('GET', `/api/v1/namespaces/shop/${path}`)).status, 404);
  });

  test('what is declared to be in no namespace is what discovery says', async () => {
    const client = apiClient({
      server: plane.url,
      tls: { ca: plane.certificateAuthority, rejectUnauthorized: true },
      credentials: async () => ({ headers: { authorization: `Bearer ${plane.adminToken}` } }),
    });
    try {
      const find = discovery(client);
      const declared = new Set(clusterScoped.map(({ group, resource }) => `${group}/${resource}`));
      let served = 0;
      for (const read of healthCheck.checks.flatMap((check) => readsOf(check))) {
        const found = await find(read, AbortSignal.timeout(10_000));
        if (found.state !== 'served') continue;
        served += 1;
        assert.equal(found.namespaced, !declared.has(`${read.group}/${read.resource}`), `${read.group}/${read.resource}`);
      }
      assert(served > 10);
    } finally {
      client.close();
    }
  });
});
