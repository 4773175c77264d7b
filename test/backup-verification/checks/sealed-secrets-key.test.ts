import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/sealed-secrets-key.ts';
import { assertSilent, assertSound, manifest, theFinding } from '../archive-of.ts';
import { ofShop } from '../samples.ts';

const sealed = manifest('bitnami.com/v1alpha1', 'SealedSecret', 'shop/payment', { spec: { encryptedData: { key: 'AgBy' } } });
const opened = manifest('v1', 'Secret', 'shop/payment', { data: { key: 'aHVudGVyMg==' } });
const key = manifest('v1', 'Secret', 'kube-system/sealed-secrets-keyx7k2p', {
  metadata: { labels: { 'sealedsecrets.bitnami.com/sealed-secrets-key': 'active' } },
  data: { 'tls.key': 'c2VjcmV0' },
});

describe('sealed-secrets-key', () => {
  test('neither the key nor what was sealed is in the backup', async () => {
    const finding = await theFinding(check, { objects: [sealed] });
    assert.equal(finding.severity, 'critical');
    assert.match(finding.message, /neither it nor the Secret that it holds is to be had$/);
  });
  test('what was opened comes back, and can never be opened again', async () => {
    const finding = await theFinding(check, { objects: [sealed, opened] });
    assert.equal(finding.severity, 'warning');
    assert.doesNotMatch(JSON.stringify(finding), /aHVudGVyMg/);
  });
  test('the key is there', () => assertSilent(check, { objects: [sealed, key] }));
  test('no SealedSecrets, no key', () => assertSilent(check, { objects: [opened] }));
  test('a Secret with another label is no key', async () => {
    await theFinding(check, {
      objects: [
        sealed,
        manifest('v1', 'Secret', 'kube-system/k', { metadata: { labels: { a: 'sealedsecrets.bitnami.com/sealed-secrets-key' } } }),
      ],
    });
  });
  test('a backup of one namespace does not hold the controller’s', async () => {
    assert.equal((await theFinding(check, { objects: [sealed], spec: ofShop })).severity, 'info');
  });
  test('the name that a template gives', async () => {
    const renamed = { ...sealed, spec: { template: { metadata: { name: 'pay' } } } };
    assert.equal((await theFinding(check, { objects: [renamed, opened] })).severity, 'critical');
    assert.equal((await theFinding(check, { objects: [renamed, manifest('v1', 'Secret', 'shop/pay')] })).severity, 'warning');
  });
  test('sound', () => assertSound(check, { objects: [sealed, opened, { ...sealed, metadata: { name: 'b', namespace: 'data' } }] }));
});
