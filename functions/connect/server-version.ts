/** Step: does a Kubernetes API server answer, and which one. */
import type { ApiClient } from '../cluster/api-client.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import { greet } from '../cluster/open-cluster.ts';
import type { Seen } from './step.ts';

/** Milliseconds; tokens are signed and certificates are valid by a clock. */
const mostClockSkew = 120_000;

/** Asks for /version. Throws ClusterError; credentials that are refused are the next step's to explain. */
export async function serverVersion(client: ApiClient, signal: AbortSignal): Promise<Seen<true>> {
  try {
    const { now, version } = await greet(client, signal);
    const message = version ? `Kubernetes ${version}` : 'a Kubernetes API server that keeps its version from these credentials';
    const skew = Math.round((now - Date.now()) / 1000);
    if (Math.abs(skew) * 1000 <= mostClockSkew) return { state: 'ok', message, value: true };
    return {
      state: 'warning',
      message,
      facts: [`its clock is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine’s`],
      remedy: 'set the clocks: tokens and certificates are refused by a clock that is wrong',
      value: true,
    };
  } catch (error) {
    if (!isClusterError(error) || error.kind !== 'unauthorized') throw error;
    return { state: 'ok', message: 'it answers, but not to these credentials (401)', value: true };
  }
}
