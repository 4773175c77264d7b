import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { kubeconfigAccess } from '../../functions/cluster/access-kubeconfig.ts';
import { ClusterError, type ClusterErrorKind } from '../../functions/cluster/cluster-error.ts';
import { openCluster } from '../../functions/cluster/open-cluster.ts';
import type { Ref } from '../../functions/scan/contracts.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { authority, sendJson, startHttpsServer } from './https-server.ts';

const cluster: Ref = { apiVersion: 'nightshift.dev/v1', kind: 'Cluster', name: 'edge-7' };
const secret = 'hunter2-hunter2';

function kubeconfig(user: unknown, clusterEntry: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [
      { name: 'main', context: { cluster: 'one', user: 'me' } },
      { name: 'second', context: { cluster: 'one', user: 'me' } },
      { name: 'nobody', context: { cluster: 'one' } },
      { name: 'broken', context: { cluster: 'missing', user: 'me' } },
    ],
    clusters: [{ name: 'one', cluster: { server: 'https://api.example:6443', ...clusterEntry } }],
    users: [{ name: 'me', user }],
  });
}

interface Given {
  readonly context?: string;
  readonly directory?: string;
}
const accessOf = (text: string, given: Given = {}) => kubeconfigAccess({ text, from: 'the kubeconfig x', cluster, ...given });

async function refusal(work: Promise<unknown>, kind: ClusterErrorKind): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClusterError, String(error));
  assert.equal(error.kind, kind, error.message);
  const text = `${error.message}; ${error.remedy}`;
  assert.ok(!text.includes(secret), text);
  return text;
}

/** A plugin that counts its calls in a file and prints what it is told. */
function plugin(script: string) {
  const directory = temporaryDirectory('plugin');
  writeFileSync(join(directory, 'login'), `#!/bin/sh\necho call >> ${join(directory, 'calls')}\n${script}\n`);
  chmodSync(join(directory, 'login'), 0o755);
  return { directory, exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './login' } };
}

describe('the context', () => {
  test('the current one, or the one that is named', async () => {
    for (const context of [undefined, 'second']) {
      const { access, findings } = await accessOf(kubeconfig({ token: secret }), context === undefined ? {} : { context });
      assert.equal(access.server, 'https://api.example:6443');
      assert.deepEqual((await access.credentials(false)).headers, { authorization: `Bearer ${secret}` });
      assert.equal(access.tls.rejectUnauthorized, true);
      assert.deepEqual(findings, []);
    }
  });

  test('an unknown one: the known ones are named', async () => {
    const text = await refusal(accessOf(kubeconfig({ token: secret }), { context: 'third' }), 'unknown-context');
    assert.match(text, /the kubeconfig x has no context third; it has main, second, nobody, broken/);
    assert.match(
      await refusal(accessOf('current-context: ""\ncontexts: [{ name: a }]'), 'unknown-context'),
      /no current context; it has a/,
    );
  });

  test('one without a user keeps the cluster’s authority and server name', async () => {
    const entry = {
      'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
      'tls-server-name': 'api.internal',
    };
    const { access } = await accessOf(kubeconfig({}, entry), { context: 'nobody' });
    assert.equal(String(access.tls.ca), authority.certificate);
    assert.equal(access.tls.servername, 'api.internal');
    assert.deepEqual((await access.credentials(false)).headers, {});
  });
});

