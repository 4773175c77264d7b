/** ServiceAccounts and the token Secrets that live and die with them. */
import { fieldsAt, itemsOf, textAt } from '../../../backup-verification/restorability/fields.ts';
import { refKey } from '../../../scan/contracts.ts';
import { absent } from '../../contracts.ts';
import type { PrepareKind } from '../contracts.ts';
import { changedAt, withoutAt } from '../fields.ts';

const accountName = 'kubernetes.io/service-account.name';
const accountUid = 'kubernetes.io/service-account.uid';
/** Filled in by the token controller where they are missing. */
const tokenData = ['token', 'ca.crt'] as const;

/** The token controller deleted those Secrets together with the ServiceAccount (tokens_controller.go, deleteTokens). */
export const prepareServiceAccount: PrepareKind = (manifest, { name }) => {
  const isToken = ({ name: secret }: { readonly name?: unknown }) => typeof secret === 'string' && secret.startsWith(`${name}-token-`);
  const some = itemsOf(manifest.secrets).some(isToken);
  if (!some) return { manifest, notes: ['its tokens are other ones: those of before stay invalid'] };
  const rest = itemsOf(manifest.secrets).filter((secret) => !isToken(secret));
  return {
    manifest: changedAt(manifest, ['secrets'], () => (rest.length > 0 ? rest : undefined)),
    notes: ['without its token Secrets, which went with it'],
  };
};

/**
 * A token is good for one uid of its ServiceAccount: where that is another one, the controller deletes the Secret, unless it is told to make a
 * new token in it; one that a controller had made is of no use then.
 */
export const prepareSecret: PrepareKind = async (manifest, { namespace, name, live, options }) => {
  if (manifest.type !== 'kubernetes.io/service-account-token') return { manifest, notes: [] };
  const annotations = fieldsAt(manifest, 'metadata', 'annotations');
  const account = textAt(annotations, accountName);
  if (account === undefined) return { refused: 'a token Secret that names no ServiceAccount' };
  const there = await live.get('v1', 'ServiceAccount', namespace, account);
  if (there !== absent && textAt(fieldsAt(there, 'metadata'), 'uid') === textAt(annotations, accountUid)) return { manifest, notes: [] };
  const comes = options.alsoRestored?.has(
    refKey({ apiVersion: 'v1', kind: 'ServiceAccount', ...(namespace !== undefined && { namespace }), name: account }),
  );
  if (there === absent && !comes) return { refused: `its ServiceAccount ${account} is gone, and a token without it is deleted at once` };
  if (name.startsWith(`${account}-token-`)) return { refused: `made for the former ServiceAccount ${account}, whose tokens stay invalid` };
  return {
    manifest: withoutAt(withoutAt(manifest, ['metadata', 'annotations'], accountUid), ['data'], ...tokenData),
    notes: [`gets a new token: the ServiceAccount ${account} is another one now`],
  };
};
