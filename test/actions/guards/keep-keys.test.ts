import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuardedMetadata } from '../../../functions/actions/contracts.ts';
import { keepKeys, keptByKey, keptByNamespace } from '../../../functions/actions/guards/keep-keys.ts';

const of = (place: 'label' | 'annotation', key: string, value: string): GuardedMetadata =>
  place === 'label' ? { labels: { [key]: value } } : { annotations: { [key]: value } };

/** The anchors' table, a row a key, as tools write it. */
const keeping: readonly (readonly [place: 'label' | 'annotation', key: string, value: string, kind?: string])[] = [
  ['annotation', 'nightshift.dev/keep', 'true'],
  ['label', 'nightshift.dev/keep', 'true'],
  ['annotation', 'nightshift.dev/keep', 'yes'],
  ['label', 'kor/used', 'true'],
  ['annotation', 'janitor/ttl', 'forever'],
  ['annotation', 'janitor/ttl', '7d'],
  ['annotation', 'janitor/expires', '2026-12-31'],
  ['annotation', 'k8s-ttl-controller.twin.sh/ttl', '1h'],
  ['annotation', 'k8s-ttl-controller.twin.sh/refreshed-at', '2026-11-24T00:00:00Z'],
  ['annotation', 'cleaner/ttl', '1d'],
  ['label', 'cleanup.kyverno.io/ttl', '2m'],
  ['annotation', 'cleanup.kyverno.io/propagation-policy', 'Foreground'],
  ['annotation', 'argocd.argoproj.io/sync-options', 'Prune=false'],
  ['annotation', 'argocd.argoproj.io/sync-options', 'Delete=confirm,Replace=true'],
  ['annotation', 'argocd.argoproj.io/tracking-id', 'shop:batch/Job:shop/migrate'],
  ['annotation', 'argocd.argoproj.io/hook', 'PreSync'],
  ['annotation', 'argocd.argoproj.io/compare-options', 'IgnoreExtraneous'],
  ['label', 'argocd.argoproj.io/instance', 'shop'],
  ['annotation', 'kustomize.toolkit.fluxcd.io/prune', 'disabled'],
  ['label', 'kustomize.toolkit.fluxcd.io/prune', 'disabled'],
  ['annotation', 'kustomize.toolkit.fluxcd.io/reconcile', 'disabled'],
  ['label', 'kustomize.toolkit.fluxcd.io/name', 'apps'],
  ['label', 'kustomize.toolkit.fluxcd.io/namespace', 'flux-system'],
  ['label', 'helm.toolkit.fluxcd.io/name', 'shop'],
  ['label', 'helm.toolkit.fluxcd.io/namespace', 'shop'],
  ['annotation', 'helm.sh/resource-policy', ' Keep '],
  ['annotation', 'helm.sh/resource-policy', 'other'],
  ['annotation', 'helm.sh/hook', 'pre-upgrade'],
  ['annotation', 'meta.helm.sh/release-name', 'shop'],
  ['label', 'app.kubernetes.io/managed-by', 'Helm'],
  ['label', 'app.kubernetes.io/managed-by', 'terraform'],
  ['label', 'applyset.kubernetes.io/part-of', 'applyset-x-v1'],
  // Not in the anchors: Argo CD that tracks by label, and who else makes again what is gone.
  ['label', 'app.kubernetes.io/instance', 'shop'],
  ['label', 'objectset.rio.cattle.io/hash', 'f399b22'],
  ['label', 'kapp.k14s.io/app', '1700000000'],
  ['annotation', 'configsync.gke.io/resource-id', 'batch_job_shop_migrate'],
  ['annotation', 'configmanagement.gke.io/managed', 'enabled'],
  ['label', 'app.oam.dev/name', 'shop'],
  ['label', 'karmada.io/managed', 'true'],
  ['label', 'addonmanager.kubernetes.io/mode', 'Reconcile'],
  ['annotation', 'descheduler.alpha.kubernetes.io/prefer-no-eviction', '', 'Pod'],
  ['annotation', 'cluster-autoscaler.kubernetes.io/safe-to-evict', 'false', 'Pod'],
  ['annotation', 'karpenter.sh/do-not-disrupt', 'true', 'Pod'],
  ['annotation', 'k8sgpt.ai/dynamically-loaded', 'true'],
  ['annotation', 'k8sgpt.ai/skip-usage-check', 'true'],
  ['annotation', 'control-plane.alpha.kubernetes.io/leader', '{"holderIdentity":"a"}'],
];

for (const [place, key, value, kind = 'Job'] of keeping)
  test(`${place} ${key}=${value} keeps a ${kind}, and is named`, () => {
    const kept = keptByKey(of(place, key, value), kind);
    assert.equal(kept?.held.guard, 'keep-keys');
    assert.ok(kept.held.because.startsWith(`${place} ${key}=`), kept.held.because);
  });

test('every key of the table keeps something in this test, so that none is there in vain', () => {
  const untried = keepKeys.filter(
    ({ key, on, keeps, only }) =>
      !keeping.some(
        ([place, tried, value, kind = 'Job']) =>
          (on === 'both' || on === place) &&
          (key.endsWith('/') ? tried.startsWith(key) : tried === key) &&
          (keeps?.(value) ?? true) &&
          (only ?? kind) === kind,
      ),
  );
  // The older names of Karpenter and of the applyset's parent are not in the anchors.
  assert.deepEqual(
    untried.map(({ key }) => key),
    ['karpenter.sh/do-not-evict', 'applyset.kubernetes.io/id'],
  );
});

