import * as z from 'zod';
import type { BackupSpec } from '../../velero/backup.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { sawWhole } from '../restorability/absences.ts';
import { isAllButSomeNamespaces, leftOut } from '../restorability/backup-claim.ts';
import { gravityOf, standingOf } from '../restorability/gravity.ts';

/** Every cluster has some of these, and nothing else in a backup brings them along. */
const inEveryCluster = [
  { kind: 'APIService', resource: 'apiservices', group: 'apiregistration.k8s.io', namespaced: false },
  { kind: 'FlowSchema', resource: 'flowschemas', group: 'flowcontrol.apiserver.k8s.io', namespaced: false },
] as const;

export default defineArchiveCheck({
  id: 'cluster-scoped-left-out',
  title: 'Backups of everything that hold nothing of what has no namespace',
  why: 'StorageClasses, ClusterRoles, PriorityClasses, IngressClasses and webhooks are then not restored, though nobody left them out.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.0/pkg/util/collections/includes_excludes.go',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start: (opened, pass) => ({
    finish(end) {
      if (!sawWhole(end, opened, pass)) return;
      const { metadata, backup } = opened;
      if (inEveryCluster.some(({ resource, group }) => (end.kinds[`${resource}.${group}`] ?? 0) > 0)) return;
      const isByVelero = inEveryCluster.every((kind) => leftOut(metadata.spec, kind) === 'by-velero');
      if (!isByVelero && !isAllButSomeNamespaces(metadata.spec)) return;
      const absence = {
        effect: 'degraded',
        scope: 'cluster',
        worked: true,
        inCluster: 'unasked',
        isFiltered: false,
        wasLacking: false,
      } as const;
      pass.emit({
        object: pass.about(backup),
        backup: backup.name,
        // Somebody left out a namespace, or labelled one velero.io/exclude-from-backup, and with it everything of no namespace is gone.
        severity: isByVelero ? (gravityOf(standingOf(opened), absence) ?? 'info') : 'warning',
        message: `it was to hold ${isByVelero ? 'everything' : 'all namespaces but some'}, and what has no namespace was left out: ${isByVelero ? byVelero : byNamespaces}; expected apiservices and flowschemas, which every cluster has, in ${backup.name}.tar.gz and found none`,
        remedy: `set ${metadata.schedule === undefined ? 'spec' : 'spec.template'}.${askFor(metadata.spec)}, and look whether the next backup holds clusterroles`,
        details: { backup: backup.name, clusterScoped: end.namespaces[''] ?? 0 },
      });
    },
  }),
});

/** Beside old filters the server ignores the new ones, and the command refuses both together (UseOldResourceFilters; cmd/cli/backup/create.go). */
const askFor = ({ includedResources, excludedResources }: BackupSpec): string =>
  includedResources.length > 0 || excludedResources.length > 0
    ? 'includeClusterResources: true (velero: --include-cluster-resources)'
    : 'includedClusterScopedResources: ["*"] (velero: --include-cluster-scoped-resources="*")';

const byVelero =
  'Velero added volumesnapshotcontents to excludedClusterScopedResources, and with any such exclude only cluster-scoped kinds that are named are backed up';
const byNamespaces = 'with excludedNamespaces Velero takes only cluster-scoped kinds that are named';
