/**
 * Which resources the server serves, in which version. A resource is absent only if discovery says so: without rights its list is a 403
 * whether it is there or not. Aggregated form: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 */
import type { Read } from '../scan/contracts.ts';
import { answerError, isForNobody, serverMessage } from './answer-errors.ts';
import type { ApiClient } from './api-client.ts';
import { ClusterError } from './cluster-error.ts';
import type { Answer } from './exchange.ts';

/** Where a read is served. */
export type Found =
  | { readonly state: 'served'; readonly version: string; readonly namespaced: boolean }
  | { readonly state: 'absent'; readonly reason: string }
  | { readonly state: 'unavailable'; readonly message: string };

/** Finds a read; what was once asked is kept. Throws ClusterError where the server could not be asked. */
export type Find = (read: Read, signal: AbortSignal) => Promise<Found>;

/** A resource that can be listed. */
export interface Listable {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  /** All in which it is served, the server's preferred one first. */
  readonly versions: readonly [string, ...string[]];
}
/** What a server serves of some groups. */
export interface Served {
  readonly listable: readonly Listable[];
  /** Why it is not known what these groups hold; nothing may be concluded from their absence above. */
  readonly unknown: readonly { readonly group: string; readonly message: string }[];
}

/** Finds reads, and tells what else there is. */
export interface Discovery extends Find {
  /** All of the named groups that `wants` names, without subresources. Throws ClusterError where the server could not be asked. */
  served(wants: (group: string) => boolean, signal: AbortSignal): Promise<Served>;
}

interface ServedResource {
  readonly namespaced: boolean;
  readonly kind: string | undefined;
  /** Has it the verb list? */
  readonly lists: boolean;
}
interface ServedVersion {
  readonly version: string;
  readonly stale: boolean;
  /** By plural name; undefined where it has to be asked for (the old form). */
  readonly resources: ReadonlyMap<string, ServedResource> | undefined;
}
type Groups = ReadonlyMap<string, readonly ServedVersion[]>;

const aggregated = 'as=APIGroupDiscoveryList';
const accept = `application/json;g=apidiscovery.k8s.io;v=v2;${aggregated},application/json;g=apidiscovery.k8s.io;v=v2beta1;${aggregated},application/json`;

/**
 * Asks when the first read is looked for: two requests where the server knows the aggregated form (1.27 and newer). The core group is told
 * apart from all others: where one of the two cannot be had, what is of the other is found. A failure is kept too, or each read would wait
 * for it anew.
 */
export function discovery(client: ApiClient): Discovery {
  const groups = new Map<'/api' | '/apis', Promise<Groups>>();
  const asked = new Map<string, Promise<ServedVersion['resources'] | string>>();

  async function resourcesOf(group: string, served: ServedVersion, signal: AbortSignal): Promise<ServedVersion['resources'] | string> {
    if (served.resources !== undefined) return served.resources;
    const path = group === '' ? `/api/${served.version}` : `/apis/${group}/${served.version}`;
    const resources = asked.get(path) ?? askVersion(client, path, signal);
    asked.set(path, resources);
    return resources;
  }

  function groupsAt(path: '/api' | '/apis', signal: AbortSignal): Promise<Groups> {
    const known = groups.get(path) ?? askGroups(client, path, signal);
    groups.set(path, known);
    return known;
  }

  const find: Find = async (read, signal) => {
    const served = (await groupsAt(read.group === '' ? '/api' : '/apis', signal)).get(read.group);
    const name = read.group === '' ? read.resource : `${read.resource}.${read.group}`;
    if (served === undefined) return { state: 'absent', reason: `the cluster has no ${name}` };
    for (const version of read.versions) {
      const found = served.find((each) => each.version === version);
      if (found === undefined) continue;
      if (found.stale) {
        return { state: 'unavailable', message: `${name}: the API server behind the group does not answer, discovery calls it stale` };
      }
      const resources = await resourcesOf(read.group, found, signal);
      if (typeof resources === 'string') return { state: 'unavailable', message: `${name}: ${resources}` };
      const resource = resources?.get(read.resource);
      if (resource !== undefined) return { state: 'served', version, namespaced: resource.namespaced };
    }
    const versions = served.map(({ version }) => version).join(', ');
    return {
      state: 'absent',
      reason: `the cluster has no ${name} in ${read.versions.join(' or ')} (it serves ${versions || 'no version'})`,
    };
  };

  async function served(wants: (group: string) => boolean, signal: AbortSignal): Promise<Served> {
    const listable: Listable[] = [];
    const unknown: { group: string; message: string }[] = [];
    for (const [group, versions] of await groupsAt('/apis', signal)) {
      if (!wants(group)) continue;
      const known: (readonly [string, ReadonlyMap<string, ServedResource>])[] = [];
      for (const each of versions) {
        const resources = each.stale ? 'discovery calls it stale' : await resourcesOf(group, each, signal);
        if (resources === undefined || typeof resources === 'string') {
          unknown.push({ group, message: `${group}/${each.version}: ${resources ?? 'nothing is said of it'}` });
        } else known.push([each.version, resources]);
      }
      listable.push(...listableOf(group, known));
    }
    return { listable, unknown };
  }

  return Object.assign(find, { served });
}

