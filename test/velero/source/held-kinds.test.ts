import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as kinds from '../../../functions/cluster/kinds.ts';
import { clusterScoped } from '../../../functions/cluster/kinds.ts';
import type { Read } from '../../../functions/scan/contracts.ts';
import type { BackupSpec } from '../../../functions/velero/backup.ts';
import { parseBackupMetadata } from '../../../functions/velero/inventory/parse-backup-metadata.ts';
import { holdsNamespace, namedNamespaces, whyNotHeld } from '../../../functions/velero/source/held-kinds.ts';
import fc from '../../fuzz.ts';

const specOf = (spec: object): BackupSpec => {
  const backup = { apiVersion: 'velero.io/v1', kind: 'Backup', metadata: { name: 'b' }, spec, status: { version: 1, phase: 'Completed' } };
  const parsed = parseBackupMetadata(Buffer.from(JSON.stringify(backup)));
  assert('metadata' in parsed);
  return parsed.metadata.spec;
};
const isCluster = (read: Read) => clusterScoped.some(({ resource }) => resource === read.resource);
const why = (read: Read, spec: object) => whyNotHeld({ ...read, namespaced: !isCluster(read) }, specOf(spec));
const isHeld = (read: Read, spec: object) => why(read, spec) === undefined;
const { pods, deployments, nodes, namespaces, events, apiServices, fluxKustomizations } = kinds;

/** As velero 1.18 decides: ShouldInclude of pkg/util/collections/includes_excludes.go. */
describe('which kinds a backup holds', () => {
  test('all of them, where nothing is said (Velero 1.16 and older)', () => {
    for (const read of [pods, deployments, nodes, namespaces, fluxKustomizations])
      assert(isHeld(read, {}) && isHeld(read, { includedNamespaces: ['*'] }), read.resource);
  });
  test('by its name in each form: plural, singular, short, with its group or the beginning of it, as a glob', () => {
    for (const item of ['deployments', 'Deployment', 'deploy', 'deployments.apps', 'deploy.apps', '*.apps'])
      assert.match(
        why(deployments, { excludedResources: [item] }) ?? '',
        /^the backup holds no deployments.apps: they are among its excludedResources$/,
        item,
      );
    for (const item of ['pods', 'deployments.extensions', 'replicasets.apps', '*.apps.io'].filter((each) => each !== 'deployment'))
      assert(isHeld(deployments, { excludedResources: [item] }), item);
    assert(isHeld(fluxKustomizations, { includedResources: ['kustomizations.kustomize'] }));
    assert(!isHeld(fluxKustomizations, { includedResources: ['kustomizations.config'] }));
  });
  test('included ones alone', () => {
    assert.equal(
      why(events, { includedResources: ['pods', 'deploy'] }),
      'the backup holds no events: its includedResources are pods, deploy',
    );
    assert(isHeld(pods, { includedResources: ['po'] }));
    assert(isHeld(pods, { includedResources: ['*'], excludedResources: ['events'] }));
    assert(!isHeld(events, { includedResources: ['*'], excludedResources: ['ev'] }));
  });
  test('what is in no namespace, by the old filters', () => {
    assert(!isHeld(nodes, { includeClusterResources: false }));
    assert(isHeld(nodes, { includeClusterResources: true, includedNamespaces: ['shop'] }));
    assert(!isHeld(nodes, { excludedResources: ['events'], includedNamespaces: ['shop'] }));
    assert(isHeld(nodes, { excludedResources: ['events'] }));
    assert(!isHeld(nodes, { excludedResources: ['events'], excludedNamespaces: ['kube-system'] }));
    assert(isHeld(namespaces, { excludedResources: ['events'], includedNamespaces: ['shop'] }));
    assert(!isHeld(namespaces, { includeClusterResources: false }));
  });
  test('what is in no namespace, by the scoped filters', () => {
    assert(!isHeld(nodes, { includedNamespaces: ['shop'] }));
    assert(isHeld(namespaces, { includedNamespaces: ['shop'] }));
    assert(isHeld(nodes, { includedNamespaces: ['shop'], includedClusterScopedResources: ['nodes'] }));
    assert(!isHeld(apiServices, { includedClusterScopedResources: ['nodes'] }));
    assert(!isHeld(nodes, { includedClusterScopedResources: ['*'], excludedClusterScopedResources: ['no'] }));
    assert(!isHeld(nodes, { includedNamespaceScopedResources: ['pods'] }));
    assert(!isHeld(events, { includedNamespaceScopedResources: ['pods'] }));
    assert(!isHeld(pods, { excludedNamespaceScopedResources: ['*'] }));
    assert(!isHeld(namespaces, { excludedClusterScopedResources: ['*'] }));
  });
  test('Velero 1.18 excludes one kind of itself, and with it all that is in no namespace (seen in the genuine full-1)', () => {
    const defaulted = {
      includedNamespaces: ['*'],
      excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'],
      excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
    };
    assert(!isHeld(nodes, defaulted) && !isHeld(apiServices, defaulted));
    assert(isHeld(namespaces, defaulted) && isHeld(pods, defaulted));
    assert(isHeld(nodes, { ...defaulted, includedClusterScopedResources: ['*'] }));
  });
  test('property: excluding more never makes it hold more', () => {
    const item = fc.constantFrom('pods', 'deploy', '*.apps', 'nodes', 'events', 'kustomizations', '*');
    const lists = fc.record({
      excludedResources: fc.uniqueArray(item),
      excludedClusterScopedResources: fc.uniqueArray(item),
      excludedNamespaceScopedResources: fc.uniqueArray(item),
    });
    fc.assert(
      fc.property(lists, fc.constantFrom(...Object.values({ pods, deployments, nodes, events })), fc.boolean(), (spec, read, isOld) => {
        const { excludedResources, ...scoped } = spec;
        const used = isOld ? { excludedResources, includeClusterResources: true } : scoped;
        if (isHeld(read, used)) assert(isHeld(read, isOld ? { includeClusterResources: true } : {}));
      }),
    );
  });
});

describe('which namespaces', () => {
  test('those that are named, without those that are excluded', () => {
    const spec = specOf({ includedNamespaces: ['shop', 'payments', 'old', ''], excludedNamespaces: ['old'] });
    assert.deepEqual(namedNamespaces(spec), ['shop', 'payments']);
    assert.deepEqual(
      ['shop', 'old', 'other'].map((name) => holdsNamespace(name, spec)),
      [true, false, false],
    );
  });
  test('all, all but some, and globs name none', () => {
    for (const spec of [{}, { includedNamespaces: ['*'] }, { excludedNamespaces: ['x'] }, { includedNamespaces: ['team-*'] }])
      assert.equal(namedNamespaces(specOf(spec)), undefined);
    assert(holdsNamespace('team-1', specOf({ includedNamespaces: ['team-[12]'] })));
    assert(!holdsNamespace('team-3', specOf({ includedNamespaces: ['team-[12]'] })));
    assert(!holdsNamespace('kube-system', specOf({ excludedNamespaces: ['kube-*'] })));
  });
});
