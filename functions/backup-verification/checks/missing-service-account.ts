import * as z from 'zod';
import { defineArchiveCheck } from '../contracts.ts';
import { missingReferences } from '../restorability/missing-references.ts';

export default defineArchiveCheck({
  id: 'missing-service-account',
  title: 'ServiceAccounts that workloads need and the backup lacks',
  why: 'The API server refuses a pod whose ServiceAccount does not exist.',
  upstream: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start: (opened, pass) =>
    missingReferences(opened, pass, {
      kind: 'ServiceAccount',
      resource: 'serviceaccounts',
      group: '',
      namespaced: true,
      consequence: 'its pods would be refused',
      remedy: ({ namespace, name }) =>
        `see whether the cluster has it: kubectl -n ${namespace} get serviceaccount ${name}; if so find out what keeps it from being backed up, else make it`,
    }),
});
