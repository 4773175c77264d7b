import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import check from '../../../functions/backup-verification/checks/backup-items.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { archiveOf, configMap, configMapTwins, entriesOf, json, twins } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { gzipped, lookInto, type Written, written } from '../look-into.ts';

const files = bucketFiles();
const listKey = backupKey('shop-1', 'resourceList');
const shopList: Record<string, string[]> = JSON.parse(gunzipSync(files[listKey] ?? '').toString());

const look = async (given: Partial<Written>) => lookInto(check, await written({ entries: configMapTwins('a'), ...given }));
const listed = (...names: string[]) => ({ resourceList: { 'v1/ConfigMap': names.map((name) => `shop/${name}`) } });

describe('backup-items', () => {
  test('the genuine ones agree', async () => {
    const full = await lookInto(check, files, { backup: 'full-1' });
    assert.deepEqual(
      [full.findings, full.unknowns, full.rows],
      [[], [], ['full-1 ok: all 20136 items that Velero listed are in its archive']],
    );
    assert.deepEqual((await lookInto(check, files, { backup: 'shop-1' })).findings, []);
  });

  test('listed and not in the archive of a Completed backup: critical, with their names', async () => {
    const more = { ...shopList, 'v1/Secret': ['shop/creds', 'shop/lost'], 'example.com/v1/Gadget': ['cluster-wide'] };
    const { lines } = await lookInto(check, { ...files, [listKey]: gzipped(more) }, { backup: 'shop-1' });
    assert.deepEqual(lines, [
      'critical missing: lacks 2 of 6 items that Velero listed (backups/shop-1/shop-1-resource-list.json.gz), which are not in its archive as objects that can be read: Secret shop/lost, Gadget cluster-wide',
    ]);
  });

  test('taken out of the archive', async () => {
    const entries = await entriesOf(files[backupKey('shop-1', 'contents')] as Uint8Array);
    const without = await archiveOf(entries.filter(({ name }) => !name.includes('creds')));
    const { lines } = await lookInto(check, { ...files, [backupKey('shop-1', 'contents')]: without }, { backup: 'shop-1' });
    assert.match(lines.join(), /^critical missing: lacks 1 of 4 items .*: Secret shop\/creds$/);
  });

  test('the list of another backup', async () => {
    const { lines } = await look({ companions: { resourceList: { 'v1/Pod': ['a/b', 'a/c'] } } });
    assert.match(
      lines.join(),
      /^critical missing: lacks 2 of 2 .*Pod a\/b, Pod a\/c; nothing of the list is in the archive, so one of them is of another backup$/,
    );
  });

  test('PartiallyFailed: a loss that an error names is a warning, another is critical', async () => {
    const status = { phase: 'PartiallyFailed', errors: 1 };
    const results = (name: string) => ({
      errors: { namespaces: { shop: [`resource: /configmaps name: /${name} message: /Error backing up item error: /x`] } },
      warnings: {},
    });
    const known = await look({ status, companions: { ...listed('a', 'b'), results: results('b') } });
    assert.deepEqual(known.lines, ['warning known losses: lost 1 of 2 items to errors that Velero tells of: ConfigMap shop/b']);
    const unknown = await look({ status, companions: { ...listed('a', 'b'), results: results('bb') } });
    assert.match(unknown.lines.join(), /^critical missing: lacks 1 of 2 items/);
    const both = await look({ status, companions: { ...listed('a', 'b', 'c'), results: results('b') } });
    assert.deepEqual(
      both.findings.map(({ severity }) => severity),
      ['warning', 'critical'],
    );
  });

  test('a Completed backup cannot lose items to errors', async () => {
    const results = { errors: { namespaces: { shop: ['name: /b message: x'] } }, warnings: {} };
    assert.match((await look({ companions: { ...listed('a', 'b'), results } })).lines.join(), /^critical missing/);
  });

  test('what operations added afterwards is in no list, and none is missed', async () => {
    const upload = { apiVersion: 'velero.io/v2alpha1', kind: 'DataUpload', metadata: { name: 'b-1', namespace: 'velero' } };
    const entries = [...configMapTwins('a'), ...twins('datauploads.velero.io', 'namespaces/velero', upload)];
    const itemOperations = [
      {
        spec: { postOperationItems: [{ Group: 'velero.io', Resource: 'datauploads', Namespace: 'velero', Name: 'b-1' }] },
        status: { phase: 'Completed' },
      },
    ];
    assert.deepEqual((await look({ entries, companions: { ...listed('a'), itemOperations } })).lines, []);
    const { lines, alarms } = await look({ entries, companions: listed('a') });
    assert.match(lines.join(), /^info extra: has 1 object in its archive \(backups\/\S+\.tar\.gz\) that Velero listed nowhere/);
    assert.deepEqual(alarms, []);
  });

  test('an item is listed once a version (EnableAPIGroupVersions), and a CRD may be stored as another', async () => {
    const crd = { apiVersion: 'apiextensions.k8s.io/v1beta1', kind: 'CustomResourceDefinition', metadata: { name: 'x.example.com' } };
    const entries = [
      ...configMapTwins('a'),
      { name: 'resources/configmaps/v2/namespaces/shop/a.json', content: json({ ...configMap('a'), apiVersion: 'v2' }) },
      ...twins('customresourcedefinitions.apiextensions.k8s.io', 'cluster', crd),
    ];
    const resourceList = {
      'v1/ConfigMap': ['shop/a'],
      'v2/ConfigMap': ['shop/a'],
      'apiextensions.k8s.io/v1/CustomResourceDefinition': ['x.example.com'],
    };
    const { lines, rows } = await look({ entries, companions: { resourceList } });
    assert.deepEqual([lines, rows.length], [[], 1]);
  });

  test('what cannot be read in the archive is for archive-damaged to say', async () => {
    const broken = configMapTwins('b').map((entry) => ({ ...entry, content: '{' }));
    assert.deepEqual((await look({ entries: [...configMapTwins('a'), ...broken], companions: listed('a', 'b') })).lines, []);
  });

  test('without a list it is unknown; an empty one, and an empty backup are no fault', async () => {
    const { lines, unknowns } = await look({});
    assert.deepEqual([lines, unknowns.length], [[], 1]);
    assert.match(unknowns[0]?.reason ?? '', /^it has no list of its items \(backups\/\S+-resource-list\.json\.gz\)/);
    assert.deepEqual((await look({ entries: [], companions: { resourceList: {} } })).lines, []);
  });

  test('a list that cannot be had or read is unknown', async () => {
    const damaged = await look({ companions: { resourceList: Buffer.from('x') } });
    assert.deepEqual([damaged.lines, damaged.unknowns.length], [[], 1]);
    const key = backupKey('b', 'resourceList');
    const denied = await lookInto(check, await written({ entries: configMapTwins('a'), name: 'b', companions: listed('a') }), {
      faults: { [key]: () => new StoreError('denied', 'access denied', 'grant it') },
    });
    assert.deepEqual([denied.lines, denied.unknowns.map(({ remedy }) => remedy)], [[], ['grant it']]);
  });

  test('of an archive that is cut nothing is said to be missing: that is unknown', async () => {
    const all = await written({ entries: [...configMapTwins('a'), ...configMapTwins('b')], name: 'b', companions: listed('a', 'b') });
    const content = all[backupKey('b', 'contents')];
    assert.ok(content instanceof Uint8Array);
    const { lines, unknowns } = await lookInto(check, { ...all, [backupKey('b', 'contents')]: content.subarray(0, -20) });
    assert.deepEqual([lines, unknowns.length], [[], 1]);
    assert.match(
      unknowns[0]?.reason ?? '',
      /^its archive could not be read to its end \(byte \d+ of the packed file: .*: what it lacks cannot be told$/,
    );
  });
});
