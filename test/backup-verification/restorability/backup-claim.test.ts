import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { claimOf, leftOut } from '../../../functions/backup-verification/restorability/backup-claim.ts';
import type { BackupSpec } from '../../../functions/velero/backup.ts';
import { metadataOf } from '../sample-location.ts';

const specOf = (more: Partial<BackupSpec>): BackupSpec => ({ ...metadataOf('b', 1).spec, ...more });
const secrets = { kind: 'Secret', resource: 'secrets', group: '', namespaced: true };
const storageClasses = { kind: 'StorageClass', resource: 'storageclasses', group: 'storage.k8s.io', namespaced: false };
/** As the server of 1.17 and later leaves it in every spec without old filters. */
const addedByServer = {
  excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'],
  excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
};

describe('what a backup is for', () => {
  const claims: readonly [string, Partial<BackupSpec>, string][] = [
    ['no filters', {}, 'everything'],
    ['no namespaces named, as before 1.18.1', { includedNamespaces: [] }, 'everything'],
    ['what the server adds is nobody’s filter', addedByServer, 'everything'],
    ['a kind left out', { excludedResources: ['events'] }, 'everything'],
    ['all but one namespace, with what has none', { excludedNamespaces: ['velero'], includeClusterResources: true }, 'everything'],
    ['the same by the new filters', { excludedNamespaces: ['velero'], includedClusterScopedResources: ['*'] }, 'everything'],
    ['all but one namespace', { excludedNamespaces: ['velero'] }, 'namespaces'],
    ['one namespace', { includedNamespaces: ['shop'] }, 'namespaces'],
    ['namespaces by pattern', { includedNamespaces: ['shop-*'] }, 'namespaces'],
    ['without what has no namespace', { includeClusterResources: false }, 'namespaces'],
    ['some kinds', { includedResources: ['deployments'] }, 'selection'],
    ['some kinds by the new filters', { includedNamespaceScopedResources: ['deployments'] }, 'selection'],
    ['by label', { labelSelector: { matchLabels: { app: 'web' } } }, 'selection'],
    ['by several labels', { orLabelSelectors: [{ matchLabels: { app: 'web' } }] }, 'selection'],
  ];
  for (const [what, spec, claim] of claims) test(`${what}: ${claim}`, () => assert.equal(claimOf(specOf(spec)), claim));
});

describe('what Velero does not look at', () => {
  const cases: readonly [string, Partial<BackupSpec>, typeof secrets, string][] = [
    ['no filters', {}, storageClasses, 'no'],
    ['no filters, namespaced', {}, secrets, 'no'],
    ['what the server adds turns everything without a namespace off', addedByServer, storageClasses, 'by-velero'],
    ['and nothing that has one', addedByServer, secrets, 'no'],
    ['but not where they are named', { ...addedByServer, includedClusterScopedResources: ['*'] }, storageClasses, 'no'],
    ['or one of them is', { ...addedByServer, includedClusterScopedResources: ['storageclasses'] }, storageClasses, 'no'],
    ['or another', { ...addedByServer, includedClusterScopedResources: ['clusterroles'] }, storageClasses, 'by-filter'],
    ['or includeClusterResources is set', { includeClusterResources: true }, storageClasses, 'no'],
    ['with some namespaces, nobody expects them', { ...addedByServer, includedNamespaces: ['shop'] }, storageClasses, 'by-filter'],
    ['the same with old filters', { excludedResources: ['events'], includedNamespaces: ['shop'] }, storageClasses, 'by-filter'],
    ['old filters alone leave them in', { excludedResources: ['events'] }, storageClasses, 'no'],
    ['includeClusterResources: false', { includeClusterResources: false }, storageClasses, 'by-filter'],
    ['excluded by plural', { excludedResources: ['secrets'] }, secrets, 'by-filter'],
    ['by short name', { excludedResources: ['sc'] }, storageClasses, 'by-filter'],
    ['by kind', { excludedResources: ['Secret'] }, secrets, 'by-filter'],
    ['by resource.group', { excludedResources: ['storageclasses.storage.k8s.io'] }, storageClasses, 'by-filter'],
    ['by the new filters', { excludedNamespaceScopedResources: ['secrets'] }, secrets, 'by-filter'],
    ['excluded by name among those of the server', { excludedClusterScopedResources: ['storageclasses'] }, storageClasses, 'by-filter'],
    ['not among those included', { includedResources: ['deployments'] }, secrets, 'by-filter'],
    ['among those included', { includedResources: ['deployments', 'secrets'] }, secrets, 'no'],
  ];
  for (const [what, spec, kind, out] of cases) test(`${what}: ${out}`, () => assert.equal(leftOut(specOf(spec), kind), out));
});
