/**
 * Objects as Kubernetes types them, down to their metadata. An API server sends no others, but a folder of manifests may hold anything: a
 * name that YAML reads as a number, labels that are a list. What is of another type is brought to its own or taken away, so that no check
 * has to ask.
 */

import type { Ref } from './contracts.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isAbsent = (value: unknown): boolean => value === undefined || value === null;

type IsSound = (value: unknown) => boolean;
const isText: IsSound = (value) => typeof value === 'string' || isAbsent(value);
const isTexts: IsSound = (value) => {
  if (!isFields(value)) return isAbsent(value);
  for (const key in value) if (!isText(value[key])) return false;
  return true;
};
const isListOf =
  (isItem: IsSound): IsSound =>
  (value) =>
    Array.isArray(value) ? value.every(isItem) : isAbsent(value);

const ownerTexts = ['apiVersion', 'kind', 'name', 'uid'] as const;
const isOwner: IsSound = (value) => (isFields(value) ? ownerTexts.every((field) => isText(value[field])) : isAbsent(value));

/** What YAML reads as a number or a truth value was meant as a text. */
const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
/** Of a field that comes twice the last counts, also where that is nothing. */
const defined = (entries: readonly (readonly [string, unknown])[]): Fields =>
  Object.fromEntries(Object.entries(Object.fromEntries(entries)).filter(([, value]) => !isAbsent(value)));
const asTexts = (value: unknown): Fields | undefined =>
  isFields(value) ? defined(Object.entries(value).map(([key, inner]) => [key, asText(inner)])) : undefined;
const asListOf =
  <T>(asItem: (value: unknown) => T | undefined) =>
  (value: unknown): readonly T[] | undefined =>
    Array.isArray(value) ? value.flatMap((item) => asItem(item) ?? []) : undefined;
const asOwner = (value: unknown): Fields | undefined =>
  isFields(value) ? defined([...Object.entries(value), ...ownerTexts.map((field) => [field, asText(value[field])] as const)]) : undefined;

/** What checks and the scan itself look at. */
const metadataFields: readonly (readonly [string, IsSound, (value: unknown) => unknown])[] = [
  ...['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'].map((field) => [field, isText, asText] as const),
  ...['labels', 'annotations'].map((field) => [field, isTexts, asTexts] as const),
  ['ownerReferences', isListOf(isOwner), asListOf(asOwner)],
  ['finalizers', isListOf(isText), asListOf(asText)],
  ['managedFields', isListOf((item) => isFields(item) || isAbsent(item)), asListOf((item) => (isFields(item) ? item : undefined))],
];
const parts = ['metadata', 'spec', 'status'] as const;

const isSound = (object: unknown): object is Fields => {
  if (!isFields(object)) return false;
  for (const part of parts) if (!isFields(object[part]) && !isAbsent(object[part])) return false;
  const { metadata } = object;
  if (!isFields(metadata)) return true;
  for (const [field, isSoundField] of metadataFields) if (!isSoundField(metadata[field])) return false;
  return true;
};

const madeSound = (object: Fields): Fields => {
  const own = Object.entries(object).filter(([key, value]) => !parts.some((part) => part === key) || isFields(value));
  const { metadata } = object;
  if (!isFields(metadata)) return Object.fromEntries(own);
  const mended = metadataFields.map(
    ([field, isSoundField, asSound]) => [field, isSoundField(metadata[field]) ? metadata[field] : asSound(metadata[field])] as const,
  );
  return { ...Object.fromEntries(own), metadata: defined([...Object.entries(metadata), ...mended]) };
};

/** The reference itself. Throws TypeError for one that is not made of texts: the report is built of references, and one observer must not cost it. */
export const soundRef = (ref: Ref): Ref => {
  const { apiVersion, kind, name } = ref;
  const isWhole = [apiVersion, kind, name].every((text) => typeof text === 'string');
  if (!isWhole || !isText(ref.namespace) || !isText(ref.uid)) throw new TypeError('an object is named by something that is no text');
  return ref;
};

const findingTexts = ['subject', 'message', 'remedy', 'startedAt'] as const;
const isDetail: IsSound = (value) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/**
 * A finding as the report's schema takes it: the next run reads the report again, and one odd field of one object must not cost it. Throws as
 * soundRef does.
 */
export const soundFinding = <Out>(found: Out): Out => {
  const fields = found as Fields;
  if (isFields(fields.object)) soundRef(fields.object as unknown as Ref);
  const odd = findingTexts.filter((field) => !isText(fields[field])).map((field) => [field, asText(fields[field]) ?? ''] as const);
  const { details } = fields;
  const isWhole = !isFields(details) || Object.values(details).every(isDetail);
  if (odd.length === 0 && isWhole) return found;
  return {
    ...found,
    ...Object.fromEntries(odd),
    ...(!isWhole && { details: Object.fromEntries(Object.entries(details).filter(([, value]) => isDetail(value))) }),
  };
};

/** The same list where all is as it should be, which costs little; what is no object is left out. */
export const soundObjects = (objects: readonly unknown[]): readonly unknown[] =>
  objects.every(isSound) ? objects : objects.flatMap((object) => (isFields(object) ? [isSound(object) ? object : madeSound(object)] : []));
