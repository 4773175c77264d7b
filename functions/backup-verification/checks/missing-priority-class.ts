import * as z from 'zod';
import { metadataOf, priorityClasses } from '../../cluster/kinds.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { presentInCluster } from '../restorability/absences.ts';
import { missingReferences } from '../restorability/missing-references.ts';

const classes = { ...metadataOf(priorityClasses), optional: true } as const;

export default defineArchiveCheck({
  id: 'missing-priority-class',
  title: 'PriorityClasses that workloads need and the backup lacks',
  why: 'The API server refuses a pod whose PriorityClass does not exist.',
  upstream: 'https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/',
  level: 'restorability',
  reads: { classes },
  options: z.strictObject({}),
  start: (opened, pass) =>
    missingReferences(opened, pass, {
      kind: 'PriorityClass',
      resource: 'priorityclasses',
      group: 'scheduling.k8s.io',
      namespaced: false,
      consequence: 'its pods would be refused',
      remedy: ({ name }) =>
        `keep it with what sets clusters up, and apply it before the restore: kubectl get priorityclass ${name} -o yaml`,
      present: presentInCluster(pass.location.cluster, classes),
    }),
});
