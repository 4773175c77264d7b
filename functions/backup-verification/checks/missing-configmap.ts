import * as z from 'zod';
import { defineArchiveCheck } from '../contracts.ts';
import { missingReferences } from '../restorability/missing-references.ts';

export default defineArchiveCheck({
  id: 'missing-configmap',
  title: 'ConfigMaps that workloads need and the backup lacks',
  why: 'The pods of such a workload wait in ContainerCreating or CreateContainerConfigError after the restore.',
  upstream: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start: (opened, pass) =>
    missingReferences(opened, pass, {
      kind: 'ConfigMap',
      resource: 'configmaps',
      group: '',
      namespaced: true,
      consequence: 'its pods would not start',
      remedy: ({ namespace, name }) =>
        `see whether the cluster has it: kubectl -n ${namespace} get configmap ${name}; if so find out what keeps it from being backed up (the label velero.io/exclude-from-backup), else make it or take the reference out`,
    }),
});
