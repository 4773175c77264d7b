/**
 * Secrets of volumes: VisitPVSecretNames of https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/api/v1/persistentvolume/util.go, and the
 * parameters of a StorageClass: https://kubernetes-csi.github.io/docs/secrets-and-credentials-storage-class.html
 */
import { textOf } from '../../health-check/wire.ts';
import type { SharedKey } from '../../scan/contracts.ts';
import { noteTree } from './custom-resource.ts';
import { everywhere, type ReferenceSet } from './reference-set.ts';
import { type Fields, fieldsOf, placeOf } from './shape.ts';

/** Where the external provisioner keeps what it needs for removing a volume: its pkg/controller/controller.go. */
const deletionSecret = 'volume.kubernetes.io/provisioner-deletion-secret';

/** A PersistentVolume's Secrets have a namespace of their own; those of in-tree volumes fall back to the claim's. */
export const noteVolume = (object: unknown, references: ReferenceSet): void => {
  const spec = fieldsOf(fieldsOf(object).spec);
  const claimNamespace = textOf(fieldsOf(spec.claimRef).namespace) ?? '';
  for (const source of Object.values(spec)) {
    const { secretName, secretNamespace, ...rest } = fieldsOf(source);
    references.add('Secret', textOf(secretNamespace) ?? claimNamespace, secretName);
    for (const [key, value] of Object.entries(rest)) {
      // secretRef of in-tree sources; of CSI controllerPublish-, controllerExpand-, nodeStage-, nodePublish- and nodeExpandSecretRef.
      if (!/secretref$/i.test(key)) continue;
      const { name, namespace } = fieldsOf(value);
      references.add('Secret', textOf(namespace) ?? claimNamespace, name);
    }
  }
  const { [`${deletionSecret}-namespace`]: namespace, [`${deletionSecret}-name`]: name } = fieldsOf(placeOf(object).metadata.annotations);
  references.add('Secret', textOf(namespace) ?? '', name);
};

/** What a claim gives for the templates of its StorageClass. */
interface Claim {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: the default one's, whichever that was. */
  readonly storageClass: string | undefined;
  readonly volume: string;
  readonly annotations: Fields;
}
interface Template {
  readonly storageClass: string;
  readonly namespace: string;
  readonly name: string;
}

/** Secrets that StorageClasses name by templates: known only when all claims are. */
export interface TemplatedSecrets {
  noteClaim(object: unknown): void;
  noteClass(object: unknown): void;
  /** To be called in `finish()`; the second time does nothing. */
  resolve(references: ReferenceSet): void;
}

const isTemplate = (text: string): boolean => text.includes('${');
/** What is not known stays as it is. */
const filled = (template: string, { namespace, name, volume, annotations }: Claim): string =>
  template.replaceAll(/\$\{([^}]+)\}/g, (whole, variable: string) => {
    const known: Readonly<Record<string, string>> = { 'pvc.namespace': namespace, 'pvc.name': name, 'pv.name': volume };
    const [, key] = /^pvc\.annotations\['([^']+)'\]$/.exec(variable) ?? [];
    return known[variable] ?? (key === undefined ? whole : (textOf(annotations[key]) ?? ''));
  });
/** What cannot be filled in may be anything. */
const patternOf = (template: string): RegExp =>
  new RegExp(
    `^${template
      .split(/\$\{[^}]*\}/)
      .map((part) => part.replaceAll(/[^a-zA-Z0-9-]/g, '\\$&'))
      .join('.*')}$`,
  );

/** The pairs of parameters: `csi.storage.k8s.io/node-stage-secret-name` and `...-namespace`; without the prefix in old ones. */
const pairsIn = (parameters: Fields): readonly { readonly name: string; readonly namespace: string }[] =>
  Object.entries(parameters).flatMap(([key, value]) => {
    const name = /secret-?name$/i.test(key) ? textOf(value) : undefined;
    if (name === undefined) return [];
    const namespaceKey = Object.keys(parameters).find((each) => each.toLowerCase() === key.toLowerCase().replace(/name$/, 'namespace'));
    return [{ name, namespace: textOf(namespaceKey === undefined ? undefined : parameters[namespaceKey]) ?? everywhere }];
  });

export const templatedSecrets = (): TemplatedSecrets => {
  const claims: Claim[] = [];
  const templates: Template[] = [];
  return {
    noteClaim(object) {
      const { namespace, name, metadata } = placeOf(object);
      const spec = fieldsOf(fieldsOf(object).spec);
      const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = fieldsOf(metadata.annotations);
      claims.push({
        namespace,
        name,
        storageClass: textOf(spec.storageClassName) ?? textOf(annotations['volume.beta.kubernetes.io/storage-class']),
        volume: textOf(spec.volumeName) ?? `pvc-${textOf(metadata.uid) ?? ''}`,
        annotations,
      });
    },
    noteClass(object) {
      const { name: storageClass } = placeOf(object);
      for (const { name, namespace } of pairsIn(fieldsOf(fieldsOf(object).parameters)))
        if (isTemplate(name) || isTemplate(namespace)) templates.push({ storageClass, namespace, name });
    },
    resolve(references) {
      for (const { storageClass, name, namespace } of templates.splice(0)) {
        for (const claim of claims) {
          if (claim.storageClass !== undefined && claim.storageClass !== storageClass) continue;
          const [place, secret] = [filled(namespace, claim), filled(name, claim)];
          if (!isTemplate(place) && !isTemplate(secret)) references.add('Secret', place, secret);
          else references.addPattern('Secret', isTemplate(place) ? everywhere : place, patternOf(secret));
        }
      }
      claims.length = 0;
    },
  };
};
export const storageSecrets: SharedKey<TemplatedSecrets> = { make: templatedSecrets };

/** A StorageClass or VolumeSnapshotClass: what its parameters name literally. */
export const noteParameters = (object: unknown, references: ReferenceSet): void => {
  const { name } = placeOf(object);
  const { parameters } = fieldsOf(object);
  noteTree(parameters, { namespace: '', name }, references);
};

/** Of a VolumeSnapshotClass the snapshot, which is known to nobody here, fills the templates. */
export const noteSnapshotClass = (object: unknown, references: ReferenceSet): void => {
  for (const { name, namespace } of pairsIn(fieldsOf(fieldsOf(object).parameters)))
    if (isTemplate(name)) references.addPattern('Secret', isTemplate(namespace) ? everywhere : namespace, patternOf(name));
};
