/** One resource as pages, each parsed whole before it is given. */
import type { Read } from '../scan/contracts.ts';
import { statusOf } from './answer-errors.ts';
import type { ApiClient } from './api-client.ts';
import { cleanValue, mayBeUnclean } from './clean.ts';
import { ClusterError } from './cluster-error.ts';
import type { Answer } from './exchange.ts';

/** A page of a list; `inconsistent` from the page on that continues on a newer snapshot. */
export interface Page {
  readonly objects: readonly unknown[];
  readonly inconsistent: boolean;
}

/** The list expired (410) and the server gave nothing to go on with. */
export class ListExpired extends Error {
  override readonly name = 'ListExpired';
}

/** The list was refused: the answer says how. */
export class ListRefused extends Error {
  override readonly name = 'ListRefused';
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`status ${answer.status}`);
    this.answer = answer;
  }
}

/** A page is adapted to about this many characters of JSON: bigger ones take more memory, smaller ones more requests. */
const wantedLength = 1_000_000;
/** Bytes: how big the next objects are is a guess, and a page of a thousand times 1 MB would take all memory. */
const largestPage = 16 * 1024 * 1024;
const firstLimit = 250;
const limits = { least: 10, most: 5_000 } as const;
/** Each 410 is a step forward, so this many mean that something else is wrong. */
const mostExpired = 50;
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** A list that is being read. */
interface Listing {
  readonly client: ApiClient;
  readonly read: Read;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Continues it; empty at the beginning and at the end. */
  token: string;
  limit: number;
  /** The largest limit that may be asked for. */
  most: number;
  /** How often it expired. */
  expired: number;
  /** The next page, asked for as soon as this one begins to come. Never more than one: what is not looked at yet takes memory. */
  ahead: Ahead | undefined;
}

interface Ahead {
  readonly token: string;
  readonly answer: Promise<Answer>;
  /** How it begins, once that has come. */
  head: string;
}

/**
 * The pages of `read`, served as `version`. On 410 it goes on with the token that the 410 carries. Never resourceVersion=0: a server from
 * 1.36 on then ignores the limit. Throws ListExpired, ListRefused (403, 404, ...) or ClusterError.
 */
export async function* listPages(
  client: ApiClient,
  read: Read,
  at: { readonly version: string; readonly namespaced: boolean },
  signal: AbortSignal,
): AsyncGenerator<Page, void, undefined> {
  const begin = { token: '', limit: firstLimit, most: limits.most, expired: 0, ahead: undefined };
  const list: Listing = { client, read, path: listPath(read, at), signal, ...begin };
  do {
    // In no variable: a generator at rest would keep the page, and its text, while the next one is read.
    yield await nextPage(list);
  } while (list.token !== '');
}

async function nextPage(list: Listing): Promise<Page> {
  for (;;) {
    const answer = await getPage(list);
    if (answer.status === 200) {
      const { items, next } = pageOf(answer, list);
      list.token = next;
      // A page that came anew may go on elsewhere than its first beginning said: what is not taken is not kept.
      if (list.ahead?.token !== next) list.ahead = undefined;
      list.limit = adapted(list, items.length, answer.text.length);
      return { objects: items, inconsistent: list.expired > 0 };
    }
    if (answer.status !== 410) throw new ListRefused(answer);
    list.expired += 1;
    list.token = statusOf(answer.text)?.metadata?.continue ?? '';
    if (list.token === '' || list.expired > mostExpired) throw new ListExpired('the list expired while it was read');
  }
}

/**
 * A page that takes too long, here or by the server's own clock (504), is asked for once more, and it and those after it at a fifth of its
 * size; one that is too large as often as it can be made smaller.
 */
async function getPage(list: Listing) {
  for (let late = false; ; ) {
    try {
      const answer = await ask(list);
      if (answer.status !== 504 || late) return answer;
      late = true;
    } catch (error) {
      const kind = error instanceof ClusterError ? error.kind : undefined;
      const again = (kind === 'timeout' && !late) || (kind === 'too-large' && list.limit > limits.least);
      if (!again) throw error;
      late ||= kind === 'timeout';
    }
    list.most = Math.max(limits.least, Math.floor(list.limit / 5));
    list.limit = list.most;
  }
}

function ask(list: Listing) {
  // Where this page is asked for again, or goes on with the token of a 410, what was asked for ahead is another one.
  const ahead = list.ahead?.token === list.token ? list.ahead : undefined;
  list.ahead = undefined;
  if (ahead) askAhead(list, ahead.head);
  return list.client.getJson(target(list), { ...options(list), sent: ahead?.answer, onHead: (head) => askAhead(list, head) });
}

/** Lets the server work on the next page while this one is received, parsed and looked at. */
function askAhead(list: Listing, head: string): void {
  const token = earlyToken.exec(head)?.[1];
  // Not before the first page has told how big its objects are; and a page that was cut and comes again begins as before.
  if (token === undefined || list.token === '' || list.ahead) return;
  const onHead = (nextHead: string) => {
    // Its turn may have come by now; else it is remembered until then.
    if (list.ahead === ahead) ahead.head = nextHead;
    else if (list.token === token) askAhead(list, nextHead);
  };
  const answer = list.client.get(target({ ...list, token }), { ...options(list), onHead });
  // Whoever asks for the page hears of its failure; nobody may.
  answer.catch(() => undefined);
  const ahead: Ahead = { token, answer, head: '' };
  list.ahead = ahead;
}

/** Lists of built-in kinds begin with their metadata; those of custom ones end with it, and are read page by page. */
const earlyToken = /^\{"kind":"\w+","apiVersion":"[\w./-]+","metadata":\{[^{}]*"continue":"([\w=+/-]+)"[^{}]*\},"items":\[/;

function options({ read, signal, limit }: Listing) {
  const largest = limit > limits.least ? largestPage : undefined;
  return { accept: read.part === 'metadata' ? metadataOnly : 'application/json', patient: true, largest, signal } as const;
}

function listPath({ group, resource, namespace }: Read, { version, namespaced }: { version: string; namespaced: boolean }): string {
  const prefix = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace !== undefined && namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${prefix}${scope}/${resource}`;
}

function target({ path, read, limit, token }: Listing): string {
  const parameters = new URLSearchParams({ limit: String(limit) });
  if (read.labels !== undefined) parameters.set('labelSelector', read.labels);
  if (read.fields !== undefined) parameters.set('fieldSelector', read.fields);
  if (token !== '') parameters.set('continue', token);
  return `${path}?${parameters}`;
}

interface List {
  readonly metadata?: { readonly continue?: string } | null;
  readonly items?: unknown;
}

function pageOf(answer: Answer & { readonly body: unknown }, { client, path }: Listing): { items: readonly unknown[]; next: string } {
  const list: List = typeof answer.body === 'object' && answer.body !== null ? answer.body : {};
  const items = list.items ?? [];
  if (!('items' in list) || !Array.isArray(items)) {
    throw new ClusterError(
      'not-kubernetes',
      `${client.host} answered GET ${path} with something that is no list`,
      'is this a Kubernetes API server?',
    );
  }
  if (mayBeUnclean(answer.text)) cleanValue(items);
  return { items, next: list.metadata?.continue ?? '' };
}

function adapted({ limit, most }: Listing, objects: number, length: number): number {
  if (objects === 0) return limit;
  const fitting = Math.floor((wantedLength * objects) / length);
  // The next objects may be bigger than these: grown by steps, shrunk at once.
  return Math.min(most, limit * 4, Math.max(limits.least, fitting));
}
