import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-scope.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { configMapTwins, type Entry, twins } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { lookInto, type Written, written } from '../look-into.ts';

const namespace = (name: string): Entry[] =>
  twins('namespaces', 'cluster', { apiVersion: 'v1', metadata: { name }, ...{ kind: 'Namespace' } });
const labelled = (name: string, labels: object): Entry[] => configMapTwins(name, 'shop', { metadata: { name, namespace: 'shop', labels } });
const look = async (spec: Written['spec'], entries: readonly Entry[]) =>
  lookInto(check, await written({ name: 'b', spec: spec ?? {}, entries }));

describe('backup-scope', () => {
  test('says nothing of the genuine ones', async () => {
    for (const backup of ['full-1', 'shop-1']) assert.deepEqual((await lookInto(check, bucketFiles(), { backup })).lines, []);
  });

  test('a namespace that was asked for has no object: a warning; none of them has: critical', async () => {
    const some = await look({ includedNamespaces: ['shop', 'bank'] }, configMapTwins('a'));
    assert.deepEqual(some.lines, ['warning namespaces: 1 of 2 namespaces that it asks for have no object in its archive: bank']);
    const none = await look({ includedNamespaces: ['bank', 'mill'] }, configMapTwins('a'));
    assert.deepEqual(none.lines, ['critical namespaces: 2 of 2 namespaces that it asks for have no object in its archive: bank and mill']);
  });

  test('an empty namespace that is there itself is no fault, nor one that is excluded', async () => {
    assert.deepEqual((await look({ includedNamespaces: ['shop', 'bank'] }, [...configMapTwins('a'), ...namespace('bank')])).lines, []);
    assert.deepEqual((await look({ includedNamespaces: ['shop', 'bank'], excludedNamespaces: ['bank'] }, configMapTwins('a'))).lines, []);
  });

  test('patterns, since 1.18', async () => {
    for (const pattern of ['sh*', 's?op', '[rs]hop', '*op'])
      assert.deepEqual((await look({ includedNamespaces: [pattern] }, configMapTwins('a'))).lines, []);
    const { lines } = await look({ includedNamespaces: ['shop', 'team-*'] }, configMapTwins('a'));
    assert.deepEqual(lines, ['warning namespaces: 1 of 2 patterns of namespaces that it asks for match none in its archive: team-*']);
  });

  test('everything, asked for in whatever way', async () => {
    for (const includedNamespaces of [[], ['*'], undefined])
      assert.deepEqual((await look({ includedNamespaces }, configMapTwins('a'))).lines, []);
  });

  test('where kinds or labels are asked for a namespace may have none', async () => {
    const includedNamespaces = ['shop', 'bank'];
    for (const narrow of [{ labelSelector: { matchLabels: { app: 'web' } } }, { includedResources: ['configmaps'] }]) {
      assert.deepEqual((await look({ includedNamespaces, ...narrow }, labelled('a', { app: 'web' }))).lines, []);
    }
  });

  test('no object has the labels that were asked for', async () => {
    const entries = [...labelled('a', { app: 'web', tier: 'front' }), ...namespace('shop')];
    const fits = [
      { labelSelector: { matchLabels: { app: 'web' } } },
      { labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] } },
      { labelSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['api'] }] } },
      { labelSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } },
      { labelSelector: { matchExpressions: [{ key: 'gone', operator: 'DoesNotExist' }] } },
      { orLabelSelectors: [{ matchLabels: { app: 'api' } }, { matchLabels: { app: 'web' } }] },
    ];
    for (const spec of fits) assert.deepEqual((await look(spec, entries)).lines, [], JSON.stringify(spec));
    const misfits = [
      { labelSelector: { matchLabels: { app: 'api' } } },
      { labelSelector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'gone', operator: 'Exists' }] } },
      { orLabelSelectors: [{ matchLabels: { app: 'api' } }, { matchLabels: { app: 'worker' } }] },
    ];
    for (const spec of misfits)
      assert.deepEqual((await look(spec, entries)).lines, [
        'warning labels: none of the 2 objects in its archive carries the labels that it asks for',
      ]);
  });

  test('of an archive that is cut nothing is concluded: unknown', async () => {
    const files = await written({ name: 'b', spec: { includedNamespaces: ['bank'] }, entries: configMapTwins('a') });
    const key = backupKey('b', 'contents');
    const content = files[key];
    assert.ok(content instanceof Uint8Array);
    const { lines, unknowns } = await lookInto(check, { ...files, [key]: content.subarray(0, -9) });
    assert.deepEqual([lines, unknowns.length], [[], 1]);
  });

  test('nothing at all in it is critical; where what is in it cannot be read that is another matter', async () => {
    assert.match((await look({}, [])).lines.join(), /^critical empty: holds no object at all/);
    const broken = configMapTwins('a').map((entry) => ({ ...entry, content: '{' }));
    assert.deepEqual((await look({ includedNamespaces: ['bank'] }, broken)).lines, []);
  });
});
