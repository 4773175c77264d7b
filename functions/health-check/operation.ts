import { checkSelection, type Operation } from '../runtime/operation.ts';
import { checks } from './checks/index.ts';

/** Looks at a cluster's health: checks over one pass of the API, a report, nothing written to the cluster. */
export const healthCheck: Operation = {
  name: 'health-check',
  title: 'Cluster health',
  needs: 'api',
  checks,
  event: checkSelection(checks),
  look: async (look) => {
    const { lookAtObjects } = await import('../scan/look-at-objects.ts');
    return lookAtObjects(checks, look);
  },
};
