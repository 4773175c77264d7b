import type { GuardedMetadata } from '../contracts.ts';

/** By name: the metadata of each Namespace. What is not in it was not seen, and may be marked to be kept. */
export type Namespaces = ReadonlyMap<string, GuardedMetadata>;
