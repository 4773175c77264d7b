/**
 * What a pod, or a template of pods, refers to. After VisitPodSecretNames and VisitPodConfigmapNames of Kubernetes' own
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/api/v1/pod/util.go, and beyond it what programs are told in arguments and values.
 */
import { textOf } from '../../health-check/wire.ts';
import { namesIn, namespacesIn, placesIn } from './names.ts';
import type { ReferenceSet } from './reference-set.ts';
import { type Fields, fieldsOf, itemsOf, textsOf } from './shape.ts';

/** Init containers that never end are sidecars; ephemeral ones are added to a pod that runs. */
const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/**
 * Notes all that the spec refers to. `podName` where it is a pod's own: its ephemeral volumes' claims are named after it. A reference that is
 * optional counts as any other.
 */
export const notePodSpec = (podSpec: unknown, namespace: string, references: ReferenceSet, podName?: string): void => {
  const spec = fieldsOf(podSpec);
  references.add('ServiceAccount', namespace, spec.serviceAccountName ?? spec.serviceAccount);
  for (const { name } of itemsOf(spec.imagePullSecrets)) references.add('Secret', namespace, name);
  for (const volume of itemsOf(spec.volumes)) noteVolume(volume, namespace, references, podName);
  for (const list of containerLists) for (const container of itemsOf(spec[list])) noteContainer(container, namespace, references);
};

const noteContainer = ({ env, envFrom, command, args }: Fields, namespace: string, references: ReferenceSet): void => {
  for (const { configMapRef, secretRef } of itemsOf(envFrom)) {
    references.add('ConfigMap', namespace, fieldsOf(configMapRef).name);
    references.add('Secret', namespace, fieldsOf(secretRef).name);
  }
  const said = [...textsOf(command), ...textsOf(args)];
  for (const { name, value, valueFrom } of itemsOf(env)) {
    const { configMapKeyRef, secretKeyRef } = fieldsOf(valueFrom);
    references.add('ConfigMap', namespace, fieldsOf(configMapKeyRef).name);
    references.add('Secret', namespace, fieldsOf(secretKeyRef).name);
    if (typeof value !== 'string' || value === '') continue;
    said.push(`${textOf(name) ?? ''}=${value}`);
    // kiwigrid/k8s-sidecar: the label whose ConfigMaps and Secrets it loads (Grafana's dashboards, Prometheus' rules).
    if (name === 'LABEL') references.addLabelKey(value);
  }
  if (said.length > 0) noteTexts(said, namespace, references);
};

/**
 * What programs are told by name: `--config-map=web`, `--default-ssl-certificate=shop/tls`, `-n vault ... keys`. Where a namespace is told
 * too, the names may be meant there.
 */
export const noteTexts = (texts: readonly string[], namespace: string, references: ReferenceSet): void => {
  // One text: a flag and its value may be two arguments.
  const text = texts.join(' ');
  references.onceTold(`${namespace} ${text}`, () => {
    const namespaces = [namespace, ...namespacesIn(text)];
    for (const name of new Set(namesIn(text))) for (const each of namespaces) references.add('any', each, name);
    for (const [place, name] of placesIn(text)) references.add('any', place, name);
  });
};

const noteVolume = (volume: Fields, namespace: string, references: ReferenceSet, podName: string | undefined): void => {
  references.add('ConfigMap', namespace, fieldsOf(volume.configMap).name);
  references.add('PersistentVolumeClaim', namespace, fieldsOf(volume.persistentVolumeClaim).claimName);
  for (const { configMap, secret } of itemsOf(fieldsOf(volume.projected).sources)) {
    references.add('ConfigMap', namespace, fieldsOf(configMap).name);
    references.add('Secret', namespace, fieldsOf(secret).name);
  }
  if (podName !== undefined && volume.ephemeral)
    references.add('PersistentVolumeClaim', namespace, `${podName}-${textOf(volume.name) ?? ''}`);
  // secret and azureFile have a secretName; cephfs, cinder, flexVolume, iscsi, rbd, scaleIO and storageos a secretRef; csi its own.
  for (const source of Object.values(volume)) {
    const { secretName, secretRef, nodePublishSecretRef, volumeAttributes, options } = fieldsOf(source);
    references.add('Secret', namespace, secretName);
    references.add('Secret', namespace, fieldsOf(secretRef).name);
    references.add('Secret', namespace, fieldsOf(nodePublishSecretRef).name);
    // What a CSI driver or a flex volume is told may name a Secret as well.
    const told = [volumeAttributes, options].flatMap((each) =>
      Object.entries(fieldsOf(each)).flatMap(([key, value]) => (typeof value === 'string' ? [`${key}=${value}`] : [])),
    );
    if (told.length > 0) noteTexts(told, namespace, references);
  }
};
