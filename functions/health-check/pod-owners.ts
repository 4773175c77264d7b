/** The owner of an object of which only the name is known, as events tell it. */
import type { V1OwnerReference } from '@kubernetes/client-node';
import { cronJobs, type Metadata } from '../cluster/kinds.ts';
import { type Pass, type Ref, refTo, type Wire } from '../scan/contracts.ts';
import { listOf } from './wire.ts';

type Named = Ref & { readonly uid?: string };
interface Controller {
  readonly reference: Wire<V1OwnerReference>;
  readonly hash: string | undefined;
}

/** The five characters that a controller adds to a pod's name: k8s.io/apimachinery/pkg/util/rand */
const suffix = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/**
 * The CronJob of a Job that is gone: its controller ends the Job's name with the minutes since 1970 at which it was due
 * (pkg/controller/cronjob/utils.go).
 */
const cronJobOf = (namespace: string | undefined, job: string, now: number): Ref | undefined => {
  const [, name, minute] = /^(.+)-(\d{8})$/.exec(job) ?? [];
  return name && Math.abs(Number(minute) * 60_000 - now) < nearby ? refTo(cronJobs, { namespace: namespace ?? '', name }) : undefined;
};
/** A week: events are not older, and a date such as 20260318 is no such minute. */
const nearby = 7 * 86_400_000;

/** Keeps one word a pod, and one owner reference a controller: 20,000 pods take about 3 MB. */
export const podOwners = (owner: Pass<unknown, unknown, unknown>['owner'], now: number) => {
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

  /** By the name alone of what a controller made; only what leads further than to the name itself is believed. */
  const byNameAlone = (kind: 'ReplicaSet' | 'Job', namespace: string | undefined, name: string): Ref | undefined => {
    const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
    const above = climb({ reference: { apiVersion, kind, name, controller: true }, hash: undefined }, namespace);
    return above && above.kind !== kind ? above : kind === 'Job' ? cronJobOf(namespace, name, now) : undefined;
  };

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
     * To be asked in `finish()`. A pod that is gone is told by the name that its controller gave it; a ReplicaSet or a Job is climbed from by
     * its own name. Undefined: the object stands for itself.
     */
    ownerOf({ kind, namespace, name, uid }: Named): Ref | undefined {
      if (kind === 'ReplicaSet' || kind === 'Job') return byNameAlone(kind, namespace, name);
      if (kind !== 'Pod') return undefined;
      const maker = name.replace(suffix, '');
      const known = (uid && controllerUid.get(uid)) || (maker !== name && byName.get(`${namespace}/${maker}`)) || '';
      const controller = controllers.get(known);
      if (controller) return climb(controller, namespace);
      return maker === name ? undefined : (byNameAlone('ReplicaSet', namespace, maker) ?? byNameAlone('Job', namespace, maker));
    },
  };
};
