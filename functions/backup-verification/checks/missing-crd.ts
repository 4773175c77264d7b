import * as z from 'zod';
import { customResourceDefinitions } from '../../cluster/kinds.ts';
import { some } from '../../health-check/wire.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { collectNeeds, type Missing, type Need, presentInCluster, sawWhole, sayMissing, type Wanted } from '../restorability/absences.ts';
import { leftOut, lostNothing } from '../restorability/backup-claim.ts';
import { hasBuiltInGroup, platformOf } from '../restorability/baseline.ts';
import { fieldsAt, itemsOf, nameOf, placeOf, refOf } from '../restorability/fields.ts';

const definitions = { ...customResourceDefinitions, optional: true } as const;
// Velero adds it to every backup of its objects, whatever is said of cluster-scoped kinds as a whole (backup/backup.go, backupCRD).
const definition = {
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  group: 'apiextensions.k8s.io',
  namespaced: true,
  scope: 'cluster',
  comesAlong: true,
} as const;
const servedVersion = { ...definition, called: 'version' } as const;
const apiService = { kind: 'APIService', resource: 'apiservices', group: 'apiregistration.k8s.io', namespaced: false } as const;

/** But where that says that nothing without a namespace is wanted (ShouldExclude of util/collections/includes_excludes.go). */
const definitionIn = ({ metadata }: OpenedBackup) => ({ ...definition, namespaced: metadata.spec.includeClusterResources !== false });

/**
 * Velero adds the definition of all that it keeps. So where definitions are not kept out and one is missing nevertheless, there was none; and where
 * the backup holds no APIServices to tell, an API server of its own is what is left.
 */
function mustBeAggregated(opened: OpenedBackup): boolean {
  const { metadata } = opened;
  if (!lostNothing(metadata) || leftOut(metadata.spec, apiService) === 'no') return false;
  return ['no', 'by-selector'].includes(leftOut(metadata.spec, definitionIn(opened)));
}

const aggregatedWords = {
  effect: 'degraded',
  wasLacking: true,
  consequence: 'an API server of its own must have served it, and as long as that is not there none is restored',
  remedy: 'install what serves it (kubectl get apiservices) before the restore, if these are to come back at all',
} as const;

const notRestored = (count: number): string => (count === 1 ? 'it would not be restored' : `none of the ${count} would be restored`);

/** The versions that a CRD serves; undefined where it does not say. */
function servedBy({ body }: ArchivedObject): ReadonlySet<string> | undefined {
  const { versions, version } = fieldsAt(body, 'spec');
  const told = itemsOf(versions);
  if (told.length === 0) return typeof version === 'string' ? new Set([version]) : undefined;
  return new Set(told.flatMap(({ name, served }) => (typeof name === 'string' && served !== false ? [name] : [])));
}

interface VersionNeed {
  readonly wanted: Wanted;
  readonly crd: string;
  readonly version: string;
}

/** A restore leaves a definition that is there as it is: what it does not serve is not restored there (velero pkg/restore/restore.go). */
function sayOfCluster(
  { backup }: OpenedBackup,
  pass: CheckPass,
  inBackup: ReadonlyMap<string, ReadonlySet<string> | undefined>,
  needs: readonly VersionNeed[],
): void {
  const listed = pass.location.cluster.of(definitions);
  if (listed.state !== 'read') return;
  const inCluster = new Map(
    listed.objects.map(({ metadata, spec }) => [
      metadata?.name,
      new Set((spec?.versions ?? []).flatMap((each) => (each?.name && each.served !== false ? [each.name] : []))),
    ]),
  );
  for (const { wanted, crd, version } of needs) {
    const serves = inCluster.get(crd);
    // Of one that the backup's own definition does not serve that was said.
    if (!serves || serves.size === 0 || serves.has(version) || inBackup.get(crd)?.has(version) === false) continue;
    const [first] = wanted.by;
    const rest = wanted.count > 1 ? ` and ${wanted.count - 1} more` : '';
    const who = first ? `${first.object.kind} ${placeOf(first.object)}${rest}` : 'what is in the backup';
    pass.emit({
      object: pass.about(backup),
      subject: `version ${wanted.name} in the cluster`,
      severity: inBackup.has(crd) ? 'warning' : 'critical',
      message: `${who} ${wanted.count > 1 ? 'are' : 'is'} stored as ${version} of ${crd}, and the cluster’s own definition serves ${some([...serves].toSorted())} alone: a restore into it leaves that as it is, and ${notRestored(wanted.count)}`,
      remedy: `kubectl get crd ${crd} -o yaml: serve ${version} there too during the restore, or restore into a cluster without this definition`,
      members: wanted.by.map(({ object }) => object),
      details: { backup: backup.name, objects: wanted.count },
      backup: backup.name,
    });
  }
}