describe('who asks', () => {
  test('a client certificate', async () => {
    const { certificate, key } = authority.sign({ commonName: 'me' });
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const { access } = await accessOf(kubeconfig({ 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }));
    const { tls } = await access.credentials(false);
    assert.deepEqual([String(tls?.cert), String(tls?.key)], [certificate, key]);
  });

  test('certificates and a token from files beside the kubeconfig; the token’s is read anew', async (context) => {
    const directory = temporaryDirectory('kubeconfig');
    const { certificate, key } = authority.sign({ commonName: 'me' });
    for (const [name, content] of Object.entries({
      'ca.crt': authority.certificate,
      'me.crt': certificate,
      'me.key': key,
      token: `${secret}\n`,
    })) {
      writeFileSync(join(directory, name), content);
    }
    const user = { 'client-certificate': 'me.crt', 'client-key': 'me.key', tokenFile: 'token', token: 'older' };
    const { access } = await accessOf(kubeconfig(user, { 'certificate-authority': 'ca.crt' }), { directory });
    const { headers, tls } = await access.credentials(false);
    assert.deepEqual(
      [headers, String(tls?.cert), String(access.tls.ca)],
      [{ authorization: `Bearer ${secret}` }, certificate, authority.certificate],
    );
    writeFileSync(join(directory, 'token'), 'newer\n');
    assert.deepEqual((await access.credentials(true)).headers, { authorization: 'Bearer newer' });
    writeFileSync(join(directory, 'token'), 'newest\n');
    assert.deepEqual((await access.credentials(false)).headers, { authorization: 'Bearer newer' }, 'kept for a minute');
    const begun = performance.now();
    context.mock.method(performance, 'now', () => begun + 61_000);
    assert.deepEqual((await access.credentials(false)).headers, { authorization: 'Bearer newest' });
    const missing = await refusal(accessOf(kubeconfig({ tokenFile: 'none' }), { directory }), 'configuration');
    assert.match(missing, /the file .*none cannot be read \(ENOENT\)/);
  });

  test('impersonation, with its groups', async () => {
    const { access } = await accessOf(kubeconfig({ token: secret, as: 'someone', 'as-groups': ['a', 'b'], 'as-uid': 'u1' }));
    assert.deepEqual((await access.credentials(false)).headers, {
      authorization: `Bearer ${secret}`,
      'impersonate-user': 'someone',
      'impersonate-group': ['a', 'b'],
      'impersonate-uid': 'u1',
    });
  });

  test('a plugin, on the command line: asked once, and anew when its token was refused', async () => {
    const { directory, exec } = plugin(
      `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-'"$(wc -l < calls | tr -d ' ')"'"}}'`,
    );
    const env = [{ name: 'PWD_OF_PLUGIN', value: directory }];
    const within = { ...exec, command: '/bin/sh', args: ['-c', `cd ${directory} && exec ./login`], env };
    const { access } = await accessOf(kubeconfig({ exec: within }), { directory });
    assert.deepEqual((await access.credentials(false)).headers, { authorization: 'Bearer from-1' });
    assert.deepEqual((await access.credentials(true)).headers, { authorization: 'Bearer from-2' });
  });

  test('a plugin is told what it is asked for, and found beside the kubeconfig', async () => {
    const { directory, exec } = plugin(`printf '{"status":{"token":"%s"}}' "$(printf %s "$KUBERNETES_EXEC_INFO" | tr -d '"{} ' )"`);
    const { access } = await accessOf(kubeconfig({ exec }), { directory });
    const { headers } = await access.credentials(false);
    assert.equal(headers.authorization, 'Bearer apiVersion:client.authentication.k8s.io/v1,kind:ExecCredential,spec:interactive:false');
  });

  test('a plugin that fails says so, and nothing that it printed', async () => {
    const failing = plugin(`echo '${secret}'; echo 'please log in first' >&2; exit 1`);
    assert.match(
      await refusal(accessOf(kubeconfig({ exec: failing.exec }), failing), 'credentials'),
      /\.\/login gave no credentials: please log in first/,
    );
    const babbling = plugin(`echo '${secret}'`);
    assert.match(
      await refusal(accessOf(kubeconfig({ exec: babbling.exec }), babbling), 'credentials'),
      /\.\/login gave no credentials; run/,
    );
    const empty = plugin(`echo '{}'`);
    await refusal(accessOf(kubeconfig({ exec: empty.exec }), empty), 'credentials');
    const exec = { command: 'no-such-plugin', installHint: 'see https://example.com/plugin' };
    const text = await refusal(accessOf(kubeconfig({ exec }), { directory: failing.directory }), 'credentials');
    assert.match(text, /no-such-plugin, which is not installed; install it: see https:\/\/example\.com\/plugin/);
  });
});

