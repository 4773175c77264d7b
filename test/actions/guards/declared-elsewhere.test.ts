import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredElsewhere, managersOf } from '../../../functions/actions/guards/declared-elsewhere.ts';
import { guardedMetadata } from '../../../functions/actions/guards/guarded-metadata.ts';
import { held } from '../../../functions/actions/guards/held.ts';
import { guardSettings } from '../../../functions/actions/guards/settings.ts';

const entry = (manager: string, more: object = {}) => ({
  manager,
  operation: 'Update',
  apiVersion: 'batch/v1',
  fieldsType: 'FieldsV1',
  ...more,
});

for (const [manager, whose] of [
  ['argocd-controller', 'Argo CD'],
  ['argocd-application-controller', 'Argo CD'],
  ['kustomize-controller', 'Flux'],
  ['helm-controller', 'Flux'],
  ['helm', 'Helm'],
  ['Terraform', 'Terraform'],
  ['HashiCorp', 'Terraform'],
  ['pulumi-kubernetes', 'Pulumi'],
  ['crossplane-kubernetes-provider', 'Crossplane'],
  ['kapp-server-side-fieldmanager', 'kapp'],
] as const)
  test(`what ${manager} wrote is ${whose}’s to make again`, () =>
    assert.deepEqual(
      declaredElsewhere({ managers: managersOf([entry('kube-controller-manager', { subresource: 'status' }), entry(manager)]) }),
      {
        guard: 'declared-elsewhere',
        because: `${whose} declares it (field manager ${manager})`,
      },
    ));

test('people, controllers and whoever only wrote a status keep nothing', () => {
  for (const manager of ['kubectl-client-side-apply', 'kubectl-create', 'kube-controller-manager', 'node-fetch', 'helmsman-ui'])
    assert.equal(declaredElsewhere({ managers: [manager] }), undefined, manager);
  assert.deepEqual(managersOf([entry('argocd-controller', { subresource: 'status' })]), []);
  for (const odd of [undefined, null, 'x', [null, 3, { manager: 5 }]]) assert.deepEqual(managersOf(odd), []);
});

test('what a controller owns is its controller’s: a CronJob’s Job that Argo CD’s button started', () => {
  const managers = ['argocd-server'];
  assert.equal(declaredElsewhere({ managers, ownerReferences: [{ kind: 'CronJob', name: 'report', controller: true }] }), undefined);
  assert.notEqual(declaredElsewhere({ managers, ownerReferences: [{ kind: 'Thing', name: 'x' }] }), undefined);
});

test('the guard sees it on a live object', () => {
  const metadata = guardedMetadata({ metadata: { name: 'migrate', namespace: 'shop', managedFields: [entry('Terraform')] } });
  assert.ok(metadata);
  const kept = held(metadata, {
    kind: 'delete',
    object: { apiVersion: 'batch/v1', kind: 'Job' },
    resource: 'jobs',
    since: 1,
    minimumAgeHours: 0,
    now: Date.parse('2026-03-18T09:00:00Z'),
    settings: guardSettings(),
    namespaces: new Map([['shop', {}]]),
  });
  assert.deepEqual(kept, { guard: 'declared-elsewhere', because: 'Terraform declares it (field manager Terraform)' });
});
