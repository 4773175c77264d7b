/** Writes to one API server. Only functions/actions may use it (test/actions/only-writer.test.ts): everything else reads. */
import { type ApiAccess, type ApiClient, type ApiClientSettings, apiClient, defaults } from './api-client.ts';
import type { Answer } from './exchange.ts';
import { sending } from './sending.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
export interface DeleteOptions {
  /** Both: what was replaced or changed since is left alone. */
  readonly preconditions: { readonly uid: string; readonly resourceVersion: string };
  /** Told always: the default for Jobs is to orphan their pods. */
  readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan';
}

/** What a write is told of how to be sent. */
export interface WriteOptions {
  /** The server looks at it and stores nothing. */
  readonly dryRun?: boolean;
  /** Ends the wait for another attempt; what is under way is waited for. */
  readonly signal?: AbortSignal | undefined;
}

type Written = Promise<Answer & { readonly body: unknown }>;

/** A client that also writes. Every method gives the answer whatever its status but 401, and throws ClusterError where none came. */
export interface WritingApiClient extends ApiClient {
  /** All options in the body, and nothing in the query: beside a body the server ignores the query, and a dry run would be none. */
  delete(path: string, options: DeleteOptions, how?: WriteOptions): Written;
  /** A JSON merge patch; it must name the uid and resourceVersion in its metadata. */
  patch(path: string, patch: object, how?: WriteOptions): Written;
  /** Creates the object in the collection `path`. */
  create(path: string, object: object, how?: WriteOptions): Written;
  /**
   * Whether the body of a DELETE reaches the server: something between that drops it would turn a dry run into a deletion without
   * preconditions. Asks to delete, with an option that no server takes, an object that is not there: 422 says that the body was read.
   */
  tryDeleteBody(path: string, how?: WriteOptions): Promise<Answer>;
}

/** Whose fields these are, in managedFields. */
export const fieldManager = 'nightshift';

const json = 'application/json';
const queryOf = (dryRun: boolean | undefined) => `?fieldManager=${fieldManager}${dryRun ? '&dryRun=All' : ''}`;

/** @param onRetryAfter told of each wait (ms) that the server asked for: others had better wait too */
export function writingApiClient(
  access: ApiAccess,
  settings: ApiClientSettings & { readonly onRetryAfter?: ((wait: number) => void) | undefined } = {},
): WritingApiClient {
  const reader = apiClient(access, settings);
  // The server itself gives a write up to 34 s (requestTimeoutUpperBound in apiserver's rest.go).
  const timeouts = { ...defaults.timeouts, idle: 40_000, whole: 45_000, ...settings.timeouts };
  const { sendJson, send, traffic, close } = sending(access, { ...defaults, ...settings, timeouts, sockets: 5 });
  const writes = (dryRun: boolean | undefined) => (dryRun ? {} : { writes: true as const });
  return {
    ...reader,
    delete: (path, options, { dryRun, signal } = {}) => {
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: options.preconditions.uid, resourceVersion: options.preconditions.resourceVersion },
        propagationPolicy: options.propagationPolicy,
        ...(dryRun && { dryRun: ['All'] }),
      });
      return sendJson(path, { signal, write: { method: 'DELETE', contentType: json, body, ...writes(dryRun) } });
    },
    patch: (path, patch, { dryRun, signal } = {}) => {
      const body = JSON.stringify(patch);
      const contentType = 'application/merge-patch+json';
      return sendJson(`${path}${queryOf(dryRun)}`, { signal, write: { method: 'PATCH', contentType, body, ...writes(dryRun) } });
    },
    create: (path, object, { dryRun, signal } = {}) => {
      const body = JSON.stringify(object);
      return sendJson(`${path}${queryOf(dryRun)}`, { signal, write: { method: 'POST', contentType: json, body, ...writes(dryRun) } });
    },
    tryDeleteBody: (path, { signal } = {}) => {
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        dryRun: ['All'],
        propagationPolicy: 'NightshiftAsksWhetherThisArrives',
      });
      return send(path, { signal, write: { method: 'DELETE', contentType: json, body } });
    },
    traffic: () => {
      const [reads, written] = [reader.traffic(), traffic()];
      return { requests: reads.requests + written.requests, bytes: reads.bytes + written.bytes };
    },
    close: () => {
      reader.close();
      close();
    },
  };
}
