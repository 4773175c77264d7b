/** What guards look at, taken from an object as a server gave it. */
import { isRecord } from '../../velero/archive/archived-object.ts';
import type { GuardedMetadata } from '../contracts.ts';
import { managersOf } from './declared-elsewhere.ts';

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is Readonly<Record<string, string>> => isRecord(value) && Object.values(value).every(isText);
const isOwner = (value: unknown): value is NonNullable<GuardedMetadata['ownerReferences']>[number] => isRecord(value);

/** Undefined where anything in it is not what an object's metadata has: no guard could then be trusted to see it. */
export const guardedMetadata = (object: unknown): GuardedMetadata | undefined => {
  const metadata = isRecord(object) ? object.metadata : undefined;
  if (!isRecord(metadata)) return undefined;
  const { namespace, deletionTimestamp } = metadata;
  const [labels, annotations] = [metadata.labels ?? {}, metadata.annotations ?? {}];
  const [ownerReferences, finalizers] = [metadata.ownerReferences ?? [], metadata.finalizers ?? []];
  if (!isTexts(labels) || !isTexts(annotations)) return undefined;
  if (!Array.isArray(ownerReferences) || !ownerReferences.every(isOwner)) return undefined;
  if (!Array.isArray(finalizers) || !finalizers.every(isText)) return undefined;
  if (![namespace, deletionTimestamp].every((value) => value === undefined || value === null || isText(value))) return undefined;
  return {
    labels,
    annotations,
    ownerReferences,
    finalizers,
    ...(isText(namespace) && namespace !== '' && { namespace }),
    ...(isText(deletionTimestamp) && { deletionTimestamp }),
    managers: managersOf(metadata.managedFields),
  };
};
