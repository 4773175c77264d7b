/** What a scan asks a server for, so that the plain read beside it asks for the same. */
import type { Declaration, Read } from '../../functions/scan/contracts.ts';
import { planReads, type Reader } from '../../functions/scan/plan-reads.ts';
import type { ControlPlane } from '../control-plane/parts/control-plane.ts';

/** The paths that the scan itself asks for, for what the server serves; `also`: what it reads beside. For raw-read.ts. */
export const pathsOf = async (plane: ControlPlane, observers: readonly Declaration[], also: readonly Read[] = []): Promise<string[]> => {
  const readers: Reader[] = observers.flatMap((observer) => {
    const reads = typeof observer.reads === 'function' ? observer.reads(observer.options.parse({})) : observer.reads;
    return Object.entries(reads).map(([name, read]) => ({ observer: observer.id, name, read }));
  });
  const beside: Reader[] = also.map((read, index) => ({ observer: '', name: String(index), read }));
  const paths = planReads([...readers, ...beside]).map(({ read: { group, versions, resource, namespace, part, labels, fields } }) => {
    const base = `${group ? `/apis/${group}` : '/api'}/${versions[0]}`;
    const query = new URLSearchParams({ ...(labels && { labelSelector: labels }), ...(fields && { fieldSelector: fields }) });
    return `${part ? '!' : ''}${base}/${namespace ? `namespaces/${namespace}/` : ''}${resource}?${query}`;
  });
  const served = await Promise.all(
    paths.map(async (path) => (await plane.request('GET', `${path.replace('!', '')}&limit=1`)).status === 200),
  );
  return paths.filter((_, index) => served[index]);
};
