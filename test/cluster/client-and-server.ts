/** A client and a server for one test file; both are ended with it. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { type ApiAccess, type ApiClientSettings, apiClient } from '../../functions/cluster/api-client.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { type Handler, type HttpsServer, startHttpsServer } from './https-server.ts';

export const quick: ApiClientSettings = { firstWait: 5, longestWait: 1_500, timeouts: { connect: 5_000, idle: 5_000, whole: 10_000 } };

/** What is ended after the file's tests. */
export const running: { stop(): void }[] = [];
after(() => {
  for (const each of running) each.stop();
});

export async function serve(handler: Handler, certificate?: { certificate: string; key: string }): Promise<HttpsServer> {
  const server = await startHttpsServer(handler, certificate);
  running.push(server);
  return server;
}

export function clientOf(access: ApiAccess, settings: ApiClientSettings = quick) {
  const client = apiClient(access, settings);
  running.push({ stop: () => client.close() });
  return client;
}

/** The ClusterError that `work` ends in; it has a remedy, and holds no token. */
export async function errorOf(work: Promise<unknown>): Promise<ClusterError> {
  const error = await work.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClusterError, String(error));
  assert.ok(error.remedy.length > 10);
  assert.doesNotMatch(`${error.message} ${error.remedy}`, /test-token/);
  return error;
}
