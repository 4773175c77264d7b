import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/helm-release-state.ts';
import { assertSilent, assertSound, lookInto, type Manifest, manifest, theFinding } from '../archive-of.ts';
import { inPart, ofShop } from '../samples.ts';

const managed = (kind: string, place: string, annotations: Readonly<Record<string, string>>): Manifest =>
  manifest('v1', kind, place, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' }, annotations } });
const ofGreetings = { 'meta.helm.sh/release-name': 'greetings', 'meta.helm.sh/release-namespace': 'shop' };
const greetings = managed('Service', 'shop/greetings', ofGreetings);
const state = (kind: string, place: string, name: string): Manifest =>
  manifest('v1', kind, place, {
    metadata: { labels: { owner: 'helm', name, status: 'deployed', version: '1' } },
    data: { release: 'SDRz' },
  });

describe('helm-release-state', () => {
  test('objects of a release whose state is not in the backup: one finding a release', async () => {
    const objects = [greetings, managed('ConfigMap', 'shop/greetings', ofGreetings)];
    // What helm uninstall kept (helm.sh/resource-policy: keep), or a release whose state is in a database.
    assert.equal((await theFinding(check, { objects })).severity, 'info');
    const finding = await theFinding(check, { objects, metadata: inPart });
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.subject, 'Helm release shop/greetings');
    assert.match(finding.message, /the backup has no Secret or ConfigMap sh\.helm\.release\.v1\.greetings\.v\* in shop/);
    assert.equal(finding.details?.neededBy, 2);
  });
  test('it is there, as a Secret or a ConfigMap, and nothing of it is told', async () => {
    for (const kind of ['Secret', 'ConfigMap'])
      await assertSilent(check, { objects: [greetings, state(kind, 'shop/sh.helm.release.v1.greetings.v1', 'greetings')] });
    const { findings } = await lookInto(check, { objects: [greetings, state('Secret', 'shop/x', 'other')] });
    assert.doesNotMatch(JSON.stringify(findings), /SDRz/);
  });
  test('the state of another release, or of one of this name elsewhere, does not help', async () => {
    await theFinding(check, { objects: [greetings, state('Secret', 'shop/x', 'other'), state('Secret', 'data/x', 'greetings')] });
  });
  test('Argo CD and helm template leave the label alone: no release', () =>
    assertSilent(check, {
      objects: [managed('Service', 'shop/web', {}), manifest('v1', 'Service', 'shop/api', { metadata: { annotations: ofGreetings } })],
    }));
  test('Flux keeps the state with its HelmRelease, and the objects are somewhere else', async () => {
    const release = manifest('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'flux-system/greetings', {
      spec: { targetNamespace: 'shop', releaseName: 'greetings' },
    });
    const objects = [greetings, release, state('Secret', 'flux-system/sh.helm.release.v1.greetings.v1', 'greetings')];
    await assertSilent(check, { objects });
    await theFinding(check, { objects: objects.slice(0, 2) });
    const named = manifest('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'flux-system/hello', { spec: { targetNamespace: 'shop' } });
    const hello = managed('Service', 'shop/hello', { ...ofGreetings, 'meta.helm.sh/release-name': 'shop-hello' });
    await assertSilent(check, { objects: [named, hello, state('Secret', 'flux-system/x', 'shop-hello')] });
  });
  test('a release of a namespace that is not in the backup', async () => {
    const elsewhere = managed('Service', 'shop/agent', {
      'meta.helm.sh/release-name': 'agent',
      'meta.helm.sh/release-namespace': 'platform',
    });
    assert.equal((await theFinding(check, { objects: [elsewhere], spec: ofShop })).severity, 'info');
    assert.equal((await theFinding(check, { objects: [greetings], spec: ofShop, metadata: inPart })).severity, 'warning');
  });
  test('sound', () =>
    assertSound(check, { objects: [greetings, managed('ConfigMap', 'shop/a', ofGreetings), state('Secret', 'shop/x', 'other')] }));
});
