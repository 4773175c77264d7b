/** config/overrides.yaml: what is laid over the bundled configuration at each run, so that a mute at night needs no deployment. */
import * as z from 'zod';
import { clusterName, notificationRule, overridableOptions } from './configuration.ts';

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

export const overridesSchema = z.strictObject({
  options: overridableOptions.default({}).describe('For all clusters, as in nightshift.yaml'),
  clusters: z
    .record(clusterName, z.strictObject({ options: overridableOptions.describe('Of this cluster, by operation') }))
    .default({})
    .describe('For one cluster, laid over those for all'),
  notify: z.array(notificationOverride).default([]).describe('Laid over the rules of nightshift.yaml, by topic'),
});
export type Overrides = z.infer<typeof overridesSchema>;