describe('in a function', () => {
  test('neither plugins nor files', async () => {
    const exec = { command: 'aws', args: ['eks', 'get-token'] };
    assert.match(
      await refusal(accessOf(kubeconfig({ exec })), 'configuration'),
      /plugin aws: plugins run on the command line only.*eks: \{ name: NAME, region: REGION \}/,
    );
    assert.match(await refusal(accessOf(kubeconfig({ 'auth-provider': { name: 'gcp' } })), 'configuration'), /provider gcp/);
    assert.match(await refusal(accessOf(kubeconfig({ tokenFile: '/x', token: secret })), 'configuration'), /names files \(tokenFile\)/);
    const files = kubeconfig({ token: secret }, { 'certificate-authority': 'ca.crt' });
    assert.match(await refusal(accessOf(files), 'configuration'), /names files \(certificate-authority\).*--flatten/);
  });

  const plugins: readonly (readonly [string, object, object, string])[] = [
    [
      'of aws eks update-kubeconfig',
      { command: 'aws', args: ['--region', 'eu-central-1', 'eks', 'get-token', '--cluster-name', 'prod', '--output', 'json'] },
      {},
      '{ name: prod, region: eu-central-1 }',
    ],
    [
      'with a role, and the region in the address',
      {
        command: '/usr/local/bin/aws',
        args: ['eks', 'get-token', '--cluster-name=prod', '--role-arn', 'arn:aws:iam::123456789012:role/read'],
      },
      { server: 'https://0123456789ABCDEF.gr7.us-east-2.eks.amazonaws.com' },
      '{ name: prod, region: us-east-2, role: arn:aws:iam::123456789012:role/read }',
    ],
    [
      'of aws-iam-authenticator, with the region in its environment',
      { command: 'aws-iam-authenticator', args: ['token', '-i', 'prod'], env: [{ name: 'AWS_REGION', value: 'cn-north-1' }] },
      {},
      '{ name: prod, region: cn-north-1 }',
    ],
    ['of another program', { command: 'kubelogin', args: ['-i', 'prod', '--region', secret] }, {}, '{ name: NAME, region: REGION }'],
  ];
  for (const [name, exec, entry, written] of plugins) {
    test(`the way out of a plugin ${name}`, async () => {
      assert.ok(
        (await refusal(accessOf(kubeconfig({ exec }, entry)), 'configuration')).includes(`write eks: ${written} instead of kubeconfig`),
      );
    });
  }

  test('a kubeconfig that is a file is refused before it is looked for', async () => {
    const options = { interactive: false, signal: new AbortController().signal, name: 'edge-7' };
    assert.match(
      await refusal(openCluster({ kubeconfig: { file: '/etc/passwd' } }, options), 'configuration'),
      /edge-7 is a file, which a function does not have/,
    );
  });
});

describe('mistakes', () => {
  const mistakes: readonly (readonly [string, string, RegExp])[] = [
    ['no YAML', `users:\n  - token: "${secret}\n`, /not valid YAML: line 3, column 1/],
    ['a colon in a value', `users:\n- token: ${secret}: x\n`, /not valid YAML: line 2/],
    ['an unknown alias', `a: *${secret}\n`, /not valid YAML/],
    ['no mapping', `${secret}\n`, /the kubeconfig x holds a string/],
    ['no context', 'clusters: []', /holds no context/],
    [
      'a cluster that is not there',
      kubeconfig({ token: secret }).replace('"current-context":"main"', '"current-context":"broken"'),
      /names the cluster missing, which it does not hold; it holds one/,
    ],
    ['a token that is a number', kubeconfig({ token: 42 }), /the user me: token: Invalid input: expected string/],
    ['no server', kubeconfig({}).replace('"server"', '"sever"'), /the cluster one: server: the cluster has no server/],
    [
      'a server without TLS',
      kubeconfig({ token: secret }, { server: `http://me:${secret}@api.example` }),
      /http:\/\/api\.example is no https address/,
    ],
    [
      'an authority that is none',
      kubeconfig({ token: secret }, { 'certificate-authority-data': secret }),
      /its certificate-authority holds no PEM certificate/,
    ],
    ['a server with a user', kubeconfig({}, { server: `https://me:${secret}@api.example` }), /holds a user/],
  ];
  for (const [name, text, message] of mistakes) {
    test(name, async () => {
      assert.match(await refusal(accessOf(text), 'configuration'), message);
    });
  }

  test('no such file, or a folder', async () => {
    const options = { interactive: true, signal: new AbortController().signal, name: 'x' };
    assert.match(await refusal(openCluster({ kubeconfigFile: '/no/such' }, options), 'configuration'), /\/no\/such: there is no such file/);
    assert.match(await refusal(openCluster({ kubeconfigFile: '/tmp' }, options), 'configuration'), /\/tmp: it is a folder/);
  });
});

test('TLS that is not verified works, and the report warns of it', async () => {
  const server = await startHttpsServer((_, response) => {
    response.setHeader('date', 'Sun, 01 Mar 2026 12:00:00 GMT');
    sendJson(response, { gitVersion: 'v1.36.3' });
  });
  const file = join(temporaryDirectory('kubeconfig'), 'config');
  const options = { interactive: true, signal: new AbortController().signal, name: 'edge-7' };
  try {
    writeFileSync(file, kubeconfig({ token: secret }, { server: server.url }));
    await refusal(openCluster({ kubeconfigFile: file }, options), 'untrusted-certificate');
    writeFileSync(file, kubeconfig({ token: secret }, { server: server.url, 'insecure-skip-tls-verify': true }));
    const source = await openCluster({ kubeconfigFile: file }, options);
    assert.deepEqual([source.name, source.version, source.now], [server.url, 'v1.36.3', Date.parse('2026-03-01T12:00:00Z')]);
    assert.equal(source.findings?.length, 1);
    const [finding] = source.findings ?? [];
    assert.deepEqual([finding?.severity, finding?.object], ['warning', cluster]);
    assert.match(finding?.message ?? '', /insecure-skip-tls-verify/);
    await source.close();
  } finally {
    server.stop();
  }
});
