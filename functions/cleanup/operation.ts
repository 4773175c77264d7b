import * as z from 'zod';
import type { Operation } from '../runtime/operation.ts';
import { rules } from './rules/index.ts';

const timedId = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/, 'The id of a plan or a journal looks like 20261124T173000Z-0123456789abcdef');

/** By id, built-in ones and those of nightshift.yaml, which only the configuration of the cluster tells: clean-up.ts knows them. */
const ruleIds = z
  .array(z.string().regex(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/, 'a rule’s id is of a-z, 0-9 and -'))
  .min(1)
  .optional();

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
    only: ruleIds.describe('Run these rules alone'),
    off: ruleIds.describe('Do not run these rules'),
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
    // What is asked for is done whole or not at all: a plan holds what it holds, whatever else is named beside it.
    const narrowing = ['only', 'off'].filter((key) => look.own[key] !== undefined);
    const [whole] = (['apply', 'undo'] as const).filter((key) => look.own[key] !== undefined);
    if (whole && narrowing.length > 0)
      throw new EventError(
        `${narrowing.join(' and ')} cannot narrow ${whole}, which takes a ${whole === 'apply' ? 'plan' : 'journal'} whole: make a plan with ${narrowing.join(' and ')}, and apply that.`,
      );
    if (look.own.restoreJobs !== undefined && look.own.undo === undefined) throw new EventError('restoreJobs goes with undo.');
    const { cleanUp } = await import('./clean-up.ts');
    return cleanUp(rules, look);
  },
};
