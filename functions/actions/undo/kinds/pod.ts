/** Pods: never those that are over, and never in place of what a controller makes itself. */
import { fieldsAt, itemsOf, textAt } from '../../../backup-verification/restorability/fields.ts';
import type { Fields, PrepareKind } from '../contracts.ts';
import { changedAt, without } from '../fields.ts';

const over = new Set<unknown>(['Succeeded', 'Failed']);
const tokenMount = '/var/run/secrets/kubernetes.io/serviceaccount';
const containerLists = ['containers', 'initContainers'] as const;

/** Set by the scheduler and by admission, which refuses a priority other than its own (plugin/pkg/admission/priority). */
export const setForPods = ['nodeName', 'priority', 'preemptionPolicy'] as const;

export const preparePod: PrepareKind = (manifest, { former }) => {
  if (textAt(fieldsAt(former, 'metadata', 'annotations'), 'kubernetes.io/config.mirror') !== undefined)
    return { refused: 'it mirrors a static pod, which its node makes from a file' };
  if (over.has(fieldsAt(former, 'status').phase)) return { refused: 'it was over: restored, it would run again' };
  // Only owners that are there with the same uid are left in the manifest.
  const controller = itemsOf(fieldsAt(manifest, 'metadata').ownerReferences).find((owner) => owner.controller === true);
  if (controller) return { refused: `its ${String(controller.kind)} ${String(controller.name)} makes its pods itself` };
  const spec = withoutOldToken(without(fieldsAt(manifest, 'spec'), ...setForPods, 'ephemeralContainers'));
  const debugged = Object.hasOwn(fieldsAt(manifest, 'spec'), 'ephemeralContainers');
  return {
    manifest: { ...manifest, spec },
    notes: ['starts anew, on whichever node', ...(debugged ? ['without its ephemeral containers'] : [])],
  };
};

/** The token Secrets of before 1.24 went with their ServiceAccount; admission adds today's token where none is mounted. */
function withoutOldToken(spec: Fields): Fields {
  const account = textAt(spec, 'serviceAccountName') ?? 'default';
  const mounted = new Set(
    containerLists
      .flatMap((list) => itemsOf(spec[list]))
      .flatMap(({ volumeMounts }) => itemsOf(volumeMounts))
      .filter(({ mountPath }) => mountPath === tokenMount)
      .map(({ name }) => name),
  );
  const old = itemsOf(spec.volumes).filter(
    (volume) => mounted.has(volume.name) && textAt(fieldsAt(volume, 'secret'), 'secretName')?.startsWith(`${account}-token-`),
  );
  if (old.length === 0) return spec;
  const names = new Set(old.map(({ name }) => name));
  const kept = (list: unknown) => itemsOf(list).filter(({ name }) => !names.has(name));
  return [...containerLists].reduce<Fields>(
    (changed, list) =>
      changedAt(changed, [list], (containers) => itemsOf(containers).map((container) => changedAt(container, ['volumeMounts'], kept))),
    changedAt(spec, ['volumes'], kept),
  );
}
