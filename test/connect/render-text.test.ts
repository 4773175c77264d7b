import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Connection } from '../../functions/connect/connect.ts';
import { renderConnection, renderOverview } from '../../functions/connect/render-text.ts';
import type { Step } from '../../functions/connect/step.ts';

const manifest = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n';
const steps: readonly Step[] = [
  {
    step: 'configuration',
    state: 'ok',
    message: 'the kubeconfig /home/me/.kube/config, context prod',
    facts: ['server https://10.0.1.5:6443'],
    milliseconds: 3,
  },
  { step: 'name-resolution', state: 'ok', message: `10.0.1.5 (private): ${'an address already, '.repeat(6)}`, milliseconds: 0 },
  { step: 'tcp', state: 'warning', message: '1 of 2 addresses answer on port 6443', remedy: 'look at the load balancer', milliseconds: 12 },
  {
    step: 'rights',
    state: 'failed',
    message: '1 of 24 is missing',
    remedy: 'grant it',
    commands: ['kubectl apply -k infra/in-cluster/base'],
    manifest,
    milliseconds: 70,
  },
  { step: 'tls', state: 'skipped', message: 'because this failed: TCP', because: 'tcp' },
  { step: 'server-version', state: 'skipped', message: 'because this failed: TCP', because: 'tcp' },
  { step: 'backups', subject: 's3://a-bucket-with-a-long-name/velero', state: 'ok', message: '3 backups', milliseconds: 40 },
];
const connection = (changes: Partial<Connection> = {}): Connection => ({ cluster: 'prod', ready: false, steps, rights: [], ...changes });
const plain = { columns: 80, color: false };

test('columns stand under each other; only what is to be copied is wider; times and what to do are there', () => {
  const lines = renderConnection(connection(), plain).split('\n');
  for (const line of lines) assert(stringWidth(line) <= 80 || line.includes('kubectl'), line);
  assert.equal(lines[0], 'prod');
  assert.equal(lines[1], 'ok       configuration    the kubeconfig /home/me/.kube/config, context prod');
  assert.equal(lines[2], '                          (3\u00a0ms)');
  assert(lines.includes('                          → look at the load balancer'));
  assert(lines.includes('                            kubectl apply -k infra/in-cluster/base'));
});

test('the rules stand at the line’s beginning, to be pasted as they are', () => {
  assert(renderConnection(connection(), plain).includes(`\nkubectl apply -f - <<'EOF'\n${manifest}EOF\n`));
});

test('what was skipped for one reason is one row; the verdict is the last line', () => {
  const lines = renderConnection(connection(), plain).trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('skipped')).length, 1);
  assert(lines.some((line) => line.startsWith('skipped  TLS, server version')));
  assert.equal(lines.at(-1), 'NOT READY  prod: rights');
  const last = (changes: Partial<Connection>) => renderConnection(connection(changes), plain).trimEnd().split('\n').at(-1);
  assert.equal(last({ ready: true, steps: steps.slice(0, 3) }), 'READY  prod: with a warning: TCP');
  assert.equal(last({ ready: true, steps: steps.slice(0, 2) }), 'READY  prod: everything that is needed is there');
  assert.equal(renderOverview([connection(), connection({ cluster: 'edge', ready: true })], plain), 'NOT READY  1 of 2 clusters: prod\n');
  assert.equal(renderOverview([connection({ ready: true })], plain), 'READY  all 1 clusters\n');
});

test('colour adds nothing but colour', () => {
  const colored = renderConnection(connection(), { ...plain, color: true });
  assert.notEqual(colored, renderConnection(connection(), plain));
  assert.equal(stripVTControlCharacters(colored), renderConnection(connection(), plain));
});
