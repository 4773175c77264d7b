/**
 * nightshift.yaml: the clusters, schedules, options and notifications. Validated at synth and by the command; travels in the bundle.
 * Holds no secret: those stay where they are and are named here.
 */
import * as z from 'zod';
import { operations, severities } from '../report/model.ts';
import { applyOptions, guardOptions, namespaceName, userRule } from './cleanup-options.ts';

export type { GuardOptions, MaintenanceWindow, UserRule } from './cleanup-options.ts';
export { namespaceName };

export const clusterName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
    'a cluster’s name is 1 to 40 of a-z, 0-9 and -, beginning and ending with a letter or digit',
  );
const roleArn = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'an IAM role’s ARN: arn:aws:iam::123456789012:role/name');
const region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region, such as eu-central-1')
  .describe('An AWS region');

const eksAccess = z.strictObject({
  name: z
    .string()
    .regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'an EKS cluster’s name')
    .describe('Its name in EKS'),
  region,
  role: roleArn.optional().describe('Assumed to reach the cluster; absent: the function’s own role'),
  externalId: z.string().optional().describe('Of the role’s trust policy'),
});
/** Where a kubeconfig lies. */
const kubeconfigPlaces = ['secret', 's3', 'ssm', 'file'] as const;
const kubeconfigAccess = z
  .strictObject({
    secret: z.string().min(1).optional().describe('Secrets Manager: a name or an ARN; its value is a kubeconfig'),
    s3: z
      .string()
      .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+$/, 's3://bucket/key')
      .optional()
      .describe('An object in S3: s3://bucket/key'),
    ssm: z
      .string()
      .regex(/^(arn:aws[a-z-]*:ssm:.+:parameter\/.+|\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*)$/, 'a parameter’s name or ARN')
      .optional()
      .describe('Systems Manager: a parameter’s name or ARN, best a SecureString'),
    file: z.string().min(1).optional().describe('A file: on the command line only'),
    region: region.optional().describe('Of the secret, bucket or parameter; the function’s own unless told'),
    context: z.string().min(1).optional().describe('Which of its contexts; the current one unless told. Each is a cluster of its own'),
  })
  .refine(
    (access) => kubeconfigPlaces.filter((place) => access[place] !== undefined).length === 1,
    `exactly one of ${kubeconfigPlaces.join(', ')}`,
  )
  .meta({ oneOf: kubeconfigPlaces.map((place) => ({ required: [place] })) });

/** Only what differs from the way that is read by. */
const writeAccess = z
  .strictObject({
    role: roleArn.optional().describe('Of an EKS cluster: the IAM role that may write'),
    externalId: z.string().optional().describe('Of that role’s trust policy'),
    context: z.string().min(1).optional().describe('Of a cluster with a kubeconfig: the context in it that may write'),
    kubeconfig: kubeconfigAccess.optional().describe('Or a kubeconfig of its own'),
  })
  .refine(
    ({ role, context, kubeconfig }) => [role, context, kubeconfig].filter((way) => way !== undefined).length === 1,
    'exactly one of role, context, kubeconfig',
  );

const backupLocation = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket’s name')
    .describe('Its name'),
  prefix: z.string().min(1).optional().describe('The folder in the bucket that holds Velero’s backups, restores and kopia'),
  region,
  role: roleArn.optional().describe('Assumed to read the bucket; absent: the function’s own role'),
  externalId: z.string().optional().describe('Of the role’s trust policy'),
});

export const ignoreRule = z.strictObject({
  check: z.string().min(1).optional().describe('A check’s id; * and ? stand for any characters, any character'),
  namespace: z.string().min(1).optional().describe('Likewise'),
  name: z.string().min(1).optional().describe('Likewise, of the object or one of its members'),
  label: z.string().min(1).optional().describe('key or key=value, of the object'),
  until: z.iso.date().optional().describe('The last day on which it holds (UTC)'),
  reason: z.string().min(1).describe('Why, for whoever reads the report'),
});
export type IgnoreRule = z.infer<typeof ignoreRule>;

/** Options of one operation: `checks` by check id (validated by the check itself), `off`, and what to ignore. */
export const operationOptions = z.strictObject({
  checks: z
    .object({ off: z.array(z.string()).default([]).describe('Checks that do not run') })
    .catchall(z.record(z.string(), z.unknown()))
    .optional()
    .describe('Options of checks, by check id'),
  ignore: z.array(ignoreRule).optional().describe('What is left out of the report; a rule matches what fits all that it says'),
});

