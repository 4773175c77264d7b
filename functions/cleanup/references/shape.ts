/** The shape of what comes over the wire, where it may be anything: custom resources, and fields that no version declares. */
import { listOf, textOf } from '../../health-check/wire.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';

export type Fields = Readonly<Record<string, unknown>>;

const none: Fields = {};

/** An object's fields; none of what is no object. */
export const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : none);

/** The objects in a list; none of what is no list. */
export const itemsOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? listOf(value).filter(isRecord) : []);

/** The texts in a list; none of what is no list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** The namespace and name of an object; empty where it has none. */
export const placeOf = (object: unknown): { readonly namespace: string; readonly name: string; readonly metadata: Fields } => {
  const metadata = fieldsOf(fieldsOf(object).metadata);
  return { namespace: textOf(metadata.namespace) ?? '', name: textOf(metadata.name) ?? '', metadata };
};
