import * as z from 'zod';
import { ingressClasses, metadataOf } from '../../cluster/kinds.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, presentInCluster, sawWhole, sayMissing } from '../restorability/absences.ts';
import { fieldsAt, nameOf, refOf } from '../restorability/fields.ts';

const classes = { ...metadataOf(ingressClasses), optional: true } as const;
const ingressClass = { kind: 'IngressClass', resource: 'ingressclasses', group: 'networking.k8s.io', namespaced: false } as const;

export default defineArchiveCheck({
  id: 'missing-ingress-class',
  title: 'IngressClasses that Ingresses need and the backup lacks',
  why: 'No controller serves an Ingress whose class does not exist.',
  upstream: 'https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class',
  level: 'restorability',
  reads: { classes },
  options: z.strictObject({}),
  start(opened, pass) {
    const needs = collectNeeds();
    const present = new Set<string>();
    return {
      see(object) {
        const kind = groupResource(object);
        if (kind === 'ingressclasses.networking.k8s.io') present.add(object.name);
        // The annotation kubernetes.io/ingress.class needs no IngressClass.
        const name = kind === 'ingresses.networking.k8s.io' ? nameOf(fieldsAt(object.body, 'spec').ingressClassName) : undefined;
        if (name === undefined) return;
        needs.add({ name, by: refOf(object), how: 'ingressClassName', effect: 'degraded', worked: true, isControlled: false });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const inCluster = presentInCluster(pass.location.cluster, classes);
        const missing = needs.all().filter(({ name }) => !present.has(name));
        sayMissing(
          opened,
          pass,
          ingressClass,
          missing.map((wanted) => ({
            ...wanted,
            inCluster: inCluster(wanted.name),
            consequence: 'no controller serves it',
            remedy: `install the ingress controller, which brings ${wanted.name}, before the restore`,
          })),
        );
      },
    };
  },
});
