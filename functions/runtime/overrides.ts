/** config/overrides.yaml: what is laid over the bundled configuration at each run, so that a mute at night needs no deployment. */
import * as z from 'zod';
import { clusterName, ignoreRule, notificationRule, overridableOptions } from './configuration.ts';

const { topic, format, atLeast, when, clusters, remindAfterDays } = notificationRule.shape;
/** What it says replaces that of every rule which the configuration has for the topic; what it does not say stays. */
const notificationOverride = z.strictObject({
  topic: topic.describe('create, or the ARN, as nightshift.yaml has it: the function may publish to no other'),
  off: z.boolean().optional().describe('true: tell this topic nothing'),
  format: format.unwrap().optional(),
  atLeast: atLeast.unwrap().optional(),
  when: when.unwrap().optional(),
  clusters,
  remindAfterDays,
});

/** Rules of the cleanup may be turned off here, never on, and how old something must be is no matter of the night: both take a deployment. */
const options = overridableOptions.extend({
  cleanup: z
    .strictObject({
      checks: z
        .object({ off: z.array(z.string()).default([]).describe('Rules that do not run') })
        .catchall(z.never())
        .optional()
        .describe('Rules turned off; what else is said of rules takes a deployment'),
      ignore: z.array(ignoreRule).optional().describe('What is left out of the report; a rule matches what fits all that it says'),
    })
    .optional(),
});

export const overridesSchema = z.strictObject({
  options: options.default({}).describe('For all clusters, as in nightshift.yaml'),
  clusters: z
    .record(clusterName, z.strictObject({ options: options.describe('Of this cluster, by operation') }))
    .default({})
    .describe('For one cluster, laid over those for all'),
  notify: z.array(notificationOverride).default([]).describe('Laid over the rules of nightshift.yaml, by topic'),
});
export type Overrides = z.infer<typeof overridesSchema>;
