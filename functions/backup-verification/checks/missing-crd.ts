import * as z from 'zod';
import { customResourceDefinitions, metadataOf } from '../../cluster/kinds.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, type Need, presentInCluster, sawWhole, sayMissing } from '../restorability/absences.ts';
import { hasBuiltInGroup, platformOf } from '../restorability/baseline.ts';
import { fieldsAt, itemsOf, nameOf, refOf } from '../restorability/fields.ts';

const definitions = { ...metadataOf(customResourceDefinitions), optional: true } as const;
// Velero adds it to every backup of its objects, whatever is said of cluster-scoped kinds as a whole (backup/item_backupper.go).
const definition = {
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  group: 'apiextensions.k8s.io',
  namespaced: true,
  scope: 'cluster',
} as const;
const servedVersion = { ...definition, called: 'version' } as const;

const notRestored = (count: number): string => (count === 1 ? 'it would not be restored' : `none of the ${count} would be restored`);

/** The versions that a CRD serves; undefined where it does not say. */
function servedBy({ body }: ArchivedObject): ReadonlySet<string> | undefined {
  const { versions, version } = fieldsAt(body, 'spec');
  const told = itemsOf(versions);
  if (told.length === 0) return typeof version === 'string' ? new Set([version]) : undefined;
  return new Set(told.flatMap(({ name, served }) => (typeof name === 'string' && served !== false ? [name] : [])));
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
        const isMissing = (crd: string) => !served.has(crd) && !aggregated.has(crd.slice(crd.indexOf('.') + 1));
        sayMissing(
          opened,
          pass,
          definition,
          needs.all().flatMap((wanted) => {
            if (!isMissing(wanted.name)) return [];
            const consequence = notRestored(wanted.count);
            const remedy = `have customresourcedefinitions backed up (no includeClusterResources: false, no list of resources without them), or install what brings ${wanted.name} before the restore`;
            return [{ ...wanted, inCluster: inCluster(wanted.name), consequence, remedy }];
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
      },
    };
  },
});
