/** The owner of an object of which only the name is known, as events tell it. */
import type { V1OwnerReference } from '@kubernetes/client-node';
import type { Metadata } from '../cluster/kinds.ts';
import type { Pass, Ref, Wire } from '../scan/contracts.ts';
import { listOf } from './wire.ts';

type Named = Ref & { readonly uid?: string };
interface Controller {
  readonly reference: Wire<V1OwnerReference>;
  readonly hash: string | undefined;
}

/** The five characters that a controller adds to a pod's name: k8s.io/apimachinery/pkg/util/rand */
const suffix = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/** Keeps one word a pod, and one owner reference a controller: 20,000 pods take about 3 MB. */
export const podOwners = (owner: Pass<unknown, unknown, unknown>['owner']) => {
  const controllers = new Map<string, Controller>();
  const controllerUid = new Map<string, string>();
  const byName = new Map<string, string>();

  const climb = ({ reference, hash }: Controller, namespace: string | undefined): Ref | undefined =>
    owner({
      metadata: {
        namespace: namespace ?? '',
        labels: hash ? { 'pod-template-hash': hash } : {},
        ownerReferences: [reference],
      },
    });

  return {
    note({ metadata }: Wire<Metadata>): void {
      const reference = listOf(metadata?.ownerReferences).find(({ controller }) => controller);
      const { uid, namespace } = metadata ?? {};
      if (!reference?.uid || !uid) return;
      if (!controllers.has(reference.uid)) {
        controllers.set(reference.uid, { reference, hash: metadata?.labels?.['pod-template-hash'] ?? undefined });
        byName.set(`${namespace}/${reference.name}`, reference.uid);
      }
      controllerUid.set(uid, reference.uid);
    },

    /**
     * To be asked in `finish()`. A pod that is gone is told by the name that its controller gave it, if another pod of that controller was
     * seen; a ReplicaSet or a Job is climbed from by its own name. Undefined: the object stands for itself.
     */
    ownerOf({ apiVersion, kind, namespace, name, uid }: Named): Ref | undefined {
      if (kind === 'ReplicaSet' || kind === 'Job') {
        const itself = { apiVersion, kind, name, controller: true };
        return climb({ reference: itself, hash: undefined }, namespace);
      }
      if (kind !== 'Pod') return undefined;
      const known = (uid && controllerUid.get(uid)) || (suffix.test(name) && byName.get(`${namespace}/${name.replace(suffix, '')}`)) || '';
      const controller = controllers.get(known);
      return controller && climb(controller, namespace);
    },
  };
};
