import * as z from 'zod';
import { metadataOf, storageClasses } from '../../cluster/kinds.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { collectNeeds, type Missing, type Need, presentInCluster, sawWhole, sayMissing, type Wanted } from '../restorability/absences.ts';
import { isBuiltIn, platformOf } from '../restorability/baseline.ts';
import { annotationsOf, type Fields, fieldsAt, itemsOf, labelsOf, nameOf, placeOf, refOf, textAt } from '../restorability/fields.ts';
import { type Workload, workloadOf } from '../restorability/references.ts';

const classes = { ...metadataOf(storageClasses), optional: true } as const;
const storageClass = { kind: 'StorageClass', resource: 'storageclasses', group: 'storage.k8s.io', namespaced: false } as const;

/** What a claim without a class needs; no StorageClass can have this name. */
const byDefault = '(default)';
const isDefault = (annotations: unknown): boolean =>
  ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'].some(
    (key) => textAt(annotations, key) === 'true',
  );

/** The class that a claim asks for; undefined for a static volume (the empty text). */
function classOf(claim: Fields): string | undefined {
  const old = textAt(fieldsAt(claim, 'metadata', 'annotations'), 'volume.beta.kubernetes.io/storage-class');
  const { storageClassName } = fieldsAt(claim, 'spec');
  const told = typeof storageClassName === 'string' ? storageClassName : old;
  return told === undefined ? byDefault : nameOf(told);
}

type Asked = Omit<Need, 'effect' | 'isControlled'> & {
  /** The volume that a claim is bound to. */
  readonly volume?: string | undefined;
  /** Claims of which this is one, or which a StatefulSet makes of its template: `shop/data-db-`. */
  readonly series: string;
  readonly isTemplate: boolean;
};

/** What asks for a class: claims, and the templates that StatefulSets and pods make them of. */
function asked(object: ArchivedObject): readonly Asked[] {
  const by = refOf(object);
  if (groupResource(object) === 'persistentvolumeclaims') {
    const [name, { phase }] = [classOf(object.body), fieldsAt(object.body, 'status')];
    const volume = nameOf(fieldsAt(object.body, 'spec').volumeName);
    const series = placeOf(object).replace(/[0-9]+$/, '');
    return name === undefined ? [] : [{ name, by, how: 'storageClassName', worked: phase === 'Bound', volume, series, isTemplate: false }];
  }
  const workload = workloadOf(object);
  return workload === undefined ? [] : askedBy(object, workload);
}

function askedBy(object: ArchivedObject, { worked, isIdle, ephemeralClaims }: Workload): readonly Asked[] {
  const by = refOf(object);
  const templates = groupResource(object) === 'statefulsets.apps' ? itemsOf(fieldsAt(object.body, 'spec').volumeClaimTemplates) : [];
  return [
    ...templates.flatMap((template): Asked[] => {
      const name = classOf(template);
      const claim = nameOf(fieldsAt(template, 'metadata').name) ?? '?';
      const series = `${object.namespace}/${claim}-${object.name}-`;
      return name === undefined ? [] : [{ name, by, how: `volumeClaimTemplate ${claim}`, worked, series, isTemplate: true }];
    }),
    ...(isIdle ? [] : ephemeralClaims).flatMap(({ volume, claim }): Asked[] => {
      const name = classOf(claim);
      return name === undefined ? [] : [{ name, by, how: `ephemeral volume ${volume}`, worked, series: '', isTemplate: true }];
    }),
  ];
}

/** Volumes that a restore brings back as they are: their claims bind to them, and no class has a say (restore.go, PersistentVolumes). */
async function volumesKept(retained: ReadonlySet<string>, { companions }: OpenedBackup): Promise<ReadonlySet<string>> {
  const infos = await companions.volumeInfo();
  const methods = new Map(infos.state === 'read' ? infos.value.map(({ pvName, backupMethod }) => [pvName, backupMethod]) : []);
  const natively = [...methods].flatMap(([name, method]) => (method === 'NativeSnapshot' && name !== undefined ? [name] : []));
  return new Set([...[...retained].filter((name) => (methods.get(name) ?? '') === ''), ...natively]);
}

const wordsFor = ({ name }: Wanted, mapped: string | undefined): Pick<Missing, 'consequence' | 'remedy'> => {
  if (mapped !== undefined)
    return {
      consequence: `the ConfigMap velero.io/change-storage-class turns it into ${mapped}, once it is in the cluster that is restored into`,
      remedy: 'apply that ConfigMap in Velero’s namespace before the restore',
    };
  const consequence = 'its volume is not made, and its pods stay Pending';
  return name === byDefault
    ? { consequence, remedy: 'mark a StorageClass as the default before the restore: storageclass.kubernetes.io/is-default-class: "true"' }
    : {
        consequence,
        remedy: `apply a StorageClass ${name} before the restore, or map it to another by a ConfigMap labelled velero.io/change-storage-class`,
      };
};

export default defineArchiveCheck({
  id: 'missing-storage-class',
  title: 'StorageClasses that claims need and the backup lacks',
  why: 'A claim whose StorageClass does not exist stays Pending, and the pods that wait for it.',
  upstream: 'https://velero.io/docs/v1.18/restore-reference/#changing-pvpvc-storage-classes',
  level: 'restorability',
  reads: { classes },
  options: z.strictObject({}),
  start(opened, pass) {
    const platform = platformOf(opened);
    const needs = collectNeeds();
    const all: Asked[] = [];
    const [present, retained, mapping] = [new Set<string>(), new Set<string>(), new Map<string, string>()];
    return {
      see(object) {
        const kind = groupResource(object);
        if (kind === 'storageclasses.storage.k8s.io') {
          present.add(object.name);
          if (isDefault(annotationsOf(object))) present.add(byDefault);
        }
        const { persistentVolumeReclaimPolicy: policy } = fieldsAt(object.body, 'spec');
        if (kind === 'persistentvolumes' && policy === 'Retain') retained.add(object.name);
        if (kind === 'configmaps' && Object.hasOwn(labelsOf(object), 'velero.io/change-storage-class')) {
          for (const [from, to] of Object.entries(fieldsAt(object.body, 'data')))
            if (nameOf(to) !== undefined) mapping.set(from, String(to));
        }
        all.push(...asked(object));
      },
      async finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const inCluster = presentInCluster(pass.location.cluster, classes);
        const listed = pass.location.cluster.of(classes);
        const hasDefault = listed.state === 'read' && listed.objects.some(({ metadata }) => isDefault(metadata?.annotations));
        const kept = await volumesKept(retained, opened);
        const claimed = new Set(all.flatMap(({ isTemplate, series }) => (isTemplate ? [] : [series])));
        for (const { volume, series, isTemplate, ...each } of all) {
          // Claims that are there already speak for themselves, and a static volume needs no class.
          if (isTemplate ? claimed.has(series) : volume !== undefined && kept.has(volume)) continue;
          needs.add({ ...each, effect: 'blocking', isControlled: false });
        }
        const missing = needs.all().filter(({ name }) => !present.has(name) && !isBuiltIn('StorageClass', { name }, platform));
        sayMissing(
          opened,
          pass,
          storageClass,
          missing.map((wanted) => {
            const mapped = mapping.get(wanted.name);
            const isThere = wanted.name === byDefault && hasDefault ? 'has' : inCluster(wanted.name);
            return {
              ...wanted,
              ...(mapped !== undefined && { effect: 'recreated' as const }),
              ...(wanted.name === byDefault && { place: 'StorageClass that is marked as the default' }),
              inCluster: isThere,
              ...wordsFor(wanted, mapped),
            };
          }),
        );
      },
    };
  },
});
