/** What the other kinds of Kubernetes refer to, each by the fields that can hold a name. */
import type { V1LabelSelector } from '@kubernetes/client-node';
import { textOf } from '../../health-check/wire.ts';
import type { Wire } from '../../scan/contracts.ts';
import { requirementsOf } from '../label-selector.ts';
import { noteTree } from './custom-resource.ts';
import { namespacesIn, placesIn } from './names.ts';
import { noteAnnotations } from './pod-templates.ts';
import { everywhere, type ReferenceSet } from './reference-set.ts';
import { fieldsOf, itemsOf, placeOf } from './shape.ts';

/** Pull Secrets and mountable Secrets, of the default account too. */
export const noteServiceAccount = (object: unknown, references: ReferenceSet): void => {
  const { namespace, metadata } = placeOf(object);
  const { imagePullSecrets, secrets } = fieldsOf(object);
  for (const { name } of [...itemsOf(imagePullSecrets), ...itemsOf(secrets)]) references.add('Secret', namespace, name);
  noteAnnotations(metadata, namespace, references);
};

/**
 * Configuration tells programs which Secrets, claims and accounts the pods get that they make: GitLab's runner, Argo Workflows, Airflow's and
 * Jenkins' pod templates. Nothing that it is mounted into shows it.
 */
export const noteConfigMap = (object: unknown, references: ReferenceSet): void => {
  const { namespace, name: by } = placeOf(object);
  for (const text of Object.values(fieldsOf(fieldsOf(object).data))) {
    if (typeof text !== 'string') continue;
    references.addText(text, [...new Set([namespace, ...namespacesIn(text)])], by);
  }
};

/** Certificates, and the annotations by which controllers are told of Secrets and ConfigMaps: `nginx.ingress.kubernetes.io/auth-secret`. */
export const noteIngress = (object: unknown, references: ReferenceSet): void => {
  const { namespace, metadata } = placeOf(object);
  for (const { secretName } of itemsOf(fieldsOf(fieldsOf(object).spec).tls)) {
    references.add('Secret', namespace, secretName);
    // Some controllers take another namespace's: projectcontour.io and Traefik.
    for (const [place, name] of placesIn(textOf(secretName) ?? '')) references.add('Secret', place, name);
  }
  noteAnnotations(metadata, namespace, references);
};

export const noteIngressClass = (object: unknown, references: ReferenceSet): void => {
  const { name } = placeOf(object);
  noteTree(fieldsOf(fieldsOf(object).spec).parameters, { namespace: '', name }, references);
};

/** Services: certificates and configuration of load balancers by annotation. */
export const noteService = (object: unknown, references: ReferenceSet): void => {
  const { namespace, metadata } = placeOf(object);
  noteAnnotations(metadata, namespace, references);
};

/** Webhooks, APIServices and definitions are in no namespace: `cert-manager.io/inject-ca-from-secret: cert-manager/webhook-ca`. */
export const noteInjected = (object: unknown, references: ReferenceSet): void => {
  for (const [key, value] of Object.entries(fieldsOf(placeOf(object).metadata.annotations))) {
    if (typeof value !== 'string' || key === 'kubectl.kubernetes.io/last-applied-configuration') continue;
    for (const [namespace, name] of placesIn(value)) references.add('any', namespace, name);
  }
};

/** The kubelet's configuration, until Kubernetes 1.24: the field is still in the API. */
export const noteNode = (object: unknown, references: ReferenceSet): void => {
  const { configMap } = fieldsOf(fieldsOf(fieldsOf(object).spec).configSource);
  const { namespace, name } = fieldsOf(configMap);
  references.add('ConfigMap', textOf(namespace) ?? '', name);
};

/** As far as requirementsOf relies on it. */
const isSelector = (value: unknown): value is Wire<V1LabelSelector> => {
  const { matchLabels, matchExpressions } = fieldsOf(value);
  const isMap = (matchLabels ?? undefined) === undefined || Object.values(fieldsOf(matchLabels)).every((each) => typeof each === 'string');
  return isMap && ((matchExpressions ?? undefined) === undefined || Array.isArray(matchExpressions));
};

/** ValidatingAdmissionPolicyBinding, MutatingAdmissionPolicyBinding. Without a namespace it is that of each object that is looked at. */
export const notePolicyBinding = (object: unknown, references: ReferenceSet): void => {
  const { paramRef } = fieldsOf(fieldsOf(object).spec);
  if (!paramRef) return;
  const { name, namespace, selector } = fieldsOf(paramRef);
  const place = textOf(namespace) ?? everywhere;
  references.add('any', place, name);
  if (selector) references.addSelector(place, isSelector(selector) ? requirementsOf(selector) : undefined);
};

/** Data that is to be copied when the claim is provisioned. */
export const noteClaim = (object: unknown, references: ReferenceSet): void => {
  const { namespace, metadata } = placeOf(object);
  const spec = fieldsOf(fieldsOf(object).spec);
  for (const source of [spec.dataSource, spec.dataSourceRef]) {
    const { kind, name, namespace: place } = fieldsOf(source);
    if (kind === 'PersistentVolumeClaim') references.add('PersistentVolumeClaim', textOf(place) ?? namespace, name);
  }
  noteAnnotations(metadata, namespace, references);
};

/** A token that somebody made for an account by hand. */
export const noteTokenSecret = (object: unknown, references: ReferenceSet): void => {
  const { namespace, metadata } = placeOf(object);
  references.add('ServiceAccount', namespace, fieldsOf(metadata.annotations)['kubernetes.io/service-account.name']);
};