/** Of the cleanup, beside what all operations have. */
export const cleanupOptions = operationOptions.extend({
  guards: guardOptions.optional().describe('What holds writes back'),
  apply: applyOptions.optional().describe('What a schedule may apply at once; under a cluster’s own options alone'),
  rules: z.array(userRule).optional().describe('Rules of your own'),
});
export type CleanupOptions = z.infer<typeof cleanupOptions>;
/** Of any operation; `guards`, `apply` and `rules` are the cleanup’s. */
export type OperationOptions = z.infer<typeof operationOptions> & Partial<Pick<CleanupOptions, 'guards' | 'apply' | 'rules'>>;

export const optionsByOperation = z.strictObject({
  'health-check': operationOptions.optional(),
  cleanup: cleanupOptions.optional(),
  'backup-verification': operationOptions.optional(),
  'upgrade-readiness': operationOptions.optional(),
  'alert-response': operationOptions.optional(),
} satisfies Record<(typeof operations)[number], z.ZodType>);

/** What config/overrides.yaml may lay over: mutes and options. What may be deleted, and what holds it back, takes a deployment. */
export const overridableOptions = z.strictObject({
  'health-check': operationOptions.optional(),
  cleanup: operationOptions.optional(),
  'backup-verification': operationOptions.optional(),
  'upgrade-readiness': operationOptions.optional(),
  'alert-response': operationOptions.optional(),
} satisfies Record<(typeof operations)[number], z.ZodType>);

const cluster = z
  .strictObject({
    eks: eksAccess.optional().describe('Reached as an EKS cluster'),
    kubeconfig: kubeconfigAccess.optional().describe('Reached by a kubeconfig: exactly one of secret, s3, ssm and file'),
    namespaces: z.array(namespaceName).min(1).optional().describe('Look at these namespaces alone: for credentials that reach no further'),
    backups: z.array(backupLocation).min(1).optional().describe('Where Velero keeps its backups; a cluster that is gone has nothing else'),
    write: writeAccess.optional().describe('How it is written to; absent: nothing can be written there'),
    labels: z.record(z.string(), z.string()).optional().describe('What schedules, notifications and events pick clusters by: team=core'),
    options: optionsByOperation.optional().describe('Laid over the options for all clusters'),
  })
  .refine(({ eks, kubeconfig }) => eks === undefined || kubeconfig === undefined, 'a cluster is reached by one of eks and kubeconfig')
  .refine(
    ({ eks, kubeconfig, backups }) => eks !== undefined || kubeconfig !== undefined || backups !== undefined,
    'a cluster is reached by eks or kubeconfig; one that is gone has backups alone',
  )
  .superRefine((given, context) => {
    for (const { path, message } of writeMistakes(given))
      context.addIssue({ code: 'custom', input: given.write, path: [...path], message });
  })
  .meta({ not: { required: ['eks', 'kubeconfig'] }, anyOf: ['eks', 'kubeconfig', 'backups'].map((way) => ({ required: [way] })) });

interface Ways {
  readonly eks?: object | undefined;
  readonly kubeconfig?: object | undefined;
  readonly write?: z.infer<typeof writeAccess> | undefined;
}

/** The way to write is the way to read but for what is told here: what does not fit that way would be left unsaid. */
function writeMistakes({ eks, kubeconfig, write }: Ways): readonly { readonly path: readonly string[]; readonly message: string }[] {
  if (!write) return [];
  if (!eks && !kubeconfig)
    return [{ path: ['write'], message: 'a cluster without eks and kubeconfig is gone: nothing can be written to it' }];
  const { role, externalId, context, kubeconfig: own } = write;
  const given = { role, externalId, context, kubeconfig: own };
  const allowed: readonly string[] = eks ? ['role', 'externalId'] : ['context', 'kubeconfig'];
  const advice = eks ? 'an EKS cluster is written to by a role' : 'a cluster with a kubeconfig is written to by a context or a kubeconfig';
  return Object.entries(given)
    .filter(([key, value]) => value !== undefined && !allowed.includes(key))
    .map(([key]) => ({ path: ['write', key], message: `${advice}; allowed: ${allowed.join(', ')}` }));
}

