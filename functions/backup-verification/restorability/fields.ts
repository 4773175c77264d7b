/** Reading an archive's objects: any field may be missing or of another type, and nothing here throws for it. */
import type { Ref } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';

export type Fields = Readonly<Record<string, unknown>>;

const none: Fields = {};

/** What lies at a path, as an object: an empty one where there is none. */
export const fieldsAt = (value: unknown, ...path: readonly string[]): Fields => {
  let here: unknown = value;
  for (const key of path) here = isRecord(here) && Object.hasOwn(here, key) ? here[key] : undefined;
  return isRecord(here) ? here : none;
};

/** The objects of a list; what is none of them, and what is no list, is left out. */
export const itemsOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** The texts of a list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** A name as Kubernetes allows one (at most 253 characters, no blanks or slashes); what is none names nothing. */
export const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 253 && /^[^\s/]+$/.test(value) ? value : undefined;

/** The value of a label, annotation or other map of texts. */
export const textAt = (value: unknown, key: string): string | undefined => {
  const text = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof text === 'string' ? text : undefined;
};

export const labelsOf = ({ body }: ArchivedObject): Fields => fieldsAt(body, 'metadata', 'labels');
export const annotationsOf = ({ body }: ArchivedObject): Fields => fieldsAt(body, 'metadata', 'annotations');

/** The reference to an archived object. */
export const refOf = ({ apiVersion, kind, namespace, name }: ArchivedObject): Ref => ({
  apiVersion,
  kind,
  ...(namespace !== undefined && { namespace }),
  name,
});

/** `NAMESPACE/NAME`, or the name of what is in none. */
export const placeOf = ({ namespace, name }: { readonly namespace?: string | undefined; readonly name: string }): string =>
  namespace === undefined ? name : `${namespace}/${name}`;
