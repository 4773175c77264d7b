import * as z from 'zod';
import { actionSchema } from '../report/model.ts';

/** PlannedAction of contracts.ts, as plans and journals keep it. */
export const plannedActionSchema = actionSchema.extend({
  state: z.literal('planned'),
  resource: z.object({ group: z.string(), version: z.string(), resource: z.string(), kind: z.string(), namespaced: z.boolean() }),
  patch: z.record(z.string(), z.unknown()).exactOptional(),
  propagationPolicy: z.enum(['Background', 'Foreground', 'Orphan']).exactOptional(),
  manifest: z.object({ journal: z.string(), action: z.string(), digest: z.string().exactOptional() }).exactOptional(),
});
