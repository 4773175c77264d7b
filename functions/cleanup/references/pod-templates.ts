/** Where the kinds of Kubernetes keep their pods' specification. A workload that is scaled to nothing refers to what it did before. */
import { textOf } from '../../health-check/wire.ts';
import { noteTree } from './custom-resource.ts';
import { notePodSpec, noteTexts } from './pod-spec.ts';
import type { ReferenceSet } from './reference-set.ts';
import { type Fields, fieldsOf, itemsOf, placeOf } from './shape.ts';

type Note = (object: unknown, references: ReferenceSet) => void;

export const notePod: Note = (object, references) => {
  const { namespace, name } = placeOf(object);
  notePodSpec(fieldsOf(object).spec, namespace, references, name);
};

/** The last applied manifest repeats the object as it once was. */
const repeated = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** What people and programs wrote on an object: `secret.reloader.stakater.com/reload: tls`, `nginx.ingress.kubernetes.io/auth-secret: shop/users`. */
export const noteAnnotations = (metadata: Fields, namespace: string, references: ReferenceSet): void => {
  const values = Object.entries(fieldsOf(metadata.annotations)).flatMap(([key, value]) =>
    typeof value === 'string' && value !== '' && !repeated.has(key) ? [value] : [],
  );
  for (const value of values) noteTexts([value], namespace, references);
};

const noteTemplate = (value: unknown, namespace: string, references: ReferenceSet): void => {
  const template = fieldsOf(value);
  notePodSpec(template.spec, namespace, references);
  // Sidecar injectors take volumes from annotations: a template says so before there is a pod.
  noteAnnotations(fieldsOf(template.metadata), namespace, references);
};

/** Deployment, DaemonSet, ReplicaSet, Job, ReplicationController. */
export const noteWorkload: Note = (object, references) => {
  const { namespace, metadata } = placeOf(object);
  noteTemplate(fieldsOf(fieldsOf(object).spec).template, namespace, references);
  noteAnnotations(metadata, namespace, references);
};

export const noteStatefulSet: Note = (object, references) => {
  noteWorkload(object, references);
  const { namespace, name } = placeOf(object);
  noteClaimTemplates(fieldsOf(object).spec, namespace, name, references);
};

/** Claims stay when a StatefulSet is scaled down, and are taken up again: `<template>-<StatefulSet>-<ordinal>`. */
export const noteClaimTemplates = (spec: unknown, namespace: string, name: string, references: ReferenceSet): void => {
  for (const template of itemsOf(fieldsOf(spec).volumeClaimTemplates)) {
    const claim = textOf(fieldsOf(template.metadata).name);
    if (claim !== undefined) references.addClaims(namespace, `${claim}-${name}`);
  }
};

export const noteCronJob: Note = (object, references) => {
  const { namespace, metadata } = placeOf(object);
  const { spec } = fieldsOf(fieldsOf(fieldsOf(object).spec).jobTemplate);
  noteTemplate(fieldsOf(spec).template, namespace, references);
  noteAnnotations(metadata, namespace, references);
};

export const notePodTemplate: Note = (object, references) => {
  noteTemplate(fieldsOf(object).template, placeOf(object).namespace, references);
};

/** The past of a StatefulSet or DaemonSet is a template; that of other controllers may be anything. */
export const noteControllerRevision: Note = (object, references) => {
  const { namespace, name } = placeOf(object);
  const { data } = fieldsOf(object);
  const { template } = fieldsOf(fieldsOf(data).spec);
  if (template) noteTemplate(template, namespace, references);
  else noteTree(data, { namespace, name }, references);
};
