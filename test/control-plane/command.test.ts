/** The command as its user has it: a process of its own, a kubeconfig, the committed roles, a real API server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Report } from '../../functions/report/model.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';
import type { KubernetesObject } from './parts/objects.ts';

const root = join(import.meta.dirname, '..', '..');
const password = 'hunter2-is-the-password';

describe('the command on a real cluster, with the committed roles', () => {
  let plane: ControlPlane;
  let kubeconfig: string;
  before(async () => {
    plane = await startControlPlane({ users: { night: ['nightshift:readers'] } });
    kubeconfig = await plane.kubeconfig({ token: plane.token('night') });
    await apply(await readFile(join(root, 'infra/in-cluster/base/rbac.yaml'), 'utf8'));
    await plane.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'sh.helm.release.v1.shop.v1',
        namespace: 'default',
        labels: { owner: 'helm', name: 'shop', version: '1', status: 'failed' },
      },
      type: 'helm.sh/release.v1',
      stringData: { release: password },
    });
    await plane.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'checkout', namespace: 'default' },
      spec: { selector: { app: 'checkuot' }, ports: [{ port: 80 }] },
    });
    await plane.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'unscheduled', namespace: 'default' },
      spec: { containers: [{ name: 'app', image: 'app', env: [{ name: 'PASSWORD', value: password }] }] },
    });
  });
  after(() => plane?.stop());

  const apply = async (documents: string): Promise<void> => {
    for (const document of parseAllDocuments(documents)) await plane.apply(document.toJS() as KubernetesObject);
  };
  const run = async (...args: string[]) => {
    const child = spawn(
      process.execPath,
      [join(root, 'functions/cli/nightshift.ts'), 'health-check', '--kubeconfig', kubeconfig, ...args],
      {
        env: { ...process.env, NO_COLOR: '1' },
      },
    );
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await closed, out, err };
  };
  const reportOf = async (): Promise<Report> => JSON.parse((await run('--output', 'json', '--fail-on', 'never')).out) as Report;
  const ranOf = ({ checks }: Report, id: string) => checks.find(({ check }) => check === id);

  test('the base alone is enough for a complete report; only what wants Secrets did not run, and says so', async () => {
    const report = await reportOf();
    assert.equal(report.complete, true, JSON.stringify(report.incomplete));
    assert.equal(ranOf(report, 'helm-release-failed')?.ran, false);
    assert.match(ranOf(report, 'helm-release-failed')?.reason ?? '', /right to list secrets/);
    assert.equal(ranOf(report, 'argocd-application-unhealthy')?.ran, false);
    assert.equal(ranOf(report, 'pod-waiting')?.ran, true);
  });

  test('with the role for Secrets the failed release is found; no content of a Secret or token is in any output', async () => {
    await apply(await readFile(join(root, 'infra/in-cluster/secrets/rbac.yaml'), 'utf8'));
    const report = await reportOf();
    assert(report.findings.some(({ check, object }) => check === 'helm-release-failed' && object.name === 'shop'));
    for (const format of ['text', 'json', 'html']) {
      const { out, err } = await run('--output', format);
      for (const secret of [password, Buffer.from(password).toString('base64'), plane.token('night')]) {
        assert(!out.includes(secret) && !err.includes(secret), `${format} holds a secret`);
      }
    }
  });

  test('403 on one resource: the rest still runs, the exact rule is printed, and applying what is printed makes the check run', async () => {
    const role = (await plane.request('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/nightshift-read'))
      .body as KubernetesObject & {
      rules: { resources?: string[] }[];
    };
    const rules = role.rules.map((rule) =>
      rule.resources ? { ...rule, resources: rule.resources.filter((name) => name !== 'cronjobs') } : rule,
    );
    await plane.request('PUT', '/apis/rbac.authorization.k8s.io/v1/clusterroles/nightshift-read', { ...role, rules });

    const without = await reportOf();
    assert.equal(without.complete, false);
    assert.deepEqual(
      without.incomplete.map(({ check }) => check),
      ['cronjob-missed-schedule'],
    );
    assert.equal(ranOf(without, 'pod-waiting')?.ran, true);
    const { code, out } = await run('--fail-on', 'never');
    assert.equal(code, 3, 'not complete');

    const remedy = without.incomplete[0]?.remedy ?? '';
    const manifest = remedy.slice(remedy.indexOf('apiVersion:'));
    for (const line of manifest.trim().split('\n')) assert(out.includes(line.trim()), `the text prints ${line}`);
    await apply(manifest);
    const again = await reportOf();
    assert.equal(again.complete, true, JSON.stringify(again.incomplete));
    assert.equal(ranOf(again, 'cronjob-missed-schedule')?.ran, true);
  });

  test('a token that is not taken: a report that says so, and exit 3', async () => {
    kubeconfig = await plane.kubeconfig({ token: 'of-nobody' });
    const { code, out } = await run('--output', 'json');
    const report = JSON.parse(out) as Report;
    assert.equal(code, 3);
    assert.equal(report.findings[0]?.check, 'cluster-access');
    assert.match(report.findings[0]?.message ?? '', /401|does not (know|accept)|unauthori[sz]ed/i);
    assert(!out.includes('of-nobody'));
  });
});
