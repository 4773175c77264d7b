/** Reports for the tests, made by real calls of buildReport from what a scan of a small broken cluster gives. */
import { buildReport, type CheckFacts, type ReportInput, type RunFacts } from '../../functions/report/build-report.ts';
import type { Report } from '../../functions/report/model.ts';
import type { Finding, Link, ObserverEnd, Ref, ScanResult } from '../../functions/scan/contracts.ts';

type Found = Finding & { readonly observer: string };

export const ref = (kind: string, name: string, namespace?: string): Ref => ({
  apiVersion: { Deployment: 'apps/v1', ReplicaSet: 'apps/v1', CronJob: 'batch/v1' }[kind] ?? 'v1',
  kind,
  ...(namespace !== undefined && { namespace }),
  name,
});

/** A finding with the least that it must have. */
export const found = (observer: string, object: Ref, more: Partial<Finding> = {}): Found => ({
  observer,
  object,
  severity: 'warning',
  message: 'something is wrong',
  remedy: `kubectl ${object.namespace ? `-n ${object.namespace} ` : ''}describe ${object.kind.toLowerCase()} ${object.name}`,
  ...more,
});

export const checks: readonly CheckFacts[] = [
  { id: 'cronjob-missed-schedule', title: 'CronJobs that missed their schedule' },
  { id: 'deployment-unavailable', title: 'Deployments that are not available' },
  { id: 'helm-release-failed', title: 'Helm releases that failed' },
  { id: 'namespace-terminating', title: 'Namespaces stuck terminating' },
  { id: 'node-not-ready', title: 'Nodes that are not ready' },
  { id: 'pod-not-ready', title: 'Pods that are not ready' },
  { id: 'pod-waiting', title: 'Containers that wait' },
  { id: 'service-without-endpoints', title: 'Services without a ready endpoint' },
  { id: 'warning-events', title: 'Warning events', symptom: true },
];

export const ran = (id: string, objects = 10): ObserverEnd => ({ id, outcome: 'ran', objects });

/** A scan in which every check ran whole, but for those of `ends`. */
export const scanOf = (out: readonly Found[], links: readonly Link[] = [], ends: readonly ObserverEnd[] = []): ScanResult<Finding> => ({
  out,
  links,
  ends: [],
  observers: checks.map(({ id }) => ends.find((end) => end.id === id) ?? ran(id)),
  memory: {},
  labelled: new Map(),
  annotated: new Map(),
  annotationsUnseen: [],
  objects: 1204,
  requests: 14,
  bytes: 3_400_000,
});

export const facts = (more: Partial<RunFacts> = {}): RunFacts => ({
  runId: '0123456789abcdef',
  operation: 'health-check',
  cluster: 'prod',
  source: { kind: 'cluster', name: 'https://prod.example.com' },
  eventTime: '2026-11-24T06:00:00.000Z',
  startedAt: '2026-11-24T06:00:03.000Z',
  durationMs: 3200,
  kubernetesVersion: 'v1.36.3',
  fullScope: true,
  ...more,
});

/** The report of a scan; what is not said is the plainest. */
export const reportOf = (scan: ScanResult<Finding>, more: Partial<ReportInput> = {}): Report =>
  buildReport({
    facts: facts(),
    scan,
    sourceFindings: [],
    checks,
    ignore: [],
    previous: undefined,
    today: new Date('2026-11-24T06:00:03Z'),
    ...more,
  });

export const yesterday = {
  runId: 'fedcba9876543210',
  eventTime: '2026-11-23T06:00:00.000Z',
  startedAt: '2026-11-23T06:00:02.000Z',
};

const node = ref('Node', 'ip-10-0-3-17.eu-central-1.compute.internal');
const pods = Array.from({ length: 60 }, (_, index) => ref('Pod', `checkout-7d9f8c6b5-${String(index).padStart(3, '0')}`, 'shop'));
const checkout = ref('Deployment', 'checkout', 'shop');
const service = ref('Service', 'checkout', 'shop');

