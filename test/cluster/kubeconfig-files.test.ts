import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';
import { kubeconfigAccess } from '../../functions/cluster/access-kubeconfig.ts';
import { contextNames } from '../../functions/cluster/kubeconfig.ts';
import { readKubeconfigFiles } from '../../functions/cluster/kubeconfig-files.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { authority } from './https-server.ts';

const cluster = { apiVersion: 'nightshift.dev/v1', kind: 'Cluster', name: 'x' };
const directory = temporaryDirectory('kubeconfigs');
const file = (path: string, content: string | object): string => {
  const whole = join(directory, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, typeof content === 'string' ? content : JSON.stringify(content));
  return whole;
};
const access = async (paths: string, context?: string) =>
  (await kubeconfigAccess({ ...(await readKubeconfigFiles(paths)), context, cluster })).access;
const tokenOf = async (paths: string, context?: string) => (await (await access(paths, context)).credentials(false)).headers.authorization;

const context = (name: string, user: string, of = 'one') => ({ name, context: { cluster: of, user } });
const server = (name: string, host: string, more: object = {}) => ({ name, cluster: { server: `https://${host}:6443`, ...more } });

describe('several files, as in $KUBECONFIG', () => {
  const first = file('first/config', {
    contexts: [context('a', 'red'), context('shared', 'red')],
    clusters: [server('one', 'first')],
    users: [{ name: 'red', user: { token: 'red-of-first' } }],
  });
  const second = file('second/config', {
    'current-context': 'b',
    contexts: [context('b', 'blue', 'two'), context('shared', 'blue', 'two')],
    clusters: [server('one', 'second'), server('two', 'second', { 'certificate-authority': 'ca.crt' })],
    users: [
      { name: 'red', user: { token: 'red-of-second', as: 'someone' } },
      { name: 'blue', user: { tokenFile: 'token' } },
      { name: 'green', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './login' } } },
    ],
  });
  const third = file('third/config', {
    'current-context': 'a',
    contexts: [context('c', 'green', 'three')],
    clusters: [server('three', 'third')],
  });
  file('second/token', 'blue-from-file\n');
  file('second/ca.crt', authority.certificate);
  chmodSync(file('second/login', '#!/bin/sh\necho \'{"status":{"token":"from-plugin"}}\'\n'), 0o755);
  const all = [first, join(directory, 'missing'), second, third].join(delimiter);

  test('the first to set a value wins, an entry counts whole, a missing file is passed over', async () => {
    const { text, from } = await readKubeconfigFiles(all);
    assert.deepEqual(contextNames(text, from), { names: ['a', 'shared', 'b', 'c'], current: 'b' });
    assert.equal((await access(all, 'shared')).server, 'https://first:6443');
    assert.deepEqual((await (await access(all, 'a')).credentials(false)).headers, { authorization: 'Bearer red-of-first' });
  });

  test('paths start from the folder of their own file', async () => {
    assert.equal(await tokenOf(all), 'Bearer blue-from-file');
    assert.equal(String((await access(all, 'b')).tls.ca), authority.certificate);
    assert.equal(await tokenOf(all, 'c'), 'Bearer from-plugin');
  });

  test('mistakes name the file, or all of them', async () => {
    const broken = file('broken/config', 'users:\n- token: hunter2: x\n');
    await assert.rejects(readKubeconfigFiles([first, broken].join(delimiter)), (error: Error) => {
      assert.match(error.message, /^the kubeconfig .*broken\/config is not valid YAML: line 2/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
    await assert.rejects(access(all, 'z'), {
      kind: 'unknown-context',
      message: /first\/config:.*third\/config has no context z; it has a, shared, b, c/,
    });
    const missing = [join(directory, 'no'), join(directory, 'none')].join(delimiter);
    await assert.rejects(readKubeconfigFiles(missing), { kind: 'configuration', message: /there is none of these files/ });
    await assert.rejects(readKubeconfigFiles([first, directory].join(delimiter)), { message: /it is a folder/ });
  });

  test('one file alone keeps its text, for the lines in messages', async () => {
    const text = 'current-context: a\n';
    assert.equal((await readKubeconfigFiles(file('alone', text))).text, text);
  });
});
