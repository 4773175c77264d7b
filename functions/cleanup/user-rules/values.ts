/** JSON as CEL sees it: whole numbers are int, as in Kubernetes, and what no condition may look at is not there. */
import { isRecord } from '../../velero/archive/archived-object.ts';

export type CelValue = string | number | bigint | boolean | null | readonly CelValue[] | { readonly [key: string]: CelValue };

/** The value, and of how many values it is made. Throws RangeError for what is nested without end. */
export const celValueOf = (json: unknown): { readonly value: CelValue; readonly count: number } => {
  let count = 0;
  const convert = (value: unknown): CelValue => {
    count += 1;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    // A number that is too large has lost its last digits already: no int is made of it.
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== 'object' || value === null) return null;
    // Not by assignment: a key may be __proto__.
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, convert(inner)]));
  };
  return { value: convert(json), count };
};

export type Fields = Readonly<Record<string, unknown>>;

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The object without managedFields, which only weigh, and with apiVersion and kind, which lists leave out. Of a Secret nothing is left but its
 * metadata, its type and whether it is immutable: the content also lies in the manifest that kubectl remembers.
 */
export const visibleObject = (object: Fields, { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): Fields => {
  const { managedFields: _, ...metadata } = isRecord(object.metadata) ? object.metadata : {};
  const named = { apiVersion, kind };
  if (apiVersion !== 'v1' || kind !== 'Secret') return { ...object, ...named, metadata };
  const { type, immutable } = object;
  const annotations = isRecord(metadata.annotations)
    ? Object.fromEntries(Object.entries(metadata.annotations).filter(([key]) => key !== lastApplied))
    : undefined;
  return {
    ...named,
    metadata: { ...metadata, ...(annotations && { annotations }) },
    ...(type !== undefined && { type }),
    ...(immutable !== undefined && { immutable }),
  };
};
