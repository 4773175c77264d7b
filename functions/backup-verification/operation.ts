import * as z from 'zod';
import { checkSelection, type Operation } from '../runtime/operation.ts';
import { checks } from './checks/index.ts';
import { levels } from './contracts.ts';

const namespace = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** Looks whether Velero's backups would restore: from the bucket alone, and against the cluster where it is reached. Nothing is written to either. */
export const backupVerification: Operation = {
  name: 'backup-verification',
  title: 'Backup verification',
  needs: 'backups',
  checks,
  event: z.object({
    ...checkSelection(checks).shape,
    level: z.enum(levels).optional().describe('How deep it looks, each with those before it; restorability unless told'),
    backup: z.string().min(1).optional().describe('Look into these backups, by name or glob, and not into the newest of each schedule'),
    targetVersion: z
      .string()
      .regex(/^v?1\.\d{1,3}(\.\d+([-+][\w.+-]*)?)?$/, 'A version of Kubernetes, such as 1.33')
      .optional()
      .describe('The version of Kubernetes that is restored into; the cluster’s own unless told'),
    namespaceMapping: z
      .array(z.string().regex(new RegExp(`^${namespace}:${namespace}$`), 'Two namespaces are written production:staging'))
      .min(1)
      .refine(
        (pairs) => new Set(pairs.map((pair) => pair.split(':')[0])).size === pairs.length,
        'A namespace can be restored under one name',
      )
      .optional()
      .describe('Namespaces that are restored under another name, as Velero’s --namespace-mappings: production:staging'),
  }),
  narrowing: ['backup', 'targetVersion', 'namespaceMapping'],
  look: async (look) => {
    const { verifyBackups } = await import('./verify.ts');
    return verifyBackups(checks, look);
  },
};
