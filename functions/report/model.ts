/** The report: `schemaVersion: 1`, the contract with whatever reads it. docs/report.schema.json is generated from here. Change it by adding only. */
import * as z from 'zod';

export const operations = ['health-check', 'cleanup', 'backup-verification', 'upgrade-readiness', 'alert-response'] as const;
export type OperationName = (typeof operations)[number];

/** Named among the checks of a report, though it looks at nothing in the cluster: what config/overrides.yaml has to say for itself. */
export const configurationOverrides = 'configuration-overrides';
/** What the source says of itself and of the way to it is reported under this check. */
export const clusterAccess = 'cluster-access';
/** Listed among the checks, but they tell of the run itself and look at no object of the cluster. */
export const checksOfTheRun: readonly string[] = [clusterAccess, configurationOverrides];

/** Gravest first: the order in which everything is sorted. */
export const severities = ['critical', 'warning', 'info'] as const;
export const severityRank = (severity: (typeof severities)[number]): number => severities.indexOf(severity);

const time = z.string().describe('RFC 3339, UTC');
const severity = z.enum(severities);
const object = z.object({
  apiVersion: z.string(),
  kind: z.string().describe('A Kubernetes kind, or Cluster, Bucket or File'),
  namespace: z.string().optional(),
  name: z.string(),
  uid: z.string().optional(),
});

