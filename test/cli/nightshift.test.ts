import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Report, reportSchema } from '../../functions/report/model.ts';

const root = join(import.meta.dirname, '..', '..');
const example = join(root, 'functions/cli/example');
let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
});
after(() => rm(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
const nightshift = async (args: readonly string[], input = '', environment: NodeJS.ProcessEnv = {}): Promise<Ended> => {
  const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), ...args], {
    cwd: directory,
    env: { ...process.env, KUBECONFIG: '', HOME: directory, NO_COLOR: '1', ...environment },
  });
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  return { code, out, err };
};
const file = async (name: string, content: string): Promise<string> => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};
const fails = ({ code, out, err }: Ended, expected: number, ...patterns: RegExp[]): void => {
  assert.equal(code, expected, err);
  assert.equal(out, '');
  for (const pattern of patterns) assert.match(err, pattern);
  assert.doesNotMatch(err, /^\s+at .*:\d+/m, 'no stack trace for a mistake of the user’s');
};

describe('the embedded example', () => {
  test('text on standard output, the page in a file, exit 0 with --fail-on never', async () => {
    const page = join(directory, 'report.html');
    const { code, out, err } = await nightshift(['health-check', '--manifests', example, '--fail-on', 'never', '--out', page]);
    assert.equal(code, 0, err);
    const lines = out.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^CRITICAL {2}example health-check: \d+ critical/);
    assert.equal(lines.at(-1), lines[0]);
    assert.match(err, /Report written to .*report\.html/);
    assert.match(await readFile(page, 'utf8'), /^<!doctype html>/i);
  });
  test('JSON that follows its own schema; exit 1 for a critical finding', async () => {
    const { code, out } = await nightshift(['health-check', '--manifests', example, '--output', 'json']);
    assert.equal(code, 1);
    const report = reportSchema.parse(JSON.parse(out));
    assert.equal(report.complete, true);
    assert(report.summary.critical > 0);
  });
  test('a stream of manifests on standard input', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'fine', namespace: 'default', uid: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      status: { phase: 'Running' },
    };
    const { code, out } = await nightshift(['health-check', '--manifests', '-', '--output', 'json'], JSON.stringify(pod));
    assert.equal(code, 0, out);
    assert.equal((JSON.parse(out) as Report).cluster, 'stdin');
  });
  test('only some checks: the others say so, and the report is no predecessor', async () => {
    const { out } = await nightshift(['health-check', '--manifests', example, '--output', 'json', '--only', 'node-not-ready']);
    const report = JSON.parse(out) as Report;
    assert.deepEqual(
      report.checks.filter(({ ran }) => ran).map(({ check }) => check),
      ['node-not-ready'],
    );
    assert.equal(report.fullScope, false);
  });
});

test('--state: the second report is compared with the first', async () => {
  const state = join(directory, 'state');
  const run = async (): Promise<Report> => {
    const { out } = await nightshift(['health-check', '--manifests', example, '--output', 'json', '--state', state]);
    return JSON.parse(out) as Report;
  };
  const first = await run();
  const second = await run();
  assert(first.findings.every(({ change }) => change === 'new'));
  assert(second.findings.every(({ change }) => change === 'ongoing'));
  assert.deepEqual(
    second.findings.map(({ fingerprint, since }) => [fingerprint, since]),
    first.findings.map(({ fingerprint, since }) => [fingerprint, since]),
  );
  assert.equal(second.comparedWith?.runId, first.runId);
});

