/** What applying a plan would lack, told before anybody tries. */
import type { Plan } from '../actions/contracts.ts';
import { missingRights, rightsFor } from '../actions/rights.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import type { Report } from '../report/model.ts';
import { EventError } from '../runtime/events.ts';
import type { Look } from '../runtime/operation.ts';
import { openWriteSession } from './write-session.ts';

/**
 * Asks the cluster, with the credentials that write, what they may do; nothing is written, and a plan is none the worse where they cannot be
 * had: then that is what it lacks. Undefined: nothing.
 */
export const lacking = async (plan: Plan, look: Look): Promise<NonNullable<Report['plan']>['lacks']> => {
  try {
    const session = await openWriteSession(look);
    try {
      const { missing, manifest } = await missingRights(session.writer, rightsFor(plan.actions), {
        namespaces: look.writing && 'configured' in look.writing.access ? look.writing.access.configured.namespaces : undefined,
        signal: look.signal,
      });
      if (missing.length === 0) return undefined;
      return {
        rights: missing.map(
          ({ verb, group, resource, namespace }) =>
            `${verb} ${group ? `${resource}.${group}` : resource}${namespace === undefined ? '' : ` in namespace ${namespace}`}`,
        ),
        manifest,
      };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof EventError) return { rights: [error.message], manifest: '' };
    if (isClusterError(error)) return { rights: [`${error.message}; ${error.remedy}`], manifest: '' };
    throw error;
  }
};
