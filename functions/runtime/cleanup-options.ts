/** What nightshift.yaml says of the cleanup alone: what holds writes back, what may be applied unasked, rules of one's own. */
import * as z from 'zod';

export const namespaceName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a namespace’s name');

/** A pattern with a capital letter or a space fits no namespace that there can be: it would protect, or pick, nothing in silence. */
const namespaceGlob = z
  .string()
  .regex(/^[a-z0-9*?-]{1,63}$/, 'a namespace’s name, or a glob of a-z, 0-9, - and * (any characters) and ? (one)')
  .describe('A name or a glob');

/** When writes may happen: from each start for so long. */
const maintenanceWindow = z.strictObject({
  cron: z.string().min(1).describe('AWS’s six fields, when it opens: minutes hours day-of-month month day-of-week year'),
  durationMinutes: z.int().min(1).max(10080).describe('How long it is open'),
  timeZone: z.string().optional().describe('IANA name; absent: UTC'),
});
export type MaintenanceWindow = z.infer<typeof maintenanceWindow>;

/** What holds writes back. Everything is optional: functions/actions/guards/settings.ts has the defaults. */
export const guardOptions = z.strictObject({
  limits: z
    .strictObject({
      number: z.int().min(1).optional().describe('At most so many objects of a kind in one plan; 200 unless told'),
      percent: z.number().gt(0).max(100).optional().describe('At most this share of all objects of the kind; 10 unless told'),
      atLeast: z.int().min(0).optional().describe('So many are within the share however few objects there are; 5 unless told'),
    })
    .optional()
    .describe('Exceeding either the number or the share applies nothing'),
  protectedNamespaces: z
    .array(namespaceGlob)
    .optional()
    .describe('Names or globs beside kube-system, kube-public, kube-node-lease and default, in which nothing is deleted'),
  unprotectedNamespaces: z.array(namespaceName).optional().describe('Of those that are always protected, these are not'),
  windows: z.array(maintenanceWindow).min(1).optional().describe('Writes happen only while one of these is open; always unless told'),
  writesPerSecond: z.number().gt(0).max(100).optional().describe('10 unless told'),
});
export type GuardOptions = z.infer<typeof guardOptions>;

/** What a schedule may apply without being asked. */
export const applyOptions = z.strictObject({
  rules: z.array(z.string().min(1)).min(1).describe('Rules, by id, whose plan a schedule may apply at once'),
  observedRuns: z.int().min(1).max(100).optional().describe('Only after so many complete runs of the rule on this cluster; 7 unless told'),
});

const labelSelector = z.string().min(1).describe('As kubectl’s -l: app=web,tier in (a, b), !keep');

/** A rule that nightshift.yaml itself holds. */
export const userRule = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, 'a rule’s id is 2 to 40 of a-z, 0-9 and -')
    .describe('Its name in plans and reports'),
  resource: z
    .strictObject({
      group: z
        .string()
        .regex(/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$/, 'an API group in small letters, such as apps; empty for core')
        .default('')
        .describe('The API group; empty: core'),
      version: z
        .string()
        .regex(/^[a-z][a-z0-9]*$/, 'a version alone, such as v1 or v1beta1; the group stands beside it')
        .describe('v1'),
      resource: z
        .string()
        .regex(/^[a-z][a-z0-9]*$/, 'a resource’s plural in small letters: configmaps')
        .describe('Its plural: configmaps'),
      kind: z
        .string()
        .regex(/^[A-Z][A-Za-z0-9]*$/, 'a kind as manifests spell it, such as ConfigMap')
        .describe('ConfigMap'),
    })
    .describe('What it looks at'),
  namespaces: z.array(namespaceGlob).min(1).optional().describe('Names or globs; all unless told'),
  namespaceSelector: labelSelector.optional().describe('Only in namespaces with these labels; matches none: nothing is proposed'),
  selector: labelSelector.optional().describe('Only objects with these labels'),
  when: z.string().min(1).max(4096).describe('A CEL expression that is true for what is to go; it knows object, now, age and owner'),
  minimumAgeHours: z.number().min(0).describe('What is younger is left alone; counted from the object’s creation'),
  action: z.enum(['delete', 'report']).describe('report: shown, never applied'),
  reason: z
    .string()
    .regex(/^\S(.*\S)?$/, 'one line')
    .max(200)
    .describe('Why, for whoever reads the plan'),
});
export type UserRule = z.infer<typeof userRule>;
