import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { signal, startClusterStub, status, token } from '../connect/cluster-stub.ts';

const root = join(import.meta.dirname, '..', '..');
let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightshift-connect-'));
});
after(() => rm(directory, { recursive: true, force: true }));

const nightshift = async (...args: string[]) => {
  const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), ...args], {
    cwd: directory,
    env: { ...process.env, KUBECONFIG: '', HOME: directory, NO_COLOR: '1' },
    signal,
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert(!out.includes(token) && !err.includes(token));
  return { code: await closed, out, err };
};
const connect = (...args: string[]) => nightshift('connect', ...args);
const configured = async (content: object) => {
  const file = join(directory, 'nightshift.yaml');
  await writeFile(file, JSON.stringify(content));
  return file;
};

describe('nightshift connect', () => {
  test('help, of its own and in that of the command', async () => {
    const { code, out } = await connect('--help');
    assert.equal(code, 0);
    for (const part of ['--cluster A,B', '--kubeconfig FILE', '--output text|json', 'Exit code\n  0 ']) assert(out.includes(part), part);
    for (const line of out.split('\n')) assert(line.length <= 80, line);
    assert.match((await nightshift('--help')).out, /^ {2}connect +Can a cluster be reached/m);
  });

  test('what cannot be understood: exit 2, what was given and what is allowed', async () => {
    const file = await configured({ clusters: { prod: { kubeconfig: { file: '/nowhere/config' } } } });
    const refused = async (args: string[], pattern: RegExp) => {
      const { code, out, err } = await connect(...args);
      assert.equal(code, 2, err);
      assert.equal(out, '');
      assert.match(err, pattern);
      assert.doesNotMatch(err, /^\s+at .*:\d+/m);
    };
    await refused([], /Nothing to connect to was given/);
    await refused(['--cluster', 'prod', '--kubeconfig', 'x'], /cannot be used together/);
    await refused(['prod', '--cluster', 'prod'], /Unexpected "prod"/);
    await refused(['--cluster', 'prod', '--fail-on', 'never'], /Unknown option '?--fail-on/);
    await refused(['--cluster', 'prod', '--output', 'html'], /--output html: not known; it is one of text, json/);
    await refused(['--config', file, '--cluster', 'stage'], /picks no cluster; clusters: prod/);
    await refused(['--kubeconfig', '/nowhere/config'], /no such file/);
    await refused(['--cluster', 'prod', '--namespace', 'Shop'], /not a namespace’s name/);
    await refused(['--cluster', ''], /--cluster was given without a value/);
    await refused(['--config', file, '--cluster', ','], /--cluster was given without a value/);
    await refused(['--cluster', 'prod', '--config', '/nowhere/nightshift.yaml'], /--config \/nowhere\/nightshift\.yaml: no such file/);
    for (const [content, what] of [
      ['', 'is empty'],
      ['[]', 'holds a list'],
      ['42', 'holds a number'],
    ] as const) {
      await writeFile(join(directory, 'odd'), content);
      await refused(['--kubeconfig', 'odd'], new RegExp(`the kubeconfig odd ${what}\na kubeconfig has contexts`));
    }
    const wrong = await configured({
      clusters: { prod: { kubeconfig: { file: '/nowhere/config' } } },
      options: { 'health-check': { checks: { off: ['no-such-check'] } } },
    });
    await refused(['--config', wrong, '--cluster', 'prod'], /no-such-check/);
  });

  test('all there: exit 0; a kubeconfig that is not there is told of its cluster, and the others are looked at all the same', async () => {
    const { kubeconfig } = await startClusterStub({ answers: { '/api/v1/namespaces/shpo': status(404, 'not found') } });
    const file = await configured({
      clusters: {
        gone: { kubeconfig: { file: join(directory, 'nowhere') } },
        prod: { kubeconfig: { file: kubeconfig() }, labels: { team: 'core' } },
      },
    });
    const good = await connect('--config', file, '--cluster', 'team=core');
    assert.equal(good.code, 0, good.out);
    assert.equal(good.err, '');
    assert.equal(good.out.trimEnd().split('\n').at(-1), 'READY  prod: everything that is needed is there');
    const both = await connect('--config', file, '--cluster', '*', '--output', 'json');
    assert.equal(both.code, 2, 'what is configured wrongly goes before what is out of reach');
    const { schemaVersion, ready, clusters } = JSON.parse(both.out);
    assert.deepEqual([schemaVersion, ready], [1, false]);
    assert.deepEqual(
      clusters.map((each: { cluster: string; ready: boolean }) => [each.cluster, each.ready]),
      [
        ['gone', false],
        ['prod', true],
      ],
    );
    assert.deepEqual([clusters[0].steps[0].kind, clusters[0].steps[1].kind], ['configuration', undefined]);
    assert.match(clusters[0].steps[0].message, /there is no such file/);
    const out = await connect('--config', file, '--cluster', 'prod', '--namespace', 'shpo');
    assert.equal(out.code, 3);
    assert.match(out.out, /failed +rights +there is no namespace shpo/);
  });
});
