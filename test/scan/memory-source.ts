/** A source for tests that holds its objects in memory and can be told how its reads end, in which order and in which pieces. */
import { type Batch, type End, NotApplicable, type ProbeAnswer, type Read, type Source } from '../../functions/scan/contracts.ts';

type WithoutRead<T> = T extends unknown ? Omit<T, 'read' | 'objects'> : never;
/** How a read ends instead of `complete`. */
export type Ending = WithoutRead<End>;

export interface MemorySourceOptions {
  /** Kubernetes objects with kind (and apiVersion where two groups share the kind). */
  readonly objects?: readonly object[];
  /** Milliseconds or RFC 3339. */
  readonly now?: number | string;
  /** By path. */
  readonly probes?: Readonly<Record<string, ProbeAnswer | Error>>;
  /** By plural resource name. */
  readonly endings?: Readonly<Record<string, Ending>>;
  readonly kind?: Source['kind'];
  readonly stateless?: string;
  /** Objects in a batch; 250 unless told. */
  readonly pageSize?: number;
  /** Puts the batches into another order. */
  readonly arrange?: (batches: readonly Batch[]) => readonly Batch[];
  /** Called with the merged reads, as the scan sends them. */
  readonly onRead?: (reads: readonly Read[]) => void;
}

const isOf = (object: object, { group, kind, namespace }: Read): boolean => {
  const { apiVersion, kind: own, metadata } = object as { apiVersion?: string; kind?: string; metadata?: { namespace?: string } };
  if (own !== kind || (namespace !== undefined && metadata?.namespace !== namespace)) return false;
  return apiVersion === undefined || (apiVersion.includes('/') ? apiVersion.split('/')[0] : '') === group;
};

export const memorySource = (options: MemorySourceOptions = {}): Source => {
  const { objects = [], pageSize = 250, arrange = (batches) => batches, endings = {}, probes = {} } = options;
  let requests = 0;
  return {
    kind: options.kind ?? 'cluster',
    name: 'memory',
    now: typeof options.now === 'string' ? Date.parse(options.now) : (options.now ?? Date.parse('2026-11-24T06:00:00Z')),
    version: 'v1.36.3',
    ...(options.stateless && { stateless: options.stateless }),
    async *read(reads) {
      options.onRead?.(reads);
      const batches = reads.flatMap((read) => {
        const mine = objects.filter((object) => isOf(object, read));
        return Array.from({ length: Math.ceil(mine.length / pageSize) }, (_, page) => ({
          read,
          objects: mine.slice(page * pageSize, (page + 1) * pageSize),
        }));
      });
      const seen = new Map<Read, number>();
      for (const batch of arrange(batches)) {
        const ending = endings[batch.read.resource];
        if (ending && ['absent', 'off', 'not-granted'].includes(ending.state)) continue;
        requests += 1;
        seen.set(batch.read, (seen.get(batch.read) ?? 0) + batch.objects.length);
        yield batch;
      }
      for (const read of reads) {
        const ending: Ending = endings[read.resource] ?? { state: 'complete' };
        yield { read, objects: seen.get(read) ?? 0, ...ending };
      }
    },
    async probe(path) {
      const answer = probes[path];
      if (answer instanceof Error) throw answer;
      if (!answer) throw new NotApplicable(`the memory source has no ${path}`);
      return answer;
    },
    traffic: () => ({ requests, bytes: 0 }),
    close: async () => undefined,
  };
};
