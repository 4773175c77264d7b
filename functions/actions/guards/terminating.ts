/** What is being deleted already, alone or with its namespace, goes without us; what holds it up is for its controller to end. */
import type { GuardedMetadata, Held } from '../contracts.ts';
import type { Namespaces } from './namespaces.ts';

export const terminating = (
  { namespace, deletionTimestamp, finalizers = [] }: GuardedMetadata,
  namespaces: Namespaces | undefined,
): Held | undefined => {
  const guard = 'terminating';
  if (deletionTimestamp !== undefined) {
    const waits = finalizers.length > 0 ? ` and waits for ${finalizers.join(', ')}` : '';
    return { guard, because: `is being deleted since ${deletionTimestamp}${waits}` };
  }
  const since = namespace === undefined ? undefined : namespaces?.get(namespace)?.deletionTimestamp;
  return since === undefined ? undefined : { guard, because: `goes with its namespace, which is being deleted since ${since}` };
};
