/** Owners of what comes back: a reference to a uid that is gone makes the garbage collector delete the object at once. */
import { fieldsAt, itemsOf, textAt } from '../../backup-verification/restorability/fields.ts';
import { absent } from '../contracts.ts';
import type { Fields, Live } from './contracts.ts';

export type Owners = { readonly kept: readonly Fields[]; readonly notes: readonly string[] } | { readonly refused: string };

/** Those that are there with the same uid (garbagecollector.go, isDangling). Throws what `live.get` throws: not known is not gone. */
export async function liveOwners(references: unknown, namespace: string | undefined, live: Live): Promise<Owners> {
  const kept: Fields[] = [];
  const notes: string[] = [];
  for (const reference of itemsOf(references)) {
    const [apiVersion, kind] = [textAt(reference, 'apiVersion'), textAt(reference, 'kind')];
    const [name, uid] = [textAt(reference, 'name'), textAt(reference, 'uid')];
    const named = `${kind} ${name}`;
    if (!apiVersion || !kind || !name || !uid) {
      notes.push('without an owner that is not named whole');
      continue;
    }
    const owner = await live.get(apiVersion, kind, namespace, name);
    const metadata = owner === absent ? {} : fieldsAt(owner, 'metadata');
    if (textAt(metadata, 'uid') !== uid) notes.push(`without its owner ${named}, which is gone`);
    else if (metadata.deletionTimestamp != null) return { refused: `its owner ${named} is being deleted, and it would go with it` };
    else kept.push(reference);
  }
  return { kept, notes };
}
