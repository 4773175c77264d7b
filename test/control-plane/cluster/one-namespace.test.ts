/** Credentials that reach no further than a namespace or two: a real ServiceAccount, a real Role, and the server's own audit log of what was asked. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { openCluster } from '../../../functions/cluster/open-cluster.ts';
import { healthCheck } from '../../../functions/health-check/operation.ts';
import type { Report } from '../../../functions/report/model.ts';
import { runOnCluster } from '../../../functions/runtime/run-on-cluster.ts';
import { barePod, deployment, namespace, podStatus, service } from '../checks/live-objects.ts';
import { namesOf, until } from '../checks/live-scan.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import type { KubernetesObject } from '../parts/objects.ts';

const root = join(import.meta.dirname, '../../..');
const namespaces = ['shop', 'payments', 'elsewhere'];
const account = 'system:serviceaccount:shop:night';
const signal = new AbortController().signal;

/** The same faults everywhere: only where they may be seen are they to be found. */
async function plantFaults(plane: ControlPlane, name: string): Promise<void> {
  await plane.apply(namespace(name));
  await plane.apply(service(name, 'lonely'));
  await plane.apply(deployment(name, 'web', 2));
  await plane.apply(barePod(name, 'stuck'));
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image' };
  await plane.applyStatus({ ...barePod(name, 'stuck'), status: podStatus('Pending', false, { state: { waiting } }) });
}

/** The committed role's rules that name resources: what a Role may hold. */
function committedRules() {
  const documents = parseAllDocuments(readFileSync(join(root, 'infra/in-cluster/base/rbac.yaml'), 'utf8')).map((each) => each.toJS());
  const role: { readonly rules: readonly { readonly nonResourceURLs?: unknown }[] } = documents.find(({ kind }) => kind === 'ClusterRole');
  return role.rules.filter(({ nonResourceURLs }) => nonResourceURLs === undefined);
}

