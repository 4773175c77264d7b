import * as z from 'zod';
import { metadataOf, runtimeClasses } from '../../cluster/kinds.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { presentInCluster } from '../restorability/absences.ts';
import { missingReferences } from '../restorability/missing-references.ts';

const classes = { ...metadataOf(runtimeClasses), optional: true } as const;

export default defineArchiveCheck({
  id: 'missing-runtime-class',
  title: 'RuntimeClasses that workloads need and the backup lacks',
  why: 'The API server refuses a pod whose RuntimeClass does not exist.',
  upstream: 'https://kubernetes.io/docs/concepts/containers/runtime-class/',
  level: 'restorability',
  reads: { classes },
  options: z.strictObject({}),
  start: (opened, pass) =>
    missingReferences(opened, pass, {
      kind: 'RuntimeClass',
      resource: 'runtimeclasses',
      group: 'node.k8s.io',
      namespaced: false,
      consequence: 'its pods would be refused',
      remedy: ({ name }) =>
        `keep it with what sets clusters up, and apply it before the restore, on nodes that have its handler: kubectl get runtimeclass ${name} -o yaml`,
      present: presentInCluster(pass.location.cluster, classes),
    }),
});