export const findingSchema = z.object({
  check: z.string(),
  severity,
  object,
  subject: z.string().optional(),
  message: z.string(),
  remedy: z.string(),
  fingerprint: z.string().describe('Stable from run to run; begins with its own version'),
  change: z.enum(['new', 'ongoing', 'unverified']).describe('unverified: its check did not run whole today'),
  since: time.describe('When a report first had it'),
  startedAt: time.optional().describe('Since when, by the object’s own account'),
  raisedFrom: severity.optional().describe('Its severity in the last report, where that was lower'),
  formerCause: object
    .optional()
    .describe('The object of the finding that explained it in the last report and no longer does: it was not told of then'),
  members: z.array(object).optional(),
  location: z.object({ file: z.string(), line: z.number() }).optional(),
  consequences: z
    .array(
      z.object({
        check: z.string(),
        severity,
        object,
        message: z.string(),
        because: z.string().optional(),
        fingerprint: z.string(),
        since: time.optional(),
        change: z.enum(['unverified']).optional().describe('Its check did not run whole today: it is kept as it stood'),
      }),
    )
    .optional()
    .describe('What is in trouble because of it, at most 1,000'),
  consequenceCount: z.number().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

const outcomeSchema = z.object({
  result: z
    .enum([
      'deleted',
      'pending-finalizers',
      'patched',
      'created',
      'gone-before',
      'changed',
      'conflict',
      'refused',
      'forbidden',
      'held',
      'unknown',
    ])
    .describe(
      'pending-finalizers: deletion has begun and waits for a finalizer; changed: not what was planned any more, left alone; conflict: exists already with another uid; refused: by the server or a webhook; held: a guard said no at the last moment; unknown: no answer, and it could not be found out',
    ),
  at: time,
  message: z.string().optional().describe('In the words of whoever said no'),
});

export const actionSchema = z.object({
  id: z.string().describe('Unique in its report and plan'),
  kind: z.enum(['delete', 'patch', 'create']),
  object: object.extend({ uid: z.string(), resourceVersion: z.string() }),
  rule: z.string(),
  reason: z.string(),
  risk: z.enum(['low', 'medium', 'high']),
  state: z.enum(['planned', 'held', 'reported']).describe('held: a guard keeps it; reported: shown, never applied'),
  heldBy: z.object({ guard: z.string(), because: z.string() }).optional(),
  since: time.optional().describe('From when on its age is told'),
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('What the rule rests on'),
  lost: z.array(z.string()).optional().describe('What undo cannot bring back'),
  frees: z.object({ bytes: z.number().optional(), disk: z.string().optional() }).optional().describe('Storage that comes free'),
  change: z.enum(['new', 'ongoing']).optional().describe('Of what is planned: was it in the last report’s plan?'),
  outcome: outcomeSchema.optional(),
});
export type Action = z.infer<typeof actionSchema>;
export type ActionOutcome = z.infer<typeof outcomeSchema>;

export const reportSchema = z.object({
  schemaVersion: z.literal(1),
  runId: z.string(),
  operation: z.enum(operations),
  cluster: z.string(),
  source: z.object({
    kind: z.enum(['cluster', 'backup', 'manifests']),
    name: z.string(),
    namespaces: z.array(z.string()).optional().describe('Only these were looked at; absent: all'),
  }),
  status: z.enum(['healthy', 'degraded', 'critical']).describe('Tells severity alone; see complete'),
  complete: z.boolean().describe('Did everything that should have run do so?'),
  fullScope: z.boolean().describe('Ran with the configured options on everything: only such a report is a predecessor of the next'),
  startedAt: time,
  eventTime: time.optional().describe('When what asked for this run happened; the report’s place in the store is made of it'),
  durationMs: z.number(),
  kubernetesVersion: z.string().optional(),
  summary: z.object({ critical: z.number(), warning: z.number(), info: z.number(), text: z.string() }),
  scanned: z.object({ objects: z.number(), requests: z.number(), bytes: z.number() }),
  findings: z.array(findingSchema),
  resolved: z.array(findingSchema),
  settling: z
    .array(findingSchema)
    .optional()
    .describe('Not seen today; their checks flap, so only a second complete run without them calls them resolved'),
  actions: z.array(actionSchema),
  incomplete: z.array(z.object({ check: z.string(), reason: z.string(), remedy: z.string() })),
  checks: z.array(
    z.object({
      check: z.string(),
      title: z.string().optional(),
      ran: z.boolean(),
      objects: z.number(),
      reason: z.string().optional(),
    }),
  ),
  ignored: z.array(
    z.object({
      rule: z.string(),
      reason: z.string(),
      count: z.number(),
      note: z.enum(['expired', 'matches nothing', 'not understood']).optional(),
      from: z.enum(['nightshift.yaml', 'config/overrides.yaml', 'annotation']).optional().describe('Where the rule stands'),
      until: z.string().optional().describe('Its last day (UTC)'),
      object: object.optional().describe('The object or Namespace that carries the annotation'),
      objects: z.number().optional().describe('So many objects carry the same; `object` is the first of them'),
      mistake: z.string().optional().describe('What of the annotation is not understood: that part takes nothing away'),
    }),
  ),
  overrides: z
    .object({ file: z.string(), since: time.describe('When a run first read it so'), says: z.array(z.string()) })
    .optional()
    .describe('What is laid over the bundled configuration: config/overrides.yaml, or the last good one'),
  comparedWith: z
    .object({ runId: z.string(), startedAt: time, complete: z.boolean().optional(), incomplete: z.array(z.string()).optional() })
    .optional()
    .describe('The last report; absent at the first run'),
  tables: z
    .array(z.object({ title: z.string(), columns: z.array(z.string()), rows: z.array(z.array(z.union([z.string(), z.number()]))) }))
    .optional(),
  backupSchedules: z
    .array(
      z.object({
        location: z.string(),
        schedule: z.string().describe('Empty: the backups that were made by hand'),
        cron: z.string().optional(),
        timeZone: z.string().optional(),
        newestVerified: z
          .object({ backup: z.string(), completedAt: time, level: z.string().describe('How deep it was looked into'), verifiedAt: time })
          .optional()
          .describe('The newest backup that was looked into and found restorable; absent: none was'),
        hoursSinceVerified: z.number().optional().describe('Age of the data in it; absent: none was verified'),
        silent: z
          .enum(['paused', 'gone', 'new'])
          .optional()
          .describe(
            'Why no backup is expected of it: it is paused, the cluster has no such Schedule any more, or its first is not yet due',
          ),
        allowedHours: z.number().optional().describe('How old it may get by its schedule before a backup was missed'),
        calendar: z
          .array(
            z.object({
              date: z.string().describe('UTC'),
              verdict: z
                .enum(['ok', 'warning', 'error', 'unknown', 'in-progress', 'listed', 'none'])
                .describe('listed: nothing is wrong with its files, and it was not looked into'),
              backups: z.number(),
            }),
          )
          .describe('The last 30 days, the oldest first, by the day on which a backup began'),
      }),
    )
    .optional()
    .describe('What a location holds of each schedule'),
  plan: z
    .object({
      id: z.string(),
      expiresAt: time,
      undoes: z.string().optional().describe('The journal that it takes back'),
      lacks: z
        .object({
          rights: z.array(z.string()),
          manifest: z.string().describe('RBAC that grants them; empty where it is not rights that lack'),
        })
        .optional()
        .describe('What applying it would lack, asked with the credentials that write'),
    })
    .optional()
    .describe('What can be applied'),
  journal: z
    .object({
      id: z.string(),
      plan: z.string(),
      ended: z.enum(['complete', 'interrupted', 'stopped', 'refused']),
      why: z.string().optional(),
      warnings: z.array(z.string()).optional().describe('What the API server warned of'),
    })
    .optional()
    .describe('What was applied; undo takes its id'),
  memory: z.record(z.string(), z.unknown()).describe('By check: what it remembers for the next run, 64 KB at most'),
});

export type ReportedFinding = z.infer<typeof findingSchema>;
export type ReportedConsequence = NonNullable<ReportedFinding['consequences']>[number];
export type Report = z.infer<typeof reportSchema>;
