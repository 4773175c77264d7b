/** What docs/first-cluster.md tells a reader to type, typed: a ServiceAccount's token by the real Helm and kubectl, and then `connect`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from './checks/live-scan.ts';
import { buildPart } from './parts/build.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';

const root = resolve(import.meta.dirname, '../..');

/** The shell blocks under a heading. */
const blocksUnder = (heading: string): string[] => {
  const page = readFileSync(join(root, 'docs/first-cluster.md'), 'utf8');
  const section = page.split(`### ${heading}\n`)[1]?.split(/^#{2,3} /m)[0] ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
};

describe('the first cluster, as its page has it', { timeout: 600_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'nightshift-first-cluster-'));
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ controllers: ['serviceaccount-token-controller', 'root-ca-certificate-publisher-controller'] });
    await until(
      'the authority is published',
      async () => (await plane.request('GET', '/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt')).status === 200,
    );
    for (const name of ['infra', 'functions', 'node_modules', 'package.json']) symlinkSync(join(root, name), join(directory, name));
    for (const name of ['helm', 'kubectl'] as const) symlinkSync(await buildPart(name), join(directory, name));
  });
  after(async () => {
    await plane?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a ServiceAccount’s token becomes a kubeconfig that connects', async () => {
    const blocks = blocksUnder("Any cluster, with a ServiceAccount's token");
    assert.equal(blocks.length, 2, 'one installs the chart, one makes the kubeconfig');
    const { status, stdout, stderr } = spawnSync('bash', ['-eu', '-c', blocks.join('\n')], {
      cwd: directory,
      encoding: 'utf8',
      env: {
        ...process.env,
        KUBECONFIG: await plane.kubeconfig(),
        HELM_CACHE_HOME: join(directory, 'helm-cache'),
        PATH: [directory, join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      },
    });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /identity +system:serviceaccount:nightshift:nightshift/);
    assert.match(stdout, /^READY +edge-7/m);
    const token = /token: (\S+)/.exec(readFileSync(join(directory, 'edge-7.kubeconfig'), 'utf8'))?.[1];
    assert.ok(token && !stdout.includes(token), 'the token is shown nowhere');
  });
});