const missed = found('cronjob-missed-schedule', ref('CronJob', 'nightly-invoices', 'payments'), {
  severity: 'critical',
  message: 'its last 3 runs did not start; the schedule is 0 3 * * * in Europe/Berlin and the last run was at 2026-11-21T02:00:00Z',
  remedy: 'kubectl -n payments describe cronjob nightly-invoices',
  startedAt: '2026-11-22T02:00:00Z',
});
const grafana = found('pod-waiting', ref('Deployment', 'grafana', 'monitoring'), {
  subject: 'ImagePullBackOff grafana',
  message: 'cannot pull the image docker.io/grafana/grafana:11.99.0: not found',
  remedy: 'kubectl -n monitoring set image deployment/grafana grafana=docker.io/grafana/grafana:TAG',
  members: [ref('Pod', 'grafana-6c5d8f7b9-x2x4v', 'monitoring')],
});
const terminating = found('namespace-terminating', ref('Namespace', 'preview-1421'), {
  message: 'terminating for 9 days: 2 certificates.cert-manager.io still have the finalizer finalizer.acme.cert-manager.io',
  remedy: 'kubectl -n preview-1421 get certificates.cert-manager.io -o yaml',
  startedAt: '2026-11-15T09:12:00Z',
});

const links: readonly Link[] = [
  ...pods.map((pod) => ({ effect: pod, cause: node, because: 'it runs on this node' })),
  ...pods.map((pod) => ({ effect: checkout, cause: pod, because: 'its pod is not ready' })),
  ...pods.map((pod) => ({ effect: service, cause: pod, because: 'the endpoint behind it is not ready' })),
];
const today: readonly Found[] = [
  found('node-not-ready', node, {
    severity: 'critical',
    message: 'the kubelet stopped posting node status',
    remedy: `kubectl describe node ${node.name}`,
    startedAt: '2026-11-24T05:46:12Z',
  }),
  ...pods.map((pod) => found('pod-not-ready', pod, { message: 'running but not ready for 14 minutes' })),
  found('deployment-unavailable', checkout, { severity: 'critical', message: '0 of 60 replicas are available' }),
  found('service-without-endpoints', service, { severity: 'critical', message: 'none of its endpoints is ready' }),
  found('warning-events', checkout, { severity: 'info', subject: 'Unhealthy', message: 'Unhealthy 412 times in the last hour' }),
  missed,
  grafana,
  terminating,
  found('warning-events', ref('Deployment', 'search', 'shop'), {
    severity: 'info',
    subject: 'FailedScheduling',
    message: '0/4 nodes are available: 4 Insufficient memory, 7 times in the last hour',
  }),
];
const restarted = found('pod-waiting', ref('Deployment', 'cart', 'shop'), {
  severity: 'critical',
  subject: 'CrashLoopBackOff cart',
  message: 'restarts again and again: its container was killed for lack of memory (OOMKilled, exit code 137)',
});

const secretsRule = [
  'The ClusterRole of this user lacks a rule; add:',
  '- apiGroups: ["batch"]',
  '  resources: ["cronjobs"]',
  '  verbs: ["list"]',
].join('\n');

/** A cluster with a bit of everything, the second report of it. */
export const sampleReport = (): Report => {
  const previous = reportOf(scanOf([missed, { ...terminating, severity: 'info' }, restarted]), { facts: facts(yesterday) });
  const ends: readonly ObserverEnd[] = [
    { id: 'helm-release-failed', outcome: 'not-run', objects: 0, reason: 'the right to list Secrets is not granted' },
    {
      id: 'cronjob-missed-schedule',
      outcome: 'incomplete',
      objects: 0,
      reason: 'cronjobs.batch is forbidden: User "nightshift" cannot list resource "cronjobs" in API group "batch" at the cluster scope',
      remedy: secretsRule,
    },
  ];
  return reportOf(
    scanOf(
      today.filter((finding) => finding !== missed),
      links,
      ends,
    ),
    {
      previous,
      ignore: [
        { check: 'warning-events', namespace: 'shop', name: 'search', until: '2026-12-31', reason: 'load tests' },
        { check: 'pod-*', namespace: 'sandbox-*', reason: 'sandboxes are nobody’s' },
        { check: 'node-not-ready', name: 'old-*', until: '2026-10-01', reason: 'to be replaced' },
      ],
    },
  );
};

export const healthyReport = (): Report => reportOf(scanOf([]));