describe('bad input: exit 2 and a message to act on', () => {
  test('an unknown operation', async () => fails(await nightshift(['heal']), 2, /Unknown operation "heal"/, /health-check/));
  test('an unknown option', async () =>
    fails(await nightshift(['health-check', '--frobnicate']), 2, /Unknown option --frobnicate/, /--manifests/));
  test('nothing to look at', async () => fails(await nightshift(['health-check']), 2, /Nothing to look at/, /--kubeconfig FILE/));
  test('an unknown check', async () =>
    fails(await nightshift(['health-check', '--manifests', example, '--only', 'nope']), 2, /--only nope: not known/, /node-not-ready/));
  test('no such folder', async () => fails(await nightshift(['health-check', '--manifests', 'missing']), 2, /missing/));
  test('malformed YAML: file and line', async () => {
    const path = await file('broken.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a\n');
    fails(await nightshift(['health-check', '--manifests', path]), 2, /broken\.yaml:\d/);
  });
  test('malformed JSON: file and line', async () => {
    const path = await file('broken.json', '{\n  "kind": "Pod",,\n}');
    fails(await nightshift(['health-check', '--manifests', path]), 2, /broken\.json:\d/);
  });
  test('an event that is no JSON', async () =>
    fails(await nightshift(['health-check', '--event', await file('event.json', '{cluster')]), 2, /event\.json/, /not valid JSON/));
  test('the event of the console’s template', async () => {
    const event = await file('template.json', '{"key1": "value1"}');
    await file('nightshift.yaml', 'clusters:\n  prod: { eks: { name: prod, region: eu-central-1 } }\n');
    fails(await nightshift(['health-check', '--event', event]), 2, /"key1"/, /template/);
  });
  test('an unknown cluster, naming the known', async () => {
    await file('nightshift.yaml', 'clusters:\n  prod: { eks: { name: prod, region: eu-central-1 } }\n');
    fails(await nightshift(['health-check', '--cluster', 'prid']), 2, /"prid"/, /prod/);
  });
  test('a configuration with a mistake: its line', async () => {
    const path = await file('wrong.yaml', 'clusters:\n  prod:\n    eks: { name: prod, regoin: eu-central-1 }\n');
    fails(await nightshift(['health-check', '--cluster', 'prod', '--config', path]), 2, /wrong\.yaml:3: .*regoin/);
  });
  test('no configuration', async () =>
    fails(await nightshift(['health-check', '--cluster', 'prod', '--config', 'absent.yaml']), 2, /absent\.yaml: no such file/));
  test('an unknown context, naming the known', async () => {
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'known', context: { cluster: 'c', user: 'u' } }],
    };
    const path = await file('kubeconfig', JSON.stringify(kubeconfig));
    fails(await nightshift(['health-check', '--kubeconfig', path, '--context', 'other']), 2, /other/, /known/);
  });
  test('no such kubeconfig', async () => fails(await nightshift(['health-check', '--kubeconfig', 'nowhere']), 2, /nowhere/));
  test('a file that cannot be written', async () => {
    const path = join(directory, 'no/such/report.html');
    fails(await nightshift(['health-check', '--manifests', example, '--out', path]), 2, /cannot be written: there is no folder/);
    const folder = ['--out', directory, '--output', 'html'];
    fails(await nightshift(['health-check', '--manifests', example, ...folder]), 2, /cannot be written: it is a folder/);
  });
  test('an ending that tells no format', async () =>
    fails(await nightshift(['health-check', '--manifests', example, '--out', 'report.pdf']), 2, /tells no format/));
});

test('a server that nobody answers at: a report, and exit 3', async () => {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { token: 'a-secret-token' } }],
    contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'prod',
  };
  const path = await file('refusing', JSON.stringify(kubeconfig));
  const { code, out, err } = await nightshift(['health-check', '--kubeconfig', path, '--output', 'json']);
  assert.equal(code, 3, err);
  const report = JSON.parse(out) as Report;
  assert.equal(report.cluster, 'prod');
  assert.equal(report.complete, false);
  assert.equal(report.findings[0]?.object.kind, 'Cluster');
  assert(report.checks.every(({ ran }) => !ran));
  assert(!`${out}${err}`.includes('a-secret-token'));
});

test('colour: none into a pipe, forced with FORCE_COLOR, never with NO_COLOR', async () => {
  const run = (environment: NodeJS.ProcessEnv) =>
    nightshift(['health-check', '--manifests', example, '--fail-on', 'never'], '', environment);
  const sequence = '\x1b[';
  assert(!(await run({ NO_COLOR: undefined, FORCE_COLOR: undefined })).out.includes(sequence));
  assert((await run({ NO_COLOR: undefined, FORCE_COLOR: '1' })).out.includes(sequence));
  assert(!(await run({ NO_COLOR: '1', FORCE_COLOR: '1' })).out.includes(sequence));
});