/** Each resource once, whatever the number of its versions. */
function* listableOf(group: string, versions: readonly (readonly [string, ReadonlyMap<string, ServedResource>])[]): Iterable<Listable> {
  const names = new Set(versions.flatMap(([, resources]) => [...resources.keys()]));
  for (const resource of names) {
    // In the old form subresources stand beside what they are of: pods/log.
    if (resource.includes('/')) continue;
    const served = versions.flatMap(([version, resources]) => {
      const each = resources.get(resource);
      return each?.lists && each.kind !== undefined ? [{ version, kind: each.kind }] : [];
    });
    const [first, ...others] = served;
    if (first) yield { group, resource, kind: first.kind, versions: [first.version, ...others.map(({ version }) => version)] };
  }
}

interface AggregatedList {
  readonly kind?: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly freshness?: string;
      readonly resources?:
        | readonly {
            readonly resource: string;
            readonly scope?: string;
            readonly responseKind?: { readonly kind?: string } | null;
            readonly verbs?: readonly string[] | null;
          }[]
        | null;
    }[];
  }[];
  /** Of the old form. */
  readonly groups?: readonly { readonly name: string; readonly versions?: readonly { readonly version: string }[] }[];
  readonly versions?: readonly string[];
}

async function askGroups(client: ApiClient, path: string, signal: AbortSignal): Promise<Groups> {
  return new Map(groupsOf(await askList(client, path, signal)));
}

async function askList(client: ApiClient, path: string, signal: AbortSignal): Promise<AggregatedList> {
  let answer = await client.getJson(path, { accept, signal });
  if (answer.status === 406) answer = await client.getJson(path, { signal });
  if (answer.status !== 200 || !isList(answer.body)) throw refused(answer, client.host, path);
  return answer.body;
}

/** Anything else that is JSON would say of every resource that the cluster has none. */
function isList(body: unknown): body is AggregatedList {
  const { items, groups, versions }: AggregatedList = typeof body === 'object' && body !== null ? body : {};
  return [items, groups, versions].some(Array.isArray);
}

function refused(answer: Answer, host: string, path: string): ClusterError {
  if (answer.status !== 403 || isForNobody(serverMessage(answer))) return answerError(answer, host, path);
  return new ClusterError(
    'forbidden',
    `${host} forbids discovery (GET ${path}): ${serverMessage(answer)}`,
    'every authenticated user may usually discover (ClusterRole system:discovery): have the credentials reached the server, is its binding there?',
  );
}

function* groupsOf(list: AggregatedList): Iterable<readonly [string, readonly ServedVersion[]]> {
  for (const { metadata, versions } of list.items ?? []) {
    const served = versions?.map(({ version, freshness, resources }) => ({
      version,
      stale: freshness === 'Stale',
      resources: new Map(
        resources?.map(({ resource, scope, responseKind, verbs }) => [
          resource,
          { namespaced: scope === 'Namespaced', kind: responseKind?.kind, lists: verbs?.includes('list') === true },
        ]),
      ),
    }));
    yield [metadata?.name ?? '', served ?? []];
  }
  const unread = (version: string): ServedVersion => ({ version, stale: false, resources: undefined });
  if (list.kind === 'APIVersions') yield ['', (list.versions ?? []).map(unread)];
  for (const { name, versions } of list.groups ?? []) yield [name, (versions ?? []).map(({ version }) => unread(version))];
}

interface OldResource {
  readonly name: string;
  readonly namespaced?: boolean;
  readonly kind?: string;
  readonly verbs?: readonly string[];
}

/** One version in the old form; a text says why its server does not answer (503 and 404 of aggregated groups are plain text). */
async function askVersion(client: ApiClient, path: string, signal: AbortSignal): Promise<ServedVersion['resources'] | string> {
  const answer = await client.getJson(path, { signal, anyStatus: true });
  if (answer.status !== 200) return `GET ${path} gave ${answer.status}: ${serverMessage(answer)}`;
  const { resources }: { readonly resources?: readonly OldResource[] } = answer.body ?? {};
  return new Map(
    resources?.map(({ name, namespaced, kind, verbs }) => [
      name,
      { namespaced: namespaced === true, kind, lists: verbs?.includes('list') === true },
    ]),
  );
}
