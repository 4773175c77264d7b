import * as z from 'zod';
import type { Ref } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, needOf, sawWhole, sayMissing, type Wanted } from '../restorability/absences.ts';
import { fieldsAt, itemsOf, nameOf, placeOf, refOf } from '../restorability/fields.ts';
import { secretsMadeBy } from '../restorability/recreated-secrets.ts';
import { workloadOf } from '../restorability/references.ts';
import { isRestored } from '../restorability/restored.ts';

const secret = { kind: 'Secret', resource: 'secrets', group: '', namespaced: true } as const;

/** What an Ingress and a ServiceAccount name: they are there without it, and not what they were. */
function namedBy({ resource, group, body }: ArchivedObject): readonly { readonly name: unknown; readonly how: string }[] {
  if (resource === 'ingresses' && group === 'networking.k8s.io')
    return itemsOf(fieldsAt(body, 'spec').tls).map(({ secretName }) => ({ name: secretName, how: 'tls' }));
  if (resource === 'serviceaccounts' && group === '')
    return itemsOf(body.imagePullSecrets).map(({ name }) => ({ name, how: 'imagePullSecrets' }));
  return [];
}

const consequenceOf = ({ effect }: Wanted, maker: Ref | undefined): string => {
  if (maker) return `${maker.kind} ${maker.name}, which is in the backup, has its controller make it again`;
  return effect === 'blocking' || effect === 'idle' ? 'its pods would not start' : 'images are not pulled, or TLS is not served, as before';
};

export default defineArchiveCheck({
  id: 'missing-secret',
  title: 'Secrets that workloads need and the backup lacks',
  why: 'The pods of such a workload wait in ContainerCreating or CreateContainerConfigError after the restore.',
  upstream: 'https://kubernetes.io/docs/concepts/configuration/secret/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const needs = collectNeeds();
    // Names only: nothing else of a Secret is looked at.
    const present = new Set<string>();
    const makers = new Map<string, Ref>();
    return {
      see(object) {
        if (groupResource(object) === 'secrets') present.add(placeOf(object));
        for (const { secret: place, maker } of secretsMadeBy(object)) {
          const known = makers.get(place);
          if (!known || placeOf(maker) + maker.kind < placeOf(known) + known.kind) makers.set(place, maker);
        }
        const workload = workloadOf(object);
        for (const { kind, name, how, isWeak } of workload?.references ?? [])
          if (workload && kind === 'Secret') needs.add(needOf(workload, { namespace: workload.namespace, name, how, isWeak }));
        if (object.namespace === undefined || !isRestored(object)) return;
        for (const { name, how } of namedBy(object)) {
          const named = nameOf(name);
          if (named === undefined) continue;
          const common = { effect: 'degraded', worked: true, isControlled: false } as const;
          needs.add({ namespace: object.namespace, name: named, by: refOf(object), how, ...common });
        }
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const missing = needs.all().filter((wanted) => !present.has(placeOf(wanted)));
        sayMissing(
          opened,
          pass,
          secret,
          missing.map((wanted) => {
            const maker = makers.get(placeOf(wanted));
            return {
              ...wanted,
              ...(maker && { effect: 'recreated' as const }),
              inCluster: 'unasked' as const,
              consequence: consequenceOf(wanted, maker),
              remedy: maker
                ? `have the controller of ${maker.kind} ${maker.name} running, with what it needs to make it, before the restore`
                : `see whether the cluster has it: kubectl -n ${wanted.namespace} get secret ${wanted.name}; if so find out what keeps it from being backed up, else make it or take the reference out`,
            };
          }),
        );
      },
    };
  },
});