test('a reader that leaves early (head) is no error, and the exit code and the state are as for one that reads on', async () => {
  const child = spawn(
    process.execPath,
    [join(root, 'functions/cli/nightshift.ts'), 'health-check', '--manifests', example, '--output', 'json', '--state', 'left'],
    { cwd: directory, env: { ...process.env, NO_COLOR: '1' } },
  );
  child.stdout.destroy();
  const err = await text(child.stderr);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  assert.match(err, /^nightshift: kept as .*\n$/);
  assert.equal(code, 1);
});

test('interrupted: what was not read is no state of the cluster, and is not kept', async () => {
  const { server, kubeconfig } = await hangingServer();
  after(() => server.close());
  const user = { name: 'u', user: { token: 't' } };
  const clusters = Object.fromEntries(['one', 'two'].map((name) => [name, { kubeconfig: { file: join(directory, 'hanging') } }]));
  await file('hanging', JSON.stringify({ ...kubeconfig, users: [user] }));
  await file('two.yaml', JSON.stringify({ clusters }));
  const child = spawn(
    process.execPath,
    [join(root, 'functions/cli/nightshift.ts'), 'health-check', '--event', '-', '--config', 'two.yaml', '--state', 'interrupted'],
    { cwd: directory, env: { ...process.env, HOME: directory, NO_COLOR: '1' } },
  );
  child.stdin.end('{}');
  server.once('connection', () => child.kill('SIGINT'));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  assert.equal(code, 3, err);
  assert.equal(err, 'nightshift: interrupted: one was not read\n');
  assert.equal(out, '', 'that it was not read says nothing of the cluster');
  await assert.rejects(readdir(join(directory, 'interrupted')), { code: 'ENOENT' });
});

test('interrupted while a plugin logs in, which knows nothing of it: the command ends', async () => {
  const clusters = [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }];
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command: 'sh' };
  const started = join(directory, 'plugin-started');
  const users = [{ name: 'u', user: { exec: { ...exec, args: ['-c', `touch ${started}; exec sleep 20`] } } }];
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  const kubeconfig = await file('plugin', JSON.stringify({ clusters, users, contexts, 'current-context': 'x' }));
  for (const command of ['connect', 'health-check']) {
    const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), command, '--kubeconfig', kubeconfig], {
      cwd: directory,
      env: { ...process.env, HOME: directory, NO_COLOR: '1' },
      // Of its own group, as its plugin is then: both are ended below.
      detached: true,
    });
    while (!existsSync(started)) await sleep(20);
    await rm(started);
    const begun = performance.now();
    child.kill('SIGTERM');
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    assert.equal(code, 3);
    assert.ok(performance.now() - begun < 10_000);
  }
});

test('standard output that cannot be written: exit 2, not the 1 of findings', { skip: !existsSync('/dev/full') }, async () => {
  const full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), 'health-check', '--manifests', example], {
    cwd: directory,
    stdio: ['ignore', full.fd, 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  assert(child.stderr);
  assert.match(await text(child.stderr), /^nightshift: standard output cannot be written: ENOSPC.*\n$/);
  assert.equal(await closed, 2);
  await full.close();
});

test('a cluster out of reach is exit 3 with a state too', async () => {
  const { server, kubeconfig } = await hangingServer();
  server.close();
  const path = await file('unreachable', JSON.stringify({ ...kubeconfig, users: [{ name: 'u', user: {} }] }));
  const { code, out, err } = await nightshift(['health-check', '--kubeconfig', path, '--state', 'unreachable-state']);
  assert.equal(code, 3, err);
  assert.match(out, /nobody answers/);
});

/** A server that takes connections and says nothing. */
async function hangingServer() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  return { server, kubeconfig };
}
