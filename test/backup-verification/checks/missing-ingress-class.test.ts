import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-ingress-class.ts';
import { assertSilent, assertSound, manifest, theFinding } from '../archive-of.ts';
import { inPart, ofShop } from '../samples.ts';

const ingress = manifest('networking.k8s.io/v1', 'Ingress', 'shop/web', { spec: { ingressClassName: 'public' } });
const publicClass = manifest('networking.k8s.io/v1', 'IngressClass', 'public');

describe('missing-ingress-class', () => {
  test('no controller serves it', async () => {
    const finding = await theFinding(check, { objects: [ingress] });
    assert.equal(finding.severity, 'info');
    assert.equal(finding.subject, 'IngressClass public');
    assert.match(finding.message, /no controller serves it, as before: the cluster had none either/);
    assert.equal((await theFinding(check, { objects: [ingress], metadata: inPart })).severity, 'warning');
  });
  test('it is there', () => assertSilent(check, { objects: [ingress, publicClass] }));
  test('the annotation needs no class, nor does an Ingress without one', () =>
    assertSilent(check, {
      objects: [
        manifest('networking.k8s.io/v1', 'Ingress', 'shop/a', {
          metadata: { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
          spec: {},
        }),
      ],
    }));
  test('a backup of one namespace, and the cluster', async () => {
    assert.equal((await theFinding(check, { objects: [ingress], spec: ofShop })).severity, 'info');
    assert.equal((await theFinding(check, { objects: [ingress], spec: ofShop, cluster: {} })).severity, 'info');
    await assertSilent(check, { objects: [ingress], spec: ofShop, cluster: { ingressclasses: [publicClass] } });
  });
  test('sound', () =>
    assertSound(check, {
      objects: [ingress, manifest('networking.k8s.io/v1', 'Ingress', 'data/web', { spec: { ingressClassName: 'x' } })],
    }));
});
