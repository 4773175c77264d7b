/** nightshift connect as its user has it: a process of its own against a real API server, what it prints applied by a real kubectl. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { rules } from '../../functions/cleanup/rules/index.ts';
import type { Connection } from '../../functions/connect/connect.ts';
import type { Step, StepName } from '../../functions/connect/step.ts';
import { readsOf } from '../../functions/scan/reads-of.ts';
import type { User } from './parts/api-client.ts';
import { buildPart } from './parts/build.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';
import { freePort } from './parts/free-port.ts';
import { writeKubeconfig } from './parts/kubeconfig.ts';
import type { KubernetesObject } from './parts/objects.ts';

const root = join(import.meta.dirname, '..', '..');

interface Rbac extends KubernetesObject {
  readonly rules: {
    readonly apiGroups?: string[];
    readonly resources?: string[];
    readonly nonResourceURLs?: string[];
    readonly verbs: string[];
  }[];
  readonly subjects: readonly unknown[];
}

describe('connect on a real API server', () => {
  let plane: ControlPlane;
  const tokens = ['night', 'lonely', 'guest'];
  before(async () => {
    plane = await startControlPlane({ users: { night: ['nightshift:readers'], lonely: [], guest: [] } });
    await symlink(await buildPart('kubectl'), join(plane.directory, 'kubectl'));
    for (const namespace of ['shop', 'payments']) await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await run('kubectl', ['apply', '-k', join(root, 'infra/in-cluster/base')]);
  });
  after(() => plane?.stop());

  /** As the administrator would: kubectl on the PATH, the admin's kubeconfig. */
  const run = async (command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const child = spawn(command, args, {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${plane.directory}${delimiter}${process.env.PATH}`,
        KUBECONFIG: await plane.kubeconfig(),
        NO_COLOR: '1',
        ...environment,
      },
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const code = await closed;
    if (command !== process.execPath) assert.equal(code, 0, `${command}: ${err}`);
    for (const user of tokens) assert(!out.includes(plane.token(user)) && !err.includes(plane.token(user)), 'no token is shown');
    return { code, out, err };
  };
  const command = (...args: string[]) => run(process.execPath, [join(root, 'functions/cli/nightshift.ts'), 'connect', ...args]);
  const connect = async (kubeconfig: string, ...args: string[]) => {
    const { code, out, err } = await command('--kubeconfig', kubeconfig, '--output', 'json', ...args);
    assert.equal(err, '');
    const { ready, clusters } = JSON.parse(out) as { ready: boolean; clusters: Connection[] };
    const [connection] = clusters;
    assert(connection);
    assert.equal(code, ready ? 0 : 3);
    const step = (name: StepName): Step => connection.steps.find((each) => each.step === name) ?? assert.fail(name);
    return { code, connection, step };
  };
  const as = (user: string) => plane.kubeconfig({ token: plane.token(user) });
  /** A kubeconfig for `user`, its cluster entry changed. */
  const changed = async (cluster: Readonly<Record<string, unknown>>, user: User = { token: plane.token('night') }) => {
    const path = await plane.kubeconfig(user);
    const config = parse(await readFile(path, 'utf8')) as { clusters: { cluster: object }[] };
    for (const each of config.clusters) each.cluster = { ...each.cluster, ...cluster };
    await writeFile(path, JSON.stringify(config));
    return path;
  };
  const statesOf = ({ steps }: Connection) => Object.fromEntries(steps.map(({ step, state }) => [step, state]));
  const documentsOf = (manifest: string | undefined) => parseAllDocuments(manifest ?? '').map((document) => document.toJS() as Rbac);

  test('a reader with the base: everything is there, Secrets are told as a choice, and what is not installed needs no right', async () => {
    const { code, connection, step } = await connect(await as('night'));
    assert.equal(code, 0, JSON.stringify(connection.steps, null, 1));
    assert.deepEqual(new Set(connection.steps.map(({ state }) => state)), new Set(['ok']));
    assert.equal(step('identity').message, 'night, in nightshift:readers, system:authenticated');
    assert.match(step('server-version').message, /^Kubernetes v1\.\d+\.\d+$/);
    assert.match(step('tls').message, /^signed by nightshift-serving-ca, verified/);
    assert(step('tls').facts?.some((fact) => fact.includes('IP Address:127.0.0.1')));
    assert(step('tls').facts?.some((fact) => /\(36\d days left\)/.test(fact)));
    const state = (resource: string) => connection.rights.find((right) => right.verb === 'list' && right.read.resource === resource)?.state;
    assert.deepEqual(
      [state('pods'), state('secrets'), state('leases'), state('applications')],
      ['granted', 'missing', 'granted', 'absent'],
    );
    assert(connection.rights.some((right) => right.verb === 'get' && right.path === '/readyz' && right.state === 'granted'));
    assert(step('rights').facts?.some((fact) => /^not granted, by choice: list secrets, for .*helm-release-failed/.test(fact)));
    assert(connection.steps.every(({ milliseconds }) => milliseconds !== undefined && milliseconds >= 0));
    const { out } = await command('--kubeconfig', await as('night'));
    assert.equal(out.trimEnd().split('\n').at(-1), 'READY  test: everything that is needed is there');
  });

  test('one rule missing: exactly that rule is printed, and applied as it is printed it makes all green', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles/nightshift-read';
    const whole = (await plane.request('GET', path)).body as Rbac;
    await plane.request('PUT', path, { ...whole, rules: whole.rules.filter(({ apiGroups }) => !apiGroups?.includes('batch')) });
    const kubeconfig = await as('night');
    const { connection, step } = await connect(kubeconfig);
    assert.equal(connection.ready, false);
    const rights = step('rights');
    assert.equal(rights.state, 'failed');
    const [role, binding, ...more] = documentsOf(rights.manifest);
    assert.deepEqual(more, []);
    assert.deepEqual(role?.rules, [{ apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: ['list'] }]);
    assert.deepEqual(binding?.subjects, [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'nightshift:readers' }]);
    assert.deepEqual(rights.commands, ['kubectl apply -k infra/in-cluster/base']);
    assert(
      rights.facts?.some((fact) => /^missing: list cronjobs\.batch, for .*\bcronjob-missed-schedule\b/.test(fact)),
      rights.facts?.join('\n'),
    );

    const { out, code } = await command('--kubeconfig', kubeconfig);
    assert.equal(code, 3);
    assert.match(out.trimEnd().split('\n').at(-1) ?? '', /^NOT READY {2}test: rights$/);
    await run('bash', ['-c', printed(out)]);
    assert.equal((await connect(kubeconfig)).code, 0);

    // And the command that it names first.
    await run('kubectl', ['delete', 'clusterrole,clusterrolebinding', String(role?.metadata.name)]);
    assert.equal((await connect(kubeconfig)).code, 3);
    await run('bash', ['-c', rights.commands?.[0] ?? '']);
    assert.equal((await connect(kubeconfig)).code, 0);
  });

  /** What a reader would copy out of the text: from kubectl to EOF. */
  const printed = (out: string): string => /^kubectl apply -f - <<'EOF'\n.*?^EOF$/ms.exec(out)?.[0] ?? assert.fail(out);

  test('a user without the group: every rule, bound to that very user; nothing of it is granted twice', async () => {
    const kubeconfig = await as('lonely');
    const { step } = await connect(kubeconfig);
    const documents = documentsOf(step('rights').manifest);
    assert.deepEqual(
      documents.flatMap(({ subjects = [] }) => subjects),
      [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'lonely' },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'lonely' },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'lonely' },
      ],
    );
    assert.deepEqual(
      documents.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}`.trim()),
      [
        'ClusterRole',
        'ClusterRoleBinding',
        ...['kube-node-lease', 'kube-system'].flatMap((name) => [`Role ${name}`, `RoleBinding ${name}`]),
      ],
    );
    assert(!JSON.stringify(documents).includes('"secrets"'), 'Secrets are granted apart');
    await run('bash', ['-c', printed((await command('--kubeconfig', kubeconfig)).out)]);
    const again = await connect(kubeconfig);
    assert.equal(again.code, 0, JSON.stringify(again.step('rights')));
  });

  test('a ServiceAccount’s token: its end is told, and the rules are bound to the ServiceAccount', async () => {
    await plane.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'scout', namespace: 'shop' } });
    const { body } = await plane.request('POST', '/api/v1/namespaces/shop/serviceaccounts/scout/token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    const { token } = (body as { status: { token: string } }).status;
    const { step, connection } = await connect(await plane.kubeconfig({ token }));
    assert.match(step('identity').message, /^system:serviceaccount:shop:scout, in /);
    assert.match(step('identity').facts?.[0] ?? '', /^by a token, valid until .* \(\d\d minutes left\)$/);
    assert(!JSON.stringify(connection).includes(token.slice(0, 40)));
    const [, binding] = documentsOf(step('rights').manifest);
    assert.deepEqual(binding?.subjects, [{ kind: 'ServiceAccount', namespace: 'shop', name: 'scout' }]);
  });

  test('namespaces alone: their Roles are enough; one that lacks its Role is named with the rules for it', async () => {
    await run('kubectl', ['apply', '-n', 'shop', '-k', join(root, 'infra/in-cluster/namespace')]);
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'guest', namespace: 'shop' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'nightshift-read' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'guest' }],
    } as KubernetesObject);
    const kubeconfig = await as('guest');
    const { code, connection, step } = await connect(kubeconfig, '--namespace', 'shop');
    assert.equal(code, 0, JSON.stringify(step('rights'), null, 1));
    const nodes = connection.rights.find((right) => right.verb === 'list' && right.read.resource === 'nodes');
    assert.equal(nodes?.state, 'out-of-reach');
    assert.match(nodes?.reason ?? '', /only the namespace shop is looked at; nodes are in no namespace/);

    const two = await connect(kubeconfig, '--namespace', 'shop,payments');
    assert.equal(two.code, 3);
    const [role, binding, ...more] = documentsOf(two.step('rights').manifest);
    assert.deepEqual(
      [role?.kind, role?.metadata.namespace, binding?.kind, binding?.metadata.namespace, more.length],
      ['Role', 'payments', 'RoleBinding', 'payments', 0],
    );
    await run('bash', ['-c', printed((await command('--kubeconfig', kubeconfig, '--namespace', 'shop,payments')).out)]);
    assert.equal((await connect(kubeconfig, '--namespace', 'shop,payments')).code, 0);
  });

  test('a token that is not taken: identity fails and says what it is; the steps before it stand, the rest is skipped for it', async () => {
    const { connection, step } = await connect(await plane.kubeconfig({ token: 'of-nobody' }));
    assert.deepEqual(statesOf(connection), {
      configuration: 'ok',
      'name-resolution': 'ok',
      tcp: 'ok',
      tls: 'ok',
      'server-version': 'ok',
      identity: 'failed',
      rights: 'skipped',
    });
    assert.match(step('identity').message, /does not accept the credentials \(401\): a token$/);
    assert.equal(step('rights').because, 'identity');
    assert(!JSON.stringify(connection).includes('of-nobody'));
  });

  test('a client certificate that has expired is said to be so; one that holds is told with its end', async () => {
    const expired = plane.clientCertificate('night', 'nightshift:readers', 0);
    const { step } = await connect(await plane.kubeconfig({ clientCertificate: expired.certificate, clientKey: expired.key }));
    assert.equal(step('identity').state, 'failed');
    assert.match(step('identity').message, /a client certificate of O=nightshift:readers, CN=night, valid until .* \(ended \d+ \w+ ago\)/);
    assert.match(step('identity').remedy ?? '', /have a new client certificate signed/);

    const good = plane.clientCertificate('night', 'nightshift:readers', 10);
    const soon = await connect(await plane.kubeconfig({ clientCertificate: good.certificate, clientKey: good.key }));
    assert.equal(soon.code, 0);
    assert.equal(soon.step('identity').state, 'warning');
    assert.match(soon.step('identity').facts?.[0] ?? '', /\(9 days left\)/);
  });

  test('no credentials at all: the server takes us for nobody, and that is said', async () => {
    const { step } = await connect(await plane.kubeconfig({}));
    assert.match(step('identity').message, /takes us for nobody \(system:anonymous\): we show no credentials/);
  });

  test('an unknown authority, a wrong name and TLS that is not verified are told apart, each with the certificate', async () => {
    const other = await writeKubeconfig(plane.directory, plane.url, await readFile(join(plane.directory, 'client-ca.crt'), 'utf8'), {
      token: plane.token('night'),
    });
    const untrusted = await connect(other);
    assert.match(untrusted.step('tls').message, /is signed by no trusted authority/);
    assert(untrusted.step('tls').facts?.includes('signed by nightshift-serving-ca'));
    assert.equal(untrusted.step('server-version').because, 'tls');

    const wrongName = await connect(await changed({ 'tls-server-name': 'api.example.com' }));
    assert.match(wrongName.step('tls').message, /was made for other names/);
    assert(wrongName.step('tls').facts?.some((fact) => fact.includes('DNS:localhost')));

    const unverified = await connect(await changed({ 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined }));
    assert.equal(unverified.code, 0);
    assert.equal(unverified.step('tls').state, 'warning');
  });

  test('a closed port and a name without an address: where the way ends, and nothing after it is tried', async () => {
    const closed = await connect(await changed({ server: `https://127.0.0.1:${await freePort()}` }));
    assert.match(closed.step('tcp').message, /nobody answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    assert.equal(closed.step('tls').because, 'tcp');
    const unknown = await connect(await changed({ server: 'https://api.nowhere.invalid:6443' }));
    assert.match(unknown.step('name-resolution').message, /api\.nowhere\.invalid has no address/);
    assert.equal(unknown.step('rights').because, 'name-resolution');
  });

  test('a check that is turned off needs no right; several clusters end in one line and one exit code', async () => {
    const good = await as('night');
    const file = join(plane.directory, 'nightshift.yaml');
    const ofSecrets = rules.filter((rule) => readsOf(rule).some(({ resource }) => resource === 'secrets')).map(({ id }) => id);
    const closed = await changed({ server: `https://127.0.0.1:${await freePort()}` });
    const clusters = {
      good: {
        kubeconfig: { file: good },
        labels: { team: 'core' },
        options: { 'health-check': { checks: { off: ['helm-release-failed'] } }, cleanup: { checks: { off: ofSecrets } } },
      },
      closed: { kubeconfig: { file: closed }, labels: { team: 'edge' } },
    };
    await writeFile(file, JSON.stringify({ clusters }));
    const { out, code } = await command('--config', file, '--cluster', 'good,team=edge');
    assert.equal(code, 3);
    assert.equal(out.trimEnd().split('\n').at(-1), 'NOT READY  1 of 2 clusters: closed');
    const json = await command('--config', file, '--cluster', 'good', '--output', 'json');
    assert.equal(json.code, 0);
    assert(!json.out.includes('"secrets"'));
  });
});
