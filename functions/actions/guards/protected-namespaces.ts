/** Nothing is done in namespaces that the cluster itself or its owner needs whole. */
import { glob } from '../../report/glob.ts';
import type { GuardedMetadata, Held } from '../contracts.ts';
import { alwaysProtected, type GuardSettings } from './settings.ts';

export const protectedNamespace = (
  { namespace }: Pick<GuardedMetadata, 'namespace'>,
  { protectedNamespaces }: Pick<GuardSettings, 'protectedNamespaces'>,
): Held | undefined => {
  if (namespace === undefined) return undefined;
  const pattern = protectedNamespaces.find((each) => glob(each)(namespace));
  if (pattern === undefined) return undefined;
  const why =
    pattern !== namespace
      ? `namespace ${namespace} is protected by ${pattern}`
      : `namespace ${namespace} is ${alwaysProtected.includes(namespace) ? 'always protected unless unprotectedNamespaces names it' : 'protected'}`;
  return { guard: 'protected-namespaces', because: why };
};
