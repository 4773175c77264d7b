/**
 * What a minor of Kubernetes serves: its OpenAPI document (api/openapi-spec/swagger.json, which Kubernetes' own script asks of an API server with
 * every API and alpha feature turned on), and which pre-release versions it serves without being told to (pkg/controlplane/instance.go).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { GroupVersionKind } from '../../../functions/cluster/api-lifecycle.ts';
import { groupName } from './markers.ts';
import type { ReadModule } from './modules.ts';

/** A kind that one minor serves. */
export interface ServedKind extends GroupVersionKind {
  /** Its plural, or resource/subresource where it has no resource of its own: pods/eviction. */
  readonly resource: string;
  /**
   * False where it is only the body of a request to another version's resource (policy/v1beta1 Eviction to v1 pods): the document names one version
   * of such a body, and the server goes on taking the others.
   */
  readonly own: boolean;
}

/** One minor. */
export interface Served {
  readonly source: string;
  readonly minor: number;
  /** By groupVersionKind. */
  readonly kinds: ReadonlyMap<string, ServedKind>;
  /** The alpha and beta versions that are on unless turned off, as group/version/resource; absent before 1.24, when every beta was. */
  readonly onByDefault?: ReadonlySet<string>;
}

const gvk = z.object({ group: z.string(), version: z.string(), kind: z.string() });
const documentShape = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
const operationShape = z.object({ 'x-kubernetes-group-version-kind': gvk });

const resourcePath = /^\/(?:api|apis\/([^/]+))\/([^/]+)\/(?!watch\/)(?:namespaces\/\{namespace\}\/)?([^/{]+)(?:\/\{name\}(?:\/([^/]+))?)?$/;

/** A kind's name in maps. */
export const keyOf = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}/${kind}`;

// A Deployment is what deployments holds, not the answer of deployments/status.
const rank = ({ own, resource }: ServedKind): number => (own ? 0 : 2) + (resource.includes('/') ? 1 : 0);

/** `api` is the module k8s.io/api of the same minor, where there is one: it knows the groups' names. */
export function readServed({ path, version, minor, directory }: ReadModule, api: ReadModule | undefined): Served {
  const source = `${path}@${version}`;
  const kinds = new Map<string, ServedKind>();
  const { paths } = documentShape.parse(JSON.parse(readFileSync(join(directory, 'api/openapi-spec/swagger.json'), 'utf8')));
  for (const [url, operations] of Object.entries(paths)) {
    const [, group = '', servedVersion, plural, subresource] = resourcePath.exec(url) ?? [];
    if (plural === undefined) continue;
    const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
    for (const operation of Object.values(operations)) {
      const { data } = operationShape.safeParse(operation);
      if (data === undefined) continue;
      const served = data['x-kubernetes-group-version-kind'];
      const kind = { ...served, resource, own: served.group === group && served.version === servedVersion };
      const before = kinds.get(keyOf(kind));
      if (before === undefined || rank(kind) < rank(before)) kinds.set(keyOf(kind), kind);
    }
  }
  if (kinds.size === 0) throw new Error(`the OpenAPI document of ${source} names no kind`);
  return { source, minor, kinds, ...(minor >= 24 && { onByDefault: readOnByDefault(directory, source, api) }) };
}

const preRelease = /\/v\d+(alpha|beta)\d+$/;
const importedVersion = /^\s+(\w+) "k8s\.io\/(?:api|kubernetes\/pkg\/apis)\/(\w+\/\w+)"$/gm;
const enabledList = /^\s*\w*EnabledByDefault\w* = \[\]schema\.GroupVersion(?:Resource)?\{\n(.*?)^\s*\}/gms;
const enabledItem = /^\s*(\w+)\.SchemeGroupVersion(?:\.WithResource\("([^"]+)"\))?,/gm;

function readOnByDefault(directory: string, source: string, api: ReadModule | undefined): ReadonlySet<string> {
  const file = join(directory, 'pkg/controlplane/instance.go');
  if (!existsSync(file) || api === undefined)
    throw new Error(`${source}: what is served by default needs ${file} and k8s.io/api of that minor`);
  const text = readFileSync(file, 'utf8');
  const folders = new Map(text.matchAll(importedVersion).map(([, alias = '', folder = '']) => [alias, folder]));
  const on = new Set<string>();
  let stable = 0;
  for (const [, items = ''] of text.matchAll(enabledList)) {
    for (const [, alias = '', resource] of items.matchAll(enabledItem)) {
      const folder = folders.get(alias);
      const group = folder && groupName(api.directory, folder);
      if (folder === undefined || group === undefined) throw new Error(`${source}: ${file} enables ${alias}, which no import explains`);
      const groupVersion = `${group}/${folder.split('/')[1]}`;
      if (resource !== undefined) on.add(`${groupVersion}/${resource}`);
      else if (preRelease.test(folder)) throw new Error(`${source}: ${groupVersion} is on by default as a whole, which is not expected`);
      else stable++;
    }
  }
  if (stable === 0) throw new Error(`${source}: ${file} lists no version that is on by default`);
  return on;
}
