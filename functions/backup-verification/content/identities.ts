/** Names of backed-up objects as -resource-list.json.gz has them, made comparable with what lies in an archive. */

/**
 * One object, whatever the version: with the feature EnableAPIGroupVersions an object is listed once a version, and an action may change the
 * version of what is stored (velero pkg/backup/actions/remap_crd_version_action.go) but not of what is listed.
 */
export const identityOf = (group: string, kind: string, item: string): string => `${group}/${kind} ${item}`;

/** `apps/v1/Deployment`, `v1/Pod`: group and kind; undefined where it is no such thing. */
export function listedKind(key: string): { readonly group: string; readonly kind: string } | undefined {
  const parts = key.split('/');
  const kind = parts.at(-1);
  if (!kind || parts.length < 2 || parts.length > 3) return undefined;
  return { group: parts.length === 3 ? (parts[0] ?? '') : '', kind };
}

/** `NAMESPACE/NAME`, or `NAME`. */
export const itemName = ({ namespace, name }: { readonly namespace?: string | null; readonly name: string }): string =>
  namespace ? `${namespace}/${name}` : name;
