import type { Finding, Ref } from '../scan/contracts.ts';

/** What of a finding rules and annotations look at; a finding of an earlier report has it too. */
export type Ignorable = Pick<Finding, 'object' | 'members'> & { readonly check: string };

/** A Namespace counts as an object of itself, so that what holds for a namespace also holds for what is said of it. */
export const namespaceOf = (object: Ref): string | undefined => object.namespace ?? (isNamespace(object) ? object.name : undefined);

/** Is it a Namespace itself? */
export const isNamespace = ({ apiVersion, kind }: Ref): boolean => apiVersion === 'v1' && kind === 'Namespace';
