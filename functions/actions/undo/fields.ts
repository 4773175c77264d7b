/** Copies of manifests with something changed: what lies in the journal is never touched. */
import type { Fields } from '../../backup-verification/restorability/fields.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';

/** A copy without these keys. */
export const without = (fields: Fields, ...keys: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key)));

/**
 * A copy in which what lies at the path is what `change` makes of it; undefined takes it away. Nothing is changed, and `change` not asked, where
 * nothing lies there.
 */
export const changedAt = (fields: Fields, path: readonly string[], change: (value: unknown) => unknown): Fields => {
  const [key, ...deeper] = path;
  if (key === undefined || !Object.hasOwn(fields, key)) return fields;
  const value = fields[key];
  if (deeper.length > 0) return isRecord(value) ? { ...fields, [key]: changedAt(value, deeper, change) } : fields;
  const changed = change(value);
  return changed === undefined ? without(fields, key) : { ...fields, [key]: changed };
};

/** A copy without these keys of the object at the path, which goes too where it is empty then and was not before. */
export const withoutAt = (fields: Fields, path: readonly string[], ...keys: readonly string[]): Fields =>
  changedAt(fields, path, (value) => {
    if (!isRecord(value) || !keys.some((key) => Object.hasOwn(value, key))) return value;
    const rest = without(value, ...keys);
    return Object.keys(rest).length > 0 ? rest : undefined;
  });

/** Group of an apiVersion: empty for `v1`. */
export const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');
