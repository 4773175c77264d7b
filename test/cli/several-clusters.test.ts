/** The command on several clusters at once: contexts of kubeconfigs, and clusters of nightshift.yaml. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../functions/report/model.ts';
import { authority, type HttpsServer, sendJson, startHttpsServer } from '../cluster/https-server.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';

const directory = temporaryDirectory('several');
const servers: HttpsServer[] = [];
/** Two API servers that hold nothing: all that they say of themselves is that they are well, or in the second's case that they are not. */
before(async () => {
  for (const body of ['ok', '[-]etcd failed: reason withheld']) {
    servers.push(
      await startHttpsServer(({ url }, response) => {
        if (url === '/version') sendJson(response, { gitVersion: 'v1.36.3' });
        else if (url?.startsWith('/api')) sendJson(response, { kind: 'APIGroupDiscoveryList', items: [] });
        else response.writeHead(body === 'ok' ? 200 : 500, { 'content-type': 'text/plain' }).end(body);
      }),
    );
  }
  write('config', kubeconfig('well', 'sick', 'gone'));
});
after(() => {
  for (const server of servers) server.stop();
});

const write = (name: string, content: unknown): string => {
  writeFileSync(join(directory, name), JSON.stringify(content));
  return join(directory, name);
};
type Known = 'well' | 'sick' | 'gone' | 'torn';
const data = Buffer.from(authority.certificate).toString('base64');
/** With a context of each name; `torn` names a cluster that the file does not hold. */
const kubeconfig = (...contexts: readonly Known[]) => ({
  'current-context': contexts[0],
  contexts: contexts.map((name) => ({ name, context: { cluster: name, user: 'me' } })),
  clusters: contexts
    .filter((name) => name !== 'torn')
    .map((name) => {
      const server = name === 'well' ? servers[0]?.url : name === 'sick' ? servers[1]?.url : 'https://127.0.0.1:1';
      return { name, cluster: { server, 'certificate-authority-data': data } };
    }),
  users: [{ name: 'me', user: { token: 'hunter2' } }],
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
const nightshift = async (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> => {
  const program = join(import.meta.dirname, '../../functions/cli/nightshift.ts');
  const child = spawn(process.execPath, [program, 'health-check', ...args], {
    cwd: directory,
    env: { ...process.env, KUBECONFIG: '', HOME: directory, NO_COLOR: '1', ...environment },
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.doesNotMatch(out + err, /hunter2/);
  return { code: await closed, out, err };
};
/** The lines after the last empty one. */
const overviewOf = ({ out }: Ended): readonly string[] => out.trimEnd().split('\n\n').at(-1)?.split('\n') ?? [];
const refused = ({ code, out, err }: Ended, message: RegExp): void => {
  assert.deepEqual([code, out], [2, ''], err);
  assert.match(err, message);
};

describe('contexts of a kubeconfig', () => {
  const config = join(directory, 'config');

  test('by their names: a report each, and a line each at the end', async () => {
    const ended = await nightshift(['--kubeconfig', config, '--context', 'sick,well']);
    assert.equal(ended.code, 1, ended.err);
    assert.match(ended.out, /^CRITICAL {2}sick health-check: /);
    assert.match(ended.out, /\n\nHEALTHY {2}well health-check: /);
    const [first, second, ...more] = overviewOf(ended);
    assert.match(first ?? '', /^CRITICAL {2}sick {2}\d+ critical/);
    assert.match(second ?? '', /^HEALTHY {3}well {2}\d+ checks? on 0 objects found nothing/);
    assert.deepEqual(more, []);
  });

  test('by a glob, one of them unreachable: the gravest exit code', async () => {
    const ended = await nightshift(['--kubeconfig', config, '--context', '*']);
    assert.equal(ended.code, 3, ended.err);
    assert.deepEqual(
      overviewOf(ended).map((line) => line.split(/ +/).slice(0, 2).join(' ')),
      ['HEALTHY well', 'CRITICAL sick', 'CRITICAL gone'],
    );
  });

  test('one of them wrong: the others are looked at all the same', async () => {
    const torn = write('torn', kubeconfig('torn', 'well'));
    const ended = await nightshift(['--kubeconfig', torn, '--context', '*']);
    assert.equal(ended.code, 2);
    assert.match(ended.err, /^nightshift: torn: the kubeconfig .* names the cluster torn, which it does not hold/m);
    const [first, second] = overviewOf(ended);
    assert.match(first ?? '', /^NOT RUN {2}torn {2}the kubeconfig .* names the cluster torn/);
    assert.match(second ?? '', /^HEALTHY {2}well /);
  });

  test('one alone, by name or glob, has no overview', async () => {
    for (const context of ['well', 'we*', 'w?ll,well']) {
      const ended = await nightshift(['--kubeconfig', config, '--context', context]);
      assert.equal(ended.code, 0, ended.err);
      assert.match(overviewOf(ended).join('\n'), /^HEALTHY {2}well health-check/);
    }
  });

  test('JSON: one document after the other', async () => {
    const { out } = await nightshift(['--kubeconfig', config, '--context', 'well,sick', '--output', 'json']);
    const reports: Report[] = out
      .split(/(?<=^\})\n/m)
      .filter(Boolean)
      .map((each) => JSON.parse(each));
    assert.deepEqual(
      reports.map(({ cluster, status }) => [cluster, status]),
      [
        ['well', 'healthy'],
        ['sick', 'critical'],
      ],
    );
  });

  test('files of $KUBECONFIG are one', async () => {
    const KUBECONFIG = [write('first', kubeconfig('well')), 'missing', write('second', kubeconfig('gone', 'sick'))].join(delimiter);
    const ended = await nightshift(['--context', 'well,sick'], { KUBECONFIG });
    assert.equal(ended.code, 1, ended.err);
    const flag = await nightshift(['--kubeconfig', KUBECONFIG]);
    assert.match(flag.out, /^HEALTHY {2}well /, 'the current context of the first file');
    refused(
      await nightshift(['--context', 'wall'], { KUBECONFIG }),
      /--context wall: the kubeconfig .*first.*second has no such context; it has well, gone, sick/,
    );
  });

  test('what cannot be: two of one name, one file or page for several, a context that is not there', async () => {
    const twins = write('twins', {
      ...kubeconfig('well'),
      contexts: ['prod_a', 'prod-a'].map((name) => ({ name, context: { cluster: 'well', user: 'me' } })),
    });
    refused(
      await nightshift(['--kubeconfig', twins, '--context', 'prod?a']),
      /The contexts prod_a and prod-a would both be reported as the cluster prod-a: .*nightshift\.yaml/,
    );
    const both = ['--kubeconfig', config, '--context', 'well,sick'];
    refused(await nightshift([...both, '--out', 'report.html']), /--out takes one report, but there are 2 clusters: use --state DIR/);
    refused(await nightshift([...both, '--output', 'html']), /--output html is the page of one cluster, but there are 2/);
    refused(await nightshift(['--kubeconfig', config, '--context', 'x*,well']), /--context x\*: .* it has well, sick, gone/);
  });
});

describe('clusters of nightshift.yaml', () => {
  const clusters = () => ({
    one: { kubeconfig: { file: 'config', context: 'well' }, labels: { team: 'core' } },
    two: { kubeconfig: { file: 'config', context: 'sick' } },
    three: { kubeconfig: { file: 'config', context: 'renamed' } },
    'lost-1': { backups: [{ bucket: 'velero', region: 'eu-central-1' }], labels: { team: 'core' } },
  });
  const run = (...args: string[]) => nightshift([...args, '--config', write('nightshift.yaml', { clusters: clusters() })]);

  test('by names, globs and labels; several contexts of one file are several clusters', async () => {
    const ended = await run('--cluster', 'tw?,team=core');
    assert.equal(ended.code, 1, ended.err);
    assert.deepEqual(
      overviewOf(ended).map((line) => line.split(/ +/).slice(0, 2).join(' ')),
      ['HEALTHY one', 'CRITICAL two'],
    );
  });

  test('a context that is not there: those of the file are named, the others run', async () => {
    const ended = await run('--cluster', 'one,three');
    assert.equal(ended.code, 2);
    assert.match(ended.err, /nightshift: three: the kubeconfig config has no context renamed; it has well, sick, gone/);
    assert.match(overviewOf(ended)[0] ?? '', /^HEALTHY {2}one /);
  });

  test('one that is gone: refused by its name, left out of a pattern', async () => {
    refused(await run('--cluster', 'lost-1'), /the cluster lost-1 has no eks and no kubeconfig, which health-check needs/);
    const ended = await run('--cluster', 'team=core');
    assert.equal(ended.code, 0, ended.err);
    assert.doesNotMatch(ended.out, /lost-1/);
  });

  test('narrowed to a namespace: no predecessor, and the state keeps none', async () => {
    const { out, err } = await run('--cluster', 'one', '--namespace', 'shop', '--output', 'json');
    const report: Report = JSON.parse(out);
    assert.deepEqual([report.fullScope, report.source.namespaces], [false, ['shop']], err);
    refused(await run('--cluster', 'one', '--namespace', ','), /--namespace was given without a value/);
    refused(await nightshift(['--manifests', '-', '--namespace', 'shop']), /--namespace narrows a cluster/);
  });
});
