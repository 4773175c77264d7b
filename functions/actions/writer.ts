/** A cluster that can be written to, one object at a time. */
import { answerError, retryAfter, serverMessage, statusOf } from '../cluster/answer-errors.ts';
import type { ApiClientSettings } from '../cluster/api-client.ts';
import { clean } from '../cluster/clean.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { discovery } from '../cluster/discovery.ts';
import type { Answer } from '../cluster/exchange.ts';
import { type ClusterAccess, greet, type OpenOptions, wayTo } from '../cluster/open-cluster.ts';
import type { SelfReview } from '../cluster/self-review.ts';
import { type DeleteOptions, type WriteOptions, writingApiClient } from '../cluster/writing-api-client.ts';
import type { Read } from '../scan/contracts.ts';
import { absent, type Resource } from './contracts.ts';

/** Where one object is. */
export interface Place {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What the server said to a write. */
export type Said = {
  /** `Warning` headers. */
  readonly warnings: readonly string[];
} & (
  | { readonly taken: true; readonly body: unknown }
  | {
      readonly taken: false;
      readonly status: number;
      /** In its words, in one line. */
      readonly message: string;
      /** Of a 404: it is the object that is not there, and not the resource. */
      readonly notThere: boolean;
      /** Of a 403: the rights are missing. What a webhook or a policy refuses is often a 403 too. */
      readonly withoutRight: boolean;
      /** ms. */
      readonly retryAfter?: number;
    }
);

/** Every method throws ClusterError where no answer came, and what became of a write is then not known. */
export interface Writer {
  /** host:port, for messages. */
  readonly host: string;
  /** The server's clock, in ms. */
  now(): number;
  /** The object as it is now; `absent` only after a 404 of a resource that is served. Throws ClusterError for anything else. */
  get(place: Place, signal?: AbortSignal): Promise<unknown>;
  /** The same for a read, in whichever of its versions is served. */
  getRead(read: Read, name: string, namespace: string | undefined, signal: AbortSignal): Promise<unknown>;
  /** The same by kind, as an owner reference names it; the namespace counts only where the kind has one. */
  getOfKind(apiVersion: string, kind: string, namespace: string | undefined, name: string, signal?: AbortSignal): Promise<unknown>;
  delete(place: Place, options: DeleteOptions, how?: WriteOptions): Promise<Said>;
  /** A JSON merge patch of this very version of the object. */
  patch(place: Place, version: DeleteOptions['preconditions'], patch: Readonly<Record<string, unknown>>, how?: WriteOptions): Promise<Said>;
  create(place: Place, object: object, how?: WriteOptions): Promise<Said>;
  /** Whether the body of a DELETE arrives: `yes`; `no`: it must not be used; `forbidden`: not found out, for lack of rights. */
  deleteBodyArrives(place: Place, how?: WriteOptions): Promise<'yes' | 'no' | 'forbidden'>;
  /** The uid of the Namespace kube-system. Throws ClusterError. */
  clusterUid(signal?: AbortSignal): Promise<string>;
  /** Asks what the writer itself may do. */
  postReview(review: SelfReview, signal?: AbortSignal): Promise<Answer & { readonly body: unknown }>;
  /** Told from now on of each wait (ms) that the server asks for. */
  onRetryAfter(listener: (wait: number) => void): void;
  close(): void;
}

/** What a name in a path must be, or the path would be another: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
const isSegment = (name: string | undefined): name is string =>
  name !== undefined && /^[^/%?#\s]+$/.test(name) && name !== '.' && name !== '..';

/** The path of an object, or of its collection. An empty name would be the collection's, which is never deleted: throws TypeError. */
export function pathOf({ resource, namespace, name }: Place, what: 'object' | 'collection' = 'object'): string {
  const { group, version, resource: plural, namespaced } = resource;
  if (![version, plural, name].every(isSegment) || (group !== '' && !isSegment(group)) || (namespaced && !isSegment(namespace)))
    throw new TypeError(`no path can be made of ${JSON.stringify({ resource: plural, namespace, name })}`);
  const top = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespaced ? `${top}/namespaces/${namespace}/${plural}` : `${top}/${plural}`;
  return what === 'object' ? `${within}/${encodeURIComponent(name)}` : within;
}

/** Reaches the cluster and greets it. Throws ClusterError. */
export async function openWriter(access: ClusterAccess, options: OpenOptions & { readonly settings?: ApiClientSettings }): Promise<Writer> {
  const { access: way } = await wayTo(access, options);
  const listeners: ((wait: number) => void)[] = [];
  const client = writingApiClient(way, {
    ...options.settings,
    onRetryAfter: (wait) => listeners.forEach((listener) => void listener(wait)),
  });
  try {
    const { now } = await greet(client, options.signal);
    const greeted = performance.now();
    return writerOver(
      client,
      () => now + performance.now() - greeted,
      (listener) => void listeners.push(listener),
    );
  } catch (error) {
    client.close();
    throw error;
  }
}

function writerOver(client: ReturnType<typeof writingApiClient>, now: () => number, onRetryAfter: Writer['onRetryAfter']): Writer {
  const find = discovery(client);
  const get: Writer['get'] = async (place, signal) => {
    const path = pathOf(place);
    const answer = await client.getJson(path, { signal });
    if (answer.status === 200 && isObjectNamed(answer.body, place.name)) return answer.body;
    if (isNotThere(answer, place)) return absent;
    throw answerError(answer, client.host, path);
  };
  return {
    host: client.host,
    now,
    get,
    getRead: async (read, name, namespace, signal) => {
      const found = await find(read, signal);
      if (found.state !== 'served')
        throw new ClusterError('not-found', found.state === 'absent' ? found.reason : found.message, 'look at the API group and run again');
      const { group, resource, kind } = read;
      return get({ resource: { group, version: found.version, resource, kind, namespaced: found.namespaced }, namespace, name }, signal);
    },
    getOfKind: async (apiVersion, kind, namespace, name, signal) => {
      const resource = await resourceOfKind(client, apiVersion, kind, signal);
      if (resource === undefined)
        throw new ClusterError('not-found', `${client.host} serves no ${apiVersion} ${kind}`, 'is its CustomResourceDefinition there?');
      return get({ resource, namespace: resource.namespaced ? namespace : undefined, name }, signal);
    },
    delete: async (place, options, how) => said(await client.delete(pathOf(place), options, how), place),
    patch: async (place, { uid, resourceVersion }, patch, how) => {
      const metadata = typeof patch.metadata === 'object' ? patch.metadata : {};
      return said(await client.patch(pathOf(place), { ...patch, metadata: { ...metadata, uid, resourceVersion } }, how), place);
    },
    create: async (place, object, how) => said(await client.create(pathOf(place, 'collection'), object, how), place),
    deleteBodyArrives: async (place, how) => {
      const answer = await client.tryDeleteBody(pathOf(place), how);
      if (answer.status === 422 || answer.status === 400) return 'yes';
      if (answer.status === 403) return 'forbidden';
      if (answer.status === 404 || answer.status < 300) return 'no';
      throw answerError(answer, client.host, pathOf(place));
    },
    clusterUid: async (signal) => {
      const namespaces = { group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace', namespaced: false };
      const found = await get({ resource: namespaces, name: 'kube-system' }, signal);
      const { uid } = metadataOf(found);
      if (uid === undefined)
        throw new ClusterError('not-kubernetes', `${client.host} has no Namespace kube-system`, 'is it the right server?');
      return uid;
    },
    postReview: (review, signal) => client.postReview(review, { signal }),
    onRetryAfter,
    close: () => client.close(),
  };
}

async function resourceOfKind(
  client: ReturnType<typeof writingApiClient>,
  apiVersion: string,
  kind: string,
  signal: AbortSignal | undefined,
): Promise<Resource | undefined> {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  if (!isSegment(version) || (group !== '' && !isSegment(group))) return undefined;
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const answer = await client.getJson(path, { signal });
  if (answer.status === 404) return undefined;
  const resources = fieldOf(answer.body, 'resources');
  if (answer.status !== 200 || !Array.isArray(resources)) throw answerError(answer, client.host, path);
  for (const each of resources) {
    const name = fieldOf(each, 'name');
    if (fieldOf(each, 'kind') === kind && typeof name === 'string' && isSegment(name))
      return { group, version, resource: name, kind, namespaced: fieldOf(each, 'namespaced') === true };
  }
  return undefined;
}

/** What the executor needs of any object's metadata; what is of another type counts as missing. */
export interface LiveMetadata {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly name?: string;
  readonly deletionTimestamp?: string;
  readonly creationTimestamp?: string;
  readonly finalizers: readonly string[];
  readonly managers: readonly string[];
}

export function metadataOf(object: unknown): LiveMetadata {
  const metadata = fieldOf(object, 'metadata');
  const text = <Name extends string>(name: Name) => {
    const value = fieldOf(metadata, name);
    return typeof value === 'string' && value !== '' ? { [name]: value } : {};
  };
  const list = (name: string) => {
    const value = fieldOf(metadata, name);
    return Array.isArray(value) ? value : [];
  };
  return {
    ...text('uid'),
    ...text('resourceVersion'),
    ...text('name'),
    ...text('deletionTimestamp'),
    ...text('creationTimestamp'),
    finalizers: list('finalizers').filter((each) => typeof each === 'string'),
    managers: list('managedFields').flatMap((each) => {
      const manager = fieldOf(each, 'manager');
      return typeof manager === 'string' ? [manager] : [];
    }),
  };
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

const isObjectNamed = (body: unknown, name: string): boolean => metadataOf(body).name === name;

/** A path that is not served is a 404 too, in plain text or without the object's name. */
function isNotThere({ status, text }: Answer, { resource, name }: Place): boolean {
  if (status !== 404) return false;
  const found = statusOf(text);
  const details = fieldOf(found, 'details');
  return found?.reason === 'NotFound' && fieldOf(details, 'name') === name && fieldOf(details, 'kind') === resource.resource;
}

function said(answer: Answer & { readonly body: unknown }, place: Place): Said {
  const warnings = warningsOf(answer.headers.warning);
  if (answer.status >= 200 && answer.status < 300) return { warnings, taken: true, body: answer.body };
  const message = serverMessage(answer);
  const wait = retryAfter(answer);
  return {
    warnings,
    taken: false,
    status: answer.status,
    message,
    notThere: isNotThere(answer, place),
    // The authorizer's own words (apiserver's responsewriters/errors.go).
    withoutRight: answer.status === 403 && /\bcannot \S+ (resource|path) "/.test(message),
    ...(wait !== undefined && { retryAfter: wait }),
  };
}

/** `299 - "text"`, several separated by commas; https://www.rfc-editor.org/rfc/rfc7234#section-5.5 */
function warningsOf(header: string | readonly string[] | undefined): readonly string[] {
  const text = [header ?? []].flat().join(', ');
  return [...text.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) =>
    clean(quoted.replaceAll(/\\(.)/g, '$1')).slice(0, 300),
  );
}
