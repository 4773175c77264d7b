import * as z from 'zod';
import { checkSelection, type Operation } from '../runtime/operation.ts';
import { rules } from './rules/index.ts';

const timedId = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/, 'The id of a plan or a journal looks like 20261124T173000Z-0123456789abcdef');

/** One thing at a time: what is asked for must not depend on which key is read first. */
const ways = ['plan', 'apply', 'applyPermitted', 'undo'] as const;

/** Rules propose what can go; a plan is made of it, and nothing is written. One executor applies a plan that somebody asked for, and can undo it. */
export const cleanup: Operation = {
  name: 'cleanup',
  title: 'Cleanup maintenance',
  needs: 'api',
  writes: true,
  checks: rules,
  event: z.object({
    ...checkSelection(rules).shape,
    plan: z.literal(true).optional().describe('Make a plan and store it, which is what is done unless told otherwise'),
    apply: timedId.optional().describe('Apply this plan, and nothing else: the id that its report gave'),
    applyPermitted: z
      .literal(true)
      .optional()
      .describe('Make a plan, and apply of it at once what nightshift.yaml permits (options.cleanup.apply of the cluster)'),
    undo: timedId.optional().describe('Plan to give back what was deleted: the id of a journal. The plan is then applied as any other'),
    restoreJobs: z.literal(true).optional().describe('With undo: give finished Jobs back too, suspended, as they would else run again'),
  }),
  narrowing: ['apply', 'undo', 'restoreJobs'],
  look: async (look) => {
    const { EventError } = await import('../runtime/events.ts');
    const asked = ways.filter((way) => look.own[way] !== undefined);
    if (asked.length > 1) throw new EventError(`${asked.join(' and ')} were given: ask for one of ${ways.join(', ')}.`);
    if (look.own.restoreJobs !== undefined && look.own.undo === undefined) throw new EventError('restoreJobs goes with undo.');
    const { cleanUp } = await import('./clean-up.ts');
    return cleanUp(rules, look);
  },
};
