/** Jobs: restored only on request and suspended, since without their status they run again. */
import { isDeepStrictEqual } from 'node:util';
import { fieldsAt } from '../../../backup-verification/restorability/fields.ts';
import type { Fields, PrepareKind } from '../contracts.ts';
import { changedAt, withoutAt } from '../fields.ts';

/** What the server makes of the Job's uid, where the selector is not the user's own (registry/batch/job/strategy.go, generateSelector). */
export const controllerUidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid'] as const;

const places = [
  ['metadata', 'labels'],
  ['spec', 'template', 'metadata', 'labels'],
  ['spec', 'selector', 'matchLabels'],
] as const;

/** Without what names the former uid: the server refuses another one's, and fills in its own. A selector of the user's own stays. */
export const withoutControllerUid = (job: Fields): Fields => {
  if (fieldsAt(job, 'spec').manualSelector === true) return job;
  const cleared = places.reduce<Fields>((changed, place) => withoutAt(changed, place, ...controllerUidLabels), job);
  return changedAt(cleared, ['spec', 'selector'], (selector) => (isDeepStrictEqual(selector, {}) ? undefined : selector));
};

export const prepareJob: PrepareKind = (manifest, { options }) => {
  if (!options.restoreJobs) return { refused: 'a Job that comes back runs again from the start: it does so only on request, suspended' };
  const job = withoutControllerUid(manifest);
  return {
    manifest: { ...job, spec: { ...fieldsAt(job, 'spec'), suspend: true } },
    notes: ['suspended: resumed, it runs again from the start'],
  };
};