describe('credentials for one namespace', () => {
  const directory = temporaryDirectory('audit');
  const auditLog = join(directory, 'audit.log');
  let plane: ControlPlane;
  let kubeconfig: string;
  before(async () => {
    const policy = join(directory, 'policy.yaml');
    writeFileSync(
      policy,
      JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] }),
    );
    plane = await startControlPlane({
      controllers: ['endpointslice-controller'],
      apiServerFlags: [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`],
    });
    for (const name of namespaces) await plantFaults(plane, name);
    const slices = (name: string) => namesOf(plane, `/apis/discovery.k8s.io/v1/namespaces/${name}/endpointslices`);
    for (const name of namespaces) await until(`the slice of ${name}/lonely`, async () => (await slices(name)).length > 0);
    await plane.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'night', namespace: 'shop' } });
    const metadata = { name: 'night', namespace: 'shop' };
    await plane.apply({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: committedRules() });
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'night' },
      subjects: [{ kind: 'ServiceAccount', name: 'night', namespace: 'shop' }],
    });
    const made = await plane.request('POST', '/api/v1/namespaces/shop/serviceaccounts/night/token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    const { status }: { readonly status?: { readonly token: string } } = Object(made.body);
    assert.ok(status, JSON.stringify(made));
    kubeconfig = await plane.kubeconfig({ token: status.token });
  });
  after(async () => {
    await plane?.stop();
    removeTemporaryDirectory(directory);
  });

  /** The health check as a function runs it, an hour later: what is young says nothing yet. */
  const check = async (looked: readonly string[] | undefined, kubeconfigFile = kubeconfig, previous?: Report): Promise<Report> =>
    runOnCluster({
      operation: healthCheck,
      cluster: 'edge',
      options: {},
      own: {},
      runId: randomUUID(),
      eventTime: new Date().toISOString(),
      open: async () => {
        const access = { kubeconfigFile, ...(looked && { namespaces: [...looked] }) };
        const source = await openCluster(access, { interactive: true, signal, name: 'edge' });
        return { ...source, now: source.now + 3_600_000 };
      },
      previous,
      signal,
    });
  const entry = ({ checks }: Report, id: string) => checks.find((each) => each.check === id);
  const namespacesOf = ({ findings }: Report) => new Set(findings.map(({ object }) => object.namespace));
  interface Asked {
    readonly user: { readonly username: string };
    readonly requestURI: string;
    readonly responseStatus: { readonly code: number };
    readonly verb: string;
  }
  /** What the ServiceAccount has asked the server, by the server's own account. */
  const asked = () =>
    readFileSync(auditLog, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): Asked => JSON.parse(line))
      .filter(({ user }) => user.username === account);

  test('a complete report of what the namespace holds, and nothing else is asked', async () => {
    const before = asked().length;
    const report = await check(['shop']);
    assert.deepEqual([report.complete, report.incomplete], [true, []]);
    assert.deepEqual(report.source.namespaces, ['shop']);
    assert.equal(report.fullScope, true);
    assert.deepEqual([...namespacesOf(report)], ['shop']);
    for (const id of [
      'service-without-endpoints',
      'pod-waiting',
      'deployment-unavailable',
      'pod-pending',
      'warning-events',
      'pod-failed',
    ]) {
      assert.equal(entry(report, id)?.ran, true, `${id}: ${entry(report, id)?.reason}`);
    }
    assert.ok(report.findings.some(({ check: id, object }) => id === 'pod-waiting' && object.name === 'stuck'));
    assert.ok(report.findings.some(({ check: id, object }) => id === 'service-without-endpoints' && object.name === 'lonely'));
    for (const id of ['node-not-ready', 'node-pressure', 'namespace-terminating', 'component-status'])
      assert.equal(entry(report, id)?.ran, false);
    assert.equal(entry(report, 'node-not-ready')?.reason, 'only the namespace shop is looked at; nodes are in no namespace');
    assert.equal(
      entry(report, 'component-status')?.reason,
      'only the namespace shop is looked at; leases.coordination.k8s.io are read in kube-system',
    );
    const requests = asked().slice(before);
    const beyond = requests.filter(
      ({ requestURI }) =>
        !/^\/apis?\/([^/]+\/)*v1(alpha1|beta\d)?\/namespaces\/shop(\/|$)/.test(requestURI) &&
        !/^\/(apis?|version|readyz\?verbose|livez\?verbose)$/.test(requestURI),
    );
    assert.deepEqual(
      beyond.map(({ requestURI }) => requestURI),
      [],
    );
    assert.ok(requests.length > 10 && requests.every(({ verb }) => verb === 'get' || verb === 'list'));
    const refused = requests.filter(({ responseStatus }) => responseStatus.code === 403).map(({ requestURI }) => requestURI.split('?')[0]);
    // Secrets are an optional right; whether the namespace is there is asked for where a list of it is empty.
    assert.deepEqual(refused.toSorted(), ['/api/v1/namespaces/shop', '/api/v1/namespaces/shop/secrets']);
  });

  test('without namespaces in the configuration the same credentials are refused, and the remedy is not one for a namespace', async () => {
    const report = await check(undefined);
    assert.equal(report.complete, false);
    assert.match(report.incomplete.find(({ check: id }) => id === 'pod-waiting')?.remedy ?? '', /kind: ClusterRole\n/);
  });

  test('two namespaces of which one refuses: that one is named, what the other holds is found, and the printed Role lets it through', async () => {
    const report = await check(['shop', 'payments']);
    assert.equal(report.complete, false);
    const { reason = '', remedy = '' } = report.incomplete.find(({ check: id }) => id === 'pod-waiting') ?? {};
    assert.match(reason, /cannot list resource "pods" in API group "" in the namespace "payments"/);
    assert.doesNotMatch(reason, /namespace "shop"/);
    assert.match(remedy, /kind: Role\n(.*\n)*\s+namespace: "payments"\n/);
    for (const { remedy: printed } of report.incomplete) {
      for (const part of printed.split('kubectl apply the missing right:\n').filter(Boolean)) {
        for (const document of parseAllDocuments(part)) await plane.apply(document.toJS() as KubernetesObject);
      }
    }
    let whole: Report | undefined;
    await until('the new rights are known', async () => {
      whole = await check(['shop', 'payments']);
      return whole.complete;
    });
    assert.ok(whole);
    assert.deepEqual([...namespacesOf(whole)].toSorted(), ['payments', 'shop']);
    const stuck = whole.findings.filter(({ check: id }) => id === 'pod-waiting').map(({ object }) => object.namespace);
    assert.deepEqual(stuck.toSorted(), ['payments', 'shop']);

    // Narrowed further: what is no longer looked at is neither resolved nor kept.
    const narrower = await check(['shop'], kubeconfig, whole);
    assert.deepEqual(narrower.resolved, []);
    assert.deepEqual([...namespacesOf(narrower)], ['shop']);
    assert.ok(narrower.findings.every(({ change }) => change === 'ongoing'));
  });

  test('the committed ClusterRole, bound in a namespace, is enough for it: the way that docs/command.md shows', async () => {
    for (const document of parseAllDocuments(readFileSync(join(root, 'infra/in-cluster/base/rbac.yaml'), 'utf8'))) {
      const object: KubernetesObject = document.toJS();
      if (object.kind === 'ClusterRole') await plane.apply(object);
    }
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'nightshift', namespace: 'elsewhere' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'nightshift-read' },
      subjects: [{ kind: 'ServiceAccount', name: 'night', namespace: 'shop' }],
    });
    await until('the binding is known', async () => (await check(['elsewhere'])).complete);
    assert.deepEqual([...namespacesOf(await check(['elsewhere']))], ['elsewhere']);
  });

  test('a namespace that is not there is no empty one', async () => {
    const report = await check(['shop', 'shpo'], await plane.kubeconfig());
    assert.equal(report.complete, false);
    assert.match(report.incomplete[0]?.reason ?? '', /there is no namespace shpo/);
    assert.deepEqual([...namespacesOf(report)], ['shop']);
  });

  test('on the command line', async () => {
    const run = async (...args: string[]) => {
      const child = spawn(
        process.execPath,
        [join(root, 'functions/cli/nightshift.ts'), 'health-check', '--kubeconfig', kubeconfig, '--fail-on', 'never', ...args],
        { env: { ...process.env, NO_COLOR: '1' } },
      );
      const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { code: await closed, out, err };
    };
    const { code, out, err } = await run('--namespace', 'shop,payments', '--output', 'json');
    assert.equal(code, 0, err);
    const report: Report = JSON.parse(out);
    assert.deepEqual([report.complete, report.fullScope, report.source.namespaces], [true, false, ['shop', 'payments']]);
    const wrong = await run('--namespace', 'shop,*');
    assert.deepEqual([wrong.code, wrong.out], [2, '']);
    assert.match(wrong.err, /--namespace \*: not a namespace’s name/);
  });
});
