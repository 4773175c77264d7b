/** All checks of restorability on the two backups that a real Velero 1.18 wrote. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { lookIntoArchive } from '../../functions/backup-verification/archives.ts';
import checkClusterScopedLeftOut from '../../functions/backup-verification/checks/cluster-scoped-left-out.ts';
import checkHelmReleaseState from '../../functions/backup-verification/checks/helm-release-state.ts';
import checkIdentityOfCloud from '../../functions/backup-verification/checks/identity-of-cloud.ts';
import checkMissingConfigMap from '../../functions/backup-verification/checks/missing-configmap.ts';
import checkMissingCrd from '../../functions/backup-verification/checks/missing-crd.ts';
import checkMissingIngressClass from '../../functions/backup-verification/checks/missing-ingress-class.ts';
import checkMissingPriorityClass from '../../functions/backup-verification/checks/missing-priority-class.ts';
import checkMissingRole from '../../functions/backup-verification/checks/missing-role.ts';
import checkMissingRuntimeClass from '../../functions/backup-verification/checks/missing-runtime-class.ts';
import checkMissingSecret from '../../functions/backup-verification/checks/missing-secret.ts';
import checkMissingServiceAccount from '../../functions/backup-verification/checks/missing-service-account.ts';
import checkMissingStorageClass from '../../functions/backup-verification/checks/missing-storage-class.ts';
import checkMissingVolume from '../../functions/backup-verification/checks/missing-volume.ts';
import checkNamespaceMapping from '../../functions/backup-verification/checks/namespace-mapping.ts';
import checkSealedSecretsKey from '../../functions/backup-verification/checks/sealed-secrets-key.ts';
import checkWebhookWithoutService from '../../functions/backup-verification/checks/webhook-without-service.ts';
import type { ArchiveCheck, LocationFacts, OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { readInventory } from '../../functions/velero/inventory/read-inventory.ts';
import { schedulesOf } from '../../functions/velero/inventory/schedules.ts';
import { noCluster } from '../../functions/velero/read-cluster-facts.ts';
import { directoryObjectStore } from '../../functions/velero/store/directory-object-store.ts';

const checks: readonly OperationCheck[] = [
  checkClusterScopedLeftOut,
  checkHelmReleaseState,
  checkIdentityOfCloud,
  checkMissingConfigMap,
  checkMissingCrd,
  checkMissingIngressClass,
  checkMissingPriorityClass,
  checkMissingRole,
  checkMissingRuntimeClass,
  checkMissingSecret,
  checkMissingServiceAccount,
  checkMissingStorageClass,
  checkMissingVolume,
  checkNamespaceMapping,
  checkSealedSecretsKey,
  checkWebhookWithoutService,
];
const isArchiveCheck = (check: OperationCheck): check is ArchiveCheck => 'start' in check;
const { signal } = new AbortController();

describe('the genuine backups', () => {
  let location: LocationFacts;
  before(async () => {
    const place = new URL('../velero/bucket', import.meta.url).pathname;
    const store = await directoryObjectStore(place);
    const { backups, topFolders } = await readInventory(store, { known: undefined, signal });
    const cluster = noCluster('there is none', '', false);
    const object = { apiVersion: 'nightshift.dev/v1', kind: 'File', name: place };
    location = { name: place, object, store, topFolders, backups, schedules: schedulesOf(backups, cluster, place), cluster };
  });

  const saidOf = async (name: string, namespaceMapping: Readonly<Record<string, string>> = {}) => {
    const backup = location.backups.find((each) => each.name === name);
    assert.ok(backup);
    const enabled = checks.filter(isArchiveCheck).map((check) => ({ check, options: check.options.parse({}) }));
    const request = { level: 'restorability', namespaceMapping } as const;
    const voice = { location, request, now: Date.parse('2026-11-24T06:00:00Z'), signal, memory: {}, subjectPrefix: '' };
    const done = await lookIntoArchive(backup, enabled, voice);
    assert.ok(done?.end.whole);
    assert.deepEqual(done.said.unknowns, []);
    return done.said.findings.map(({ observer, severity, subject = '' }) => `${observer} ${severity} ${subject}`.trim());
  };

  // Its log says "Skipping resource because it's excluded" of clusterroles, priorityclasses and apiservices, and its spec names none of them.
  test('full-1 was to hold everything, and Velero left out what has no namespace', async () => {
    assert.deepEqual(await saidOf('full-1'), ['cluster-scoped-left-out warning']);
  });
  test('shop-1 is whole in itself', async () => {
    assert.deepEqual(await saidOf('shop-1'), []);
  });
  test('a namespace that is to be mapped and is not there is told', async () => {
    assert.deepEqual(await saidOf('shop-1', { production: 'staging' }), ['namespace-mapping warning no production']);
    assert.deepEqual(await saidOf('shop-1', { shop: 'staging' }), []);
  });
});