const notKeeping: readonly (readonly [place: 'label' | 'annotation', key: string, value: string, kind?: string])[] = [
  ['label', 'kor/used', 'false'],
  ['annotation', 'nightshift.dev/keep', 'false'],
  ['annotation', 'cleanup.kyverno.io/ttl', '2m'],
  ['label', 'velero.io/exclude-from-backup', 'true'],
  ['annotation', 'kubectl.kubernetes.io/last-applied-configuration', ''],
  ['label', 'app.kubernetes.io/managed-by', ''],
  ['label', 'app.kubernetes.io/instance', ''],
  ['annotation', 'descheduler.alpha.kubernetes.io/evict', 'true', 'Pod'],
  ['annotation', 'cluster-autoscaler.kubernetes.io/safe-to-evict', 'true', 'Pod'],
  ['annotation', 'cluster-autoscaler.kubernetes.io/safe-to-evict', 'false', 'Job'],
  ['annotation', 'karpenter.sh/do-not-disrupt', 'true', 'Job'],
  ['annotation', 'argocd.argoproj.iox/hook', 'PreSync'],
];
for (const [place, key, value, kind = 'Job'] of notKeeping)
  test(`${place} ${key}=${value} keeps no ${kind}`, () => assert.equal(keptByKey(of(place, key, value), kind), undefined));

test('kor/used: "false" is no reason to go where another key keeps', () => {
  const kept = keptByKey({ labels: { 'kor/used': 'false', 'app.kubernetes.io/managed-by': 'Helm' } }, 'ConfigMap');
  assert.match(kept?.held.because ?? '', /^label app\.kubernetes\.io\/managed-by=Helm/);
});

test('what somebody asked for is told before who owns it', () => {
  const kept = keptByKey({ annotations: { 'argocd.argoproj.io/tracking-id': 'x' }, labels: { 'nightshift.dev/keep': 'true' } }, 'Job');
  assert.deepEqual(kept, { held: { guard: 'keep-keys', because: 'label nightshift.dev/keep=true (Nightshift)' }, says: 'asked' });
});

test('a label that templates hand on counts on the object itself, and not on what a controller owns', () => {
  const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
  const ownerReferences = [{ kind: 'ReplicaSet', name: 'web-7c9', controller: true }];
  assert.match(keptByKey({ labels }, 'Pod')?.held.because ?? '', /managed-by=Helm/);
  assert.match(keptByKey({ labels, ownerReferences: [{ kind: 'Database', name: 'db' }] }, 'Pod')?.held.because ?? '', /managed-by=Helm/);
  assert.equal(keptByKey({ labels, ownerReferences }, 'Pod'), undefined);
  assert.equal(keptByKey({ labels: { 'app.kubernetes.io/instance': 'shop' }, ownerReferences }, 'Job'), undefined);
  assert.notEqual(keptByKey({ annotations: { 'nightshift.dev/keep': 'yes' }, ownerReferences }, 'Pod'), undefined);
  // kustomize's commonAnnotations reach the templates of pods; a CronJob's Job that carries them may still be tracked for itself.
  for (const key of [
    'argocd.argoproj.io/tracking-id',
    'meta.helm.sh/release-name',
    'kustomize.toolkit.fluxcd.io/name',
    'app.oam.dev/name',
  ]) {
    assert.equal(keptByKey({ annotations: { [key]: 'yes' }, ownerReferences }, 'Pod'), undefined, key);
    assert.notEqual(keptByKey({ annotations: { [key]: 'yes' } }, 'Pod'), undefined, `${key} of a bare pod`);
    assert.notEqual(keptByKey({ annotations: { [key]: 'yes' }, ownerReferences }, 'Job'), undefined, `${key} of a Job`);
  }
});

test('a long value is cut, on one line', () => {
  const kept = keptByKey({ annotations: { 'control-plane.alpha.kubernetes.io/leader': `{\n${'x'.repeat(500)}` } }, 'ConfigMap');
  assert.ok((kept?.held.because.length ?? 999) < 200);
  assert.doesNotMatch(kept?.held.because ?? '', /\n/);
});

test('nightshift.dev/keep of the Namespace keeps what is in it, and so does a Namespace that was not seen', () => {
  const namespaces = new Map<string, GuardedMetadata>([
    ['kept', { annotations: { 'nightshift.dev/keep': 'true' } }],
    ['labelled', { labels: { 'nightshift.dev/keep': 'true' } }],
    ['not', { annotations: { 'nightshift.dev/keep': 'false' } }],
    ['plain', {}],
  ]);
  assert.equal(keptByNamespace({ namespace: 'kept' }, namespaces)?.because, 'annotation nightshift.dev/keep=true of namespace kept');
  assert.match(keptByNamespace({ namespace: 'labelled' }, namespaces)?.because ?? '', /^label /);
  assert.equal(keptByNamespace({ namespace: 'not' }, namespaces), undefined);
  assert.equal(keptByNamespace({ namespace: 'plain' }, namespaces), undefined);
  assert.match(keptByNamespace({ namespace: 'unseen' }, namespaces)?.because ?? '', /Namespace unseen was not seen/);
  assert.match(keptByNamespace({ namespace: 'plain' }, undefined)?.because ?? '', /not known/);
  assert.equal(keptByNamespace({}, undefined), undefined, 'what is in no namespace');
});
