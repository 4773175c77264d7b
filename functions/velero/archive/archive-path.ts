/** Names in a backup's tarball: velero pkg/archive/filesystem.go, GetVersionedItemFilePath. */
import type { ArchivePath } from './archive-facts.ts';

const preferredSuffix = '-preferredversion';

/** What a member's name says; undefined where it is none of an object's. */
export function parseArchivePath(path: string): ArchivePath | undefined {
  const parts = path.split('/');
  if (parts[0] !== 'resources' || parts.includes('')) return undefined;
  const groupResource = parts[1] ?? '';
  const hasVersion = parts[2] !== 'cluster' && parts[2] !== 'namespaces';
  const [scope, ...rest] = parts.slice(hasVersion ? 3 : 2);
  const file = rest.at(-1) ?? '';
  if (!file.endsWith('.json') || file === '.json' || rest.length !== (scope === 'namespaces' ? 2 : 1)) return undefined;
  if (scope !== 'namespaces' && scope !== 'cluster') return undefined;
  const dot = groupResource.indexOf('.');
  const directory = hasVersion ? (parts[2] ?? '') : undefined;
  const preferred = directory?.endsWith(preferredSuffix) ?? false;
  return {
    resource: dot < 0 ? groupResource : groupResource.slice(0, dot),
    group: dot < 0 ? '' : groupResource.slice(dot + 1),
    ...(directory !== undefined && { version: preferred ? directory.slice(0, -preferredSuffix.length) : directory }),
    preferred,
    ...(scope === 'namespaces' && { namespace: rest[0] ?? '' }),
    name: file.slice(0, -'.json'.length),
  };
}

/** `pods`, `ingresses.networking.k8s.io`. */
export const groupResource = ({ resource, group }: { readonly resource: string; readonly group: string }): string =>
  group ? `${resource}.${group}` : resource;

/** The path of the copy that a restore reads: the one without a version directory. */
export const canonicalPath = (at: Pick<ArchivePath, 'resource' | 'group' | 'namespace' | 'name'>): string =>
  `resources/${groupResource(at)}/${at.namespace === undefined ? 'cluster' : `namespaces/${at.namespace}`}/${at.name}.json`;

/** Why a restore may not or does not read a member of this name: velero pkg/archive/extractor.go refuses the whole archive where a name escapes. */
export function nameFault(path: string): string | undefined {
  if (path.split('/').includes('..')) return 'has .. in its name, which restores refuse';
  if (path.startsWith('/')) return 'has an absolute name';
  return path === '' || path.includes('\0') ? 'has no valid name' : undefined;
}