const schedule = z
  .strictObject({
    operation: z.enum(operations).describe('What is done'),
    clusters: z.array(z.string().min(1)).min(1).describe('Names, globs (*) or labels (team=core)'),
    cron: z.string().optional().describe('AWS’s six fields: minutes hours day-of-month month day-of-week year'),
    rate: z
      .string()
      .regex(/^[1-9]\d* (minute|minutes|hour|hours|day|days)$/, 'such as 1 day, 12 hours or 30 minutes')
      .optional()
      .describe('1 day, 12 hours, 30 minutes'),
    timeZone: z.string().optional().describe('IANA name; absent: UTC'),
    flexibleMinutes: z.int().min(1).max(1440).optional().describe('Starts at some moment within so many minutes'),
    with: z.record(z.string(), z.unknown()).optional().describe('The operation’s own event keys'),
  })
  .refine(({ cron, rate }) => (cron === undefined) !== (rate === undefined), 'a schedule has exactly one of cron and rate')
  .meta({ oneOf: [{ required: ['cron'] }, { required: ['rate'] }] });

export const notificationRule = z.strictObject({
  topic: z
    .union([z.literal('create'), z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/)], {
      error: 'topic is create or a standard SNS topic’s ARN',
    })
    .describe('create: the stack’s own; or the ARN of a standard SNS topic'),
  format: z.enum(['text', 'chat']).describe('chat: what Amazon Q Developer in chat applications understands').default('text'),
  atLeast: z.enum(severities).describe('Tell of findings of this severity and graver ones').default('warning'),
  when: z.enum(['changes', 'always']).describe('always: after each run').default('changes'),
  clusters: z.array(z.string().min(1)).min(1).optional().describe('Names, globs or labels; all unless told'),
  remindAfterDays: z.int().min(1).max(90).optional().describe('Tell again of what goes on after so many days without a message'),
});

export const configurationSchema = z.strictObject({
  clusters: z.record(clusterName, cluster).describe('The clusters that are looked after, by the names that they have here'),
  schedules: z.array(schedule).default([]).describe('What runs when, and on which clusters'),
  options: optionsByOperation.default({}).describe('By operation, for all clusters'),
  notify: z.array(notificationRule).default([]).describe('Who is told what'),
  console: z
    .strictObject({
      testEvents: z
        .enum(['off', 'create', 'existing'])
        .default('off')
        .describe('Shareable test events in the Lambda console; existing: the account has the registry lambda-testevent-schemas already'),
    })
    .prefault({})
    .describe('What is made for the AWS console'),
  deployment: z
    .strictObject({
      vpc: z
        .strictObject({
          id: z
            .string()
            .regex(/^vpc-[0-9a-f]+$/)
            .describe('vpc-…'),
          subnets: z
            .array(z.string().regex(/^subnet-[0-9a-f]+$/))
            .min(1)
            .describe('Private ones'),
          availabilityZones: z.array(z.string()).min(1).describe('Of the subnets'),
          securityGroups: z
            .array(z.string().regex(/^sg-[0-9a-f]+$/))
            .min(1)
            .describe('They let the functions reach the clusters’ endpoints and the AWS services'),
        })
        .optional()
        .describe('Where functions run that reach private endpoints'),
      logRetentionDays: z.int().positive().default(90).describe('How long logs are kept'),
      reportRetentionDays: z.int().positive().default(400).describe('How long reports are kept'),
      memoryMegabytes: z.int().min(256).max(10240).default(1024).describe('Of each function'),
      timeoutSeconds: z.int().min(60).max(900).default(600).describe('Of each function: the time budget of a run'),
    })
    .prefault({})
    .describe('How the functions are deployed'),
});

export type Configuration = z.infer<typeof configurationSchema>;
export type ClusterConfiguration = z.infer<typeof cluster>;
export type WriteAccess = z.infer<typeof writeAccess>;
export type EksAccess = z.infer<typeof eksAccess>;
export type BackupLocation = z.infer<typeof backupLocation>;
export type KubeconfigAccess = z.infer<typeof kubeconfigAccess>;
export type ScheduleConfiguration = z.infer<typeof schedule>;
export type NotificationConfiguration = z.infer<typeof notificationRule>;
