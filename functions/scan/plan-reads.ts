import type { Read } from './contracts.ts';

/** One observer's wish to see a resource, under the name that its `see` has for it. */
export interface Reader {
  readonly observer: string;
  readonly name: string;
  readonly read: Read;
}

/** One list to send, and all who read it. */
export interface PlannedRead {
  readonly read: Read;
  readonly readers: readonly Reader[];
}

const resourceOf = ({ group, resource }: Read): string => `${group}/${resource}`;

/** What all agree on; undefined where they do not. */
const agreed = <T>(values: readonly T[]): T | undefined => (values.every((value) => value === values[0]) ? values[0] : undefined);

const merge = (readers: readonly Reader[]): Read => {
  const [first, ...rest] = readers.map(({ read }) => read);
  if (!first) throw new TypeError('a planned read has at least one reader');
  const all = [first, ...rest];
  const versions = first.versions.filter((version) => all.every((read) => read.versions.includes(version)));
  const [best, ...others] = versions;
  if (best === undefined) throw new TypeError(`the readers of ${resourceOf(first)} understand no common version`);
  const part = agreed(all.map((read) => read.part));
  const namespace = agreed(all.map((read) => read.namespace));
  const labels = agreed(all.map((read) => read.labels));
  const fields = agreed(all.map((read) => read.fields));
  return {
    group: first.group,
    resource: first.resource,
    kind: first.kind,
    versions: [best, ...others],
    ...(part && { part }),
    ...(namespace && { namespace }),
    ...(labels && { labels }),
    ...(fields && { fields }),
    ...(all.every((read) => read.optional) && { optional: true }),
    ...(all.some((read) => read.sensitive) && { sensitive: true }),
  };
};

/**
 * One list a resource, whatever the number of readers: metadata alone, a selector or a namespace only where all of them agree.
 * Readers of different namespaces get a list each, unless someone reads the whole cluster: then that one list feeds all.
 */
export const planReads = (readers: readonly Reader[]): readonly PlannedRead[] => {
  const byResource = Map.groupBy(readers, ({ read }) => resourceOf(read));
  return [...byResource.values()].flatMap((sameResource) => {
    const groups = sameResource.some(({ read }) => read.namespace === undefined)
      ? [sameResource]
      : [...Map.groupBy(sameResource, ({ read }) => read.namespace).values()];
    return groups.map((group) => ({ read: merge(group), readers: group }));
  });
};
