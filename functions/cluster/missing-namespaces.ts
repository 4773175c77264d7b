/** A namespace that is to be looked at and is not there: typed wrongly, or gone. */
import type { ApiClient } from './api-client.ts';

/** Whether it is known not to be there. Who may not ask (403) is refused its lists too, were it not there. Throws ClusterError. */
export const isNamespaceMissing = async (client: ApiClient, name: string, signal: AbortSignal): Promise<boolean> =>
  (await client.get(`/api/v1/namespaces/${name}`, { signal })).status === 404;

/** How that is said. */
export const namespaceMissing = (names: readonly string[]) => ({
  message: `there is no namespace ${names.join(', ')}`,
  remedy: 'is its name right? If it is gone for good, take it out of namespaces',
});
