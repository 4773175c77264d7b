/** Whether what is there equals what was there, but for what the server and its controllers set themselves. */
import { isDeepStrictEqual } from 'node:util';
import { fieldsAt, itemsOf, textAt } from '../../backup-verification/restorability/fields.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';
import type { Fields } from './contracts.ts';
import { changedAt, groupOf, without, withoutAt } from './fields.ts';
import { withoutControllerUid } from './kinds/job.ts';
import { setForPods } from './kinds/pod.ts';
import { claimAnnotations } from './kinds/volumes.ts';
import { passingFinalizers, serverSetMetadata } from './prepare-for-create.ts';

/** What controllers write in the annotations of their own objects. */
const bookkeeping = [
  'deployment.kubernetes.io/revision',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
];

/** By group/kind: what is set anew there. */
const setAnew: Readonly<Record<string, (object: Fields) => Fields>> = {
  'batch/Job': withoutControllerUid,
  '/Pod': (pod) => withoutAt(pod, ['spec'], ...setForPods),
  '/PersistentVolume': (volume) =>
    withoutAt(
      withoutAt(volume, ['spec', 'claimRef'], 'uid', 'resourceVersion'),
      ['metadata', 'annotations'],
      'pv.kubernetes.io/bound-by-controller',
    ),
  '/PersistentVolumeClaim': (claim) => withoutAt(claim, ['metadata', 'annotations'], ...claimAnnotations),
  '/ServiceAccount': (account) => {
    const prefix = `${textAt(fieldsAt(account, 'metadata'), 'name')}-token-`;
    const rest = itemsOf(account.secrets).filter((secret) => !textAt(secret, 'name')?.startsWith(prefix));
    return changedAt(account, ['secrets'], () => (rest.length > 0 ? rest : undefined));
  },
};

const comparable = (object: unknown): unknown => {
  if (!isRecord(object)) return object;
  const key = `${groupOf(String(object.apiVersion))}/${String(object.kind)}`;
  const cleared = Object.hasOwn(setAnew, key) ? (setAnew[key]?.(object) ?? object) : object;
  const metadata = withoutAt(
    { metadata: without(fieldsAt(cleared, 'metadata'), ...serverSetMetadata) },
    ['metadata', 'annotations'],
    ...bookkeeping,
  );
  const lasting = (finalizers: unknown) => {
    const rest = Array.isArray(finalizers) ? finalizers.filter((each) => !passingFinalizers.has(each)) : finalizers;
    return isDeepStrictEqual(rest, []) ? undefined : rest;
  };
  return { ...without(cleared, 'status'), ...changedAt(metadata, ['metadata', 'finalizers'], lasting) };
};

/** Where they differ, as paths (`spec.suspend`), sorted; nothing of what lies there, which may be a Secret's. */
export const differences = (before: unknown, after: unknown): readonly string[] => {
  const found: string[] = [];
  const compare = (one: unknown, other: unknown, path: string): void => {
    if (isDeepStrictEqual(one, other)) return;
    if (!isRecord(one) || !isRecord(other)) return void found.push(path);
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
      compare(one[key], other[key], path === '' ? key : `${path}.${key}`);
  };
  compare(comparable(before), comparable(after), '');
  return found.toSorted();
};

export const equalButForServerFields = (before: unknown, after: unknown): boolean => differences(before, after).length === 0;