export default defineArchiveCheck({
  id: 'missing-crd',
  title: 'Custom resources whose definition the backup lacks',
  why: 'The API server does not know them, and not one of them is restored.',
  upstream: 'https://velero.io/docs/v1.18/restore-reference/#restore-order',
  level: 'restorability',
  reads: { definitions },
  options: z.strictObject({}),
  start(opened, pass) {
    const platform = platformOf(opened);
    const [needs, versionNeeds] = [collectNeeds(), collectNeeds()];
    const served = new Map<string, ReadonlySet<string> | undefined>();
    const aggregated = new Set<string>();
    const versionsOf = new Map<string, { readonly crd: string; readonly version: string }>();
    return {
      see(object) {
        const kind = groupResource(object);
        if (kind === groupResource(definition)) served.set(object.name, servedBy(object));
        // An API server of its own stands behind it, and no CRD.
        const { service, group } = fieldsAt(object.body, 'spec');
        if (kind === 'apiservices.apiregistration.k8s.io' && service && typeof group === 'string') aggregated.add(group);
        if (hasBuiltInGroup(object.group, platform)) return;
        const crd = kind;
        const version = nameOf(object.apiVersion.split('/')[1]) ?? '?';
        const need: Omit<Need, 'name' | 'how'> = { by: refOf(object), effect: 'blocking', worked: true, isControlled: false };
        needs.add({ ...need, name: crd, how: object.apiVersion });
        versionsOf.set(`${version} of ${crd}`, { crd, version });
        versionNeeds.add({ ...need, name: `${version} of ${crd}`, how: 'apiVersion' });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const inCluster = presentInCluster(pass.location.cluster, definitions);
        const isAggregated = mustBeAggregated(opened);
        const isMissing = (crd: string) => !served.has(crd) && !aggregated.has(crd.slice(crd.indexOf('.') + 1));
        sayMissing(
          opened,
          pass,
          definitionIn(opened),
          needs.all().flatMap((wanted): Missing[] => {
            if (!isMissing(wanted.name)) return [];
            const consequence = notRestored(wanted.count);
            const remedy = `have customresourcedefinitions backed up (no includeClusterResources: false, no list of resources without them), or install what brings ${wanted.name} before the restore`;
            return [{ ...wanted, inCluster: inCluster(wanted.name), consequence, remedy, ...(isAggregated && aggregatedWords) }];
          }),
        );
        sayMissing(
          opened,
          pass,
          servedVersion,
          versionNeeds.all().flatMap((wanted) => {
            const { crd, version } = versionsOf.get(wanted.name) ?? { crd: '', version: '' };
            const serves = served.get(crd);
            if (!serves || serves.has(version)) return [];
            const consequence = `its definition serves ${[...serves].toSorted().join(', ') || 'nothing'} alone, and ${notRestored(wanted.count)}`;
            const place = `such version in resources/${groupResource(definition)}/cluster/${crd}.json`;
            const remedy = `serve ${version} again until they are converted: kubectl get crd ${crd} -o jsonpath={.spec.versions[*].name}`;
            return [{ ...wanted, inCluster: 'unasked' as const, consequence, place, remedy }];
          }),
        );
        sayOfCluster(
          opened,
          pass,
          served,
          versionNeeds.all().flatMap((wanted) => ({ wanted, ...(versionsOf.get(wanted.name) ?? { crd: '', version: '' }) })),
        );
      },
    };
  },
});
