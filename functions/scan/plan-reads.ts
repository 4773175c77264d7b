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

/** Of Secrets nothing is asked for that no reader wants: who needs one field of some must not make another's list bring them all. */
const exactly = (read: Read): string =>
  read.sensitive ? [resourceOf(read), read.part, read.namespace, read.labels, read.fields].join(' ') : resourceOf(read);

/** Together as long as one version serves them all: readers that understand no common one get a list each. */
const byVersion = (readers: readonly Reader[]): readonly (readonly Reader[])[] => {
  const lists: { readonly readers: Reader[]; versions: readonly string[] }[] = [];
  for (const reader of readers) {
    const list = lists.find(({ versions }) => versions.some((version) => reader.read.versions.includes(version)));
    if (!list) lists.push({ readers: [reader], versions: reader.read.versions });
    else {
      list.readers.push(reader);
      list.versions = list.versions.filter((version) => reader.read.versions.includes(version));
    }
  }
  return lists.map(({ readers: each }) => each);
};

/**
 * One list a resource, whatever the number of readers: metadata alone, a selector or a namespace only where all of them agree.
 * Readers of different namespaces get a list each, unless someone reads the whole cluster: then that one list feeds all. What is sensitive is
 * shared only by readers that want the very same.
 */
export const planReads = (readers: readonly Reader[]): readonly PlannedRead[] => {
  const byResource = Map.groupBy(readers, ({ read }) => exactly(read));
  return [...byResource.values()].flatMap((sameResource) => {
    const groups = sameResource.some(({ read }) => read.namespace === undefined)
      ? [sameResource]
      : [...Map.groupBy(sameResource, ({ read }) => read.namespace).values()];
    return groups.flatMap(byVersion).map((group) => ({ read: merge(group), readers: group }));
  });
};
