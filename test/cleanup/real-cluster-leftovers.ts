/** What is really left over on that cluster, and what has to be said of each: `rule state place`. */
import { ago } from '../health-check/objects.ts';
import {
  account,
  annotated,
  claim,
  configMap,
  cronJob,
  evicted,
  failed,
  isRunning,
  job,
  labelled,
  type Made,
  made,
  namespace,
  ofRelease,
  ownedBy,
  pod,
  running,
  secret,
  service,
  succeeded,
  volume,
  writtenBy,
} from './real-cluster-objects.ts';

/** What is expected of the objects beside it; the reason has to match. */
type Left = readonly [expected: readonly (readonly [action: string, reason: RegExp])[], objects: readonly Made[]];

const ofWeb = { labels: { 'app.kubernetes.io/name': 'web', 'app.kubernetes.io/instance': 'web', 'app.kubernetes.io/managed-by': 'Helm' } };
const gone = 'ip-10-0-9-99.ec2.internal';

const pods: readonly Left[] = [
  [
    [['terminated-pods planned shop/web-5d8f-ev1ct', /^evicted 3 days ago: The node was low on resource: ephemeral-storage/]],
    [pod('shop/web-5d8f-ev1ct', running(), evicted(3), { ...ofWeb, ...ownedBy('ReplicaSet', 'shop/web-5d8f') })],
  ],
  [
    [['terminated-pods planned shop/web-5d8f-adm1t', /^failed 2 days ago \(UnexpectedAdmissionError\)/]],
    [
      pod(
        'shop/web-5d8f-adm1t',
        running(),
        { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'Allocate failed', startTime: ago({ days: 2 }) },
        { days: 2, ...ownedBy('ReplicaSet', 'shop/web-5d8f') },
      ),
    ],
  ],
  [
    [['terminated-pods planned monitoring/node-exporter-x7k2p', /^failed 4 days ago/]],
    [pod('monitoring/node-exporter-x7k2p', running(), failed(4), ownedBy('DaemonSet', 'monitoring/node-exporter'))],
  ],
  [
    [
      [
        'pods-of-missing-nodes planned shop/web-5d8f-sp0t1',
        /^failed 2 days ago \(Terminated\); its node ip-10-0-9-99.ec2.internal is gone/,
      ],
    ],
    [
      pod(
        'shop/web-5d8f-sp0t1',
        { ...running(), nodeName: gone },
        { ...failed(2, 137), reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' },
        ownedBy('ReplicaSet', 'shop/web-5d8f'),
      ),
    ],
  ],
  [
    [['terminated-pods planned data/debug-shell', /^succeeded 5 days ago$/]],
    [pod('data/debug-shell', running({ restartPolicy: 'Never' }), succeeded(5))],
  ],
  [[['terminated-pods held data/debug-of-an-hour', /^succeeded /]], []],
  [[['terminated-pods held default/node-debugger-a1', /^succeeded /]], [pod('default/node-debugger-a1', running(), succeeded(30))]],
  [
    [['terminated-pods held data/kept-for-us', /^failed /]],
    [pod('data/kept-for-us', running(), failed(30), annotated({ 'nightshift.dev/keep': 'true' }))],
  ],
];

const heldJobs = ['argo', 'hook', 'helm', 'flux', 'argo-label', 'terraform', 'fleet', 'kapp', 'crossplane'].map(
  (by): readonly [string, RegExp] => [
    `finished-jobs held shop/migrate-by-${by}`,
    by === 'helm' ? /^failed 9 days ago/ : /^finished 9 days ago/,
  ],
);
const jobs: readonly Left[] = [
  [heldJobs, []],
  [[['finished-jobs held cert-manager/cert-manager-startupapicheck', /^finished 30 days ago/]], []],
  [[['finished-jobs planned batch/backfill-2025', /^finished 40 days ago \(Complete\)$/]], job('batch/backfill-2025', 'Complete', 40)],
  [
    [['finished-jobs planned batch/by-kubectl', /^finished 12 days ago \(Complete\)$/]],
    job('batch/by-kubectl', 'Complete', 12, writtenBy('kubectl-client-side-apply')),
  ],
  [
    [['finished-jobs planned batch/import-failed', /^failed 10 days ago \(DeadlineExceeded\)$/]],
    job('batch/import-failed', 'Failed', 10, {}, { reason: 'DeadlineExceeded' }),
  ],
  [
    [['finished-jobs planned batch/hourly-1', /^finished 6 days ago \(Complete\), beyond the 1 that CronJob hourly keeps$/]],
    [
      cronJob('batch/hourly', { successfulJobsHistoryLimit: 1 }),
      ...job('batch/hourly-1', 'Complete', 6, ownedBy('CronJob', 'batch/hourly')),
      ...job('batch/hourly-2', 'Complete', 5, ownedBy('CronJob', 'batch/hourly')),
    ],
  ],
];

const reported: readonly Left[] = [
  [[['unused-config-maps reported shop/web-4f9h2k', /^no pod/]], [configMap('shop/web-4f9h2k')]],
  [
    [['unused-config-maps reported shop/feature-flags-of-2024', /^no pod/]],
    [configMap('shop/feature-flags-of-2024', ofRelease('flags', 'shop'))],
  ],
  [[['unused-config-maps held shop/made-today', /^no pod/]], []],
  [
    [['unused-secrets reported shop/old-tls', /^no pod/]],
    [secret('shop/old-tls', annotated({ 'cert-manager.io/certificate-name': 'old' }), 'kubernetes.io/tls')],
  ],
  [[['unused-secrets reported databases/dump-credentials', /^no pod/]], [secret('databases/dump-credentials')]],
  [[['unused-service-accounts reported shop/intern-2023', /^no pod/]], [account('shop/intern-2023')]],
  [
    [['unused-persistent-volume-claims reported databases/data-mysql-0', /^no pod/]],
    [claim('databases/data-mysql-0'), volume('pvc-databases-data-mysql-0', 'databases/data-mysql-0', 'Delete')],
  ],
  [
    [
      [
        'released-persistent-volumes reported pvc-gone',
        /^released 20 days ago by claim shop\/uploads, and its policy Retain keeps the disk$/,
      ],
    ],
    [volume('pvc-gone', 'shop/uploads', 'Retain', { phase: 'Released', lastPhaseTransitionTime: ago({ days: 20 }) })],
  ],
  [
    [['services-without-target reported shop/legacy-api', /^no endpoint for 90 days: no pod/]],
    service('shop/legacy-api', { app: 'legacy-api' }, 0),
  ],
  [
    [['horizontal-pod-autoscalers-without-target reported shop/legacy-api', /^its target Deployment legacy-api does not exist/]],
    [
      made('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop/legacy-api', {
        spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'legacy-api' } },
      }),
    ],
  ],
  [
    [['pod-disruption-budgets-without-target reported shop/legacy-api', /^its selector matches no pod/]],
    [made('policy/v1', 'PodDisruptionBudget', 'shop/legacy-api', { spec: { selector: { matchLabels: { app: 'legacy-api' } } } })],
  ],
  [
    [['unused-replica-sets reported shop/left-by-orphan-delete', /^scaled to zero/]],
    [
      made('apps/v1', 'ReplicaSet', 'shop/left-by-orphan-delete', {
        spec: { replicas: 0, template: { metadata: { labels: { a: 'b' } } } },
        status: { replicas: 0 },
      }),
    ],
  ],
  [
    [['stale-node-leases reported kube-node-lease/ip-10-0-9-99.ec2.internal', /^there is no such node/]],
    [made('coordination.k8s.io/v1', 'Lease', `kube-node-lease/${gone}`, { spec: { holderIdentity: gone, renewTime: ago({ days: 2 }) } })],
  ],
  [
    [
      [
        'terminating-namespaces reported pr-1234',
        /^has been going away for 6 days: what is in it waits for finalizers.example.io\/x; widgets.example.com left in it/,
      ],
    ],
    [
      ...namespace('pr-1234', { deletionTimestamp: ago({ days: 6 }) }).slice(1),
      made(
        'v1',
        'Namespace',
        'pr-1234',
        {
          spec: { finalizers: ['kubernetes'] },
          status: {
            phase: 'Terminating',
            conditions: [
              {
                type: 'NamespaceContentRemaining',
                status: 'True',
                message: 'Some resources are remaining: widgets.example.com has 1 resource instances',
              },
              {
                type: 'NamespaceFinalizersRemaining',
                status: 'True',
                message: 'Some content in the namespace has finalizers remaining: finalizers.example.io/x in 1 resource instances',
              },
            ],
          },
        },
        { deletionTimestamp: ago({ days: 6 }) },
      ),
    ],
  ],
  [
    [['expired-namespaces reported pr-1200', /^expired 8 days ago \(nightshift.dev\/expires: 2026-03-09\)$/]],
    namespace('pr-1200', annotated({ 'nightshift.dev/expires': '2026-03-09' })),
  ],
  [
    [['expired-bootstrap-tokens reported kube-system/bootstrap-token-abcdef', /^expired /]],
    [
      made('v1', 'Secret', 'kube-system/bootstrap-token-abcdef', {
        type: 'bootstrap.kubernetes.io/token',
        data: { expiration: Buffer.from(ago({ days: 30 })).toString('base64') },
      }),
    ],
  ],
  [
    [['superseded-helm-releases reported shop/sh.helm.release.v1.web.v1', /^revision 1 of release web was superseded/]],
    Array.from({ length: 11 }, (_, index) =>
      secret(
        `shop/sh.helm.release.v1.web.v${index + 1}`,
        labelled({
          owner: 'helm',
          name: 'web',
          status: index === 10 ? 'deployed' : 'superseded',
          version: String(index + 1),
          modifiedAt: '1770000000',
        }),
        'helm.sh/release.v1',
      ),
    ),
  ],
];

const all = [...pods, ...jobs, ...reported];
/** By action: what its reason is to be like. */
export const expected: ReadonlyMap<string, RegExp> = new Map(all.flatMap(([actions]) => actions));
export const leftovers: readonly Made[] = [
  ...all.flatMap(([, objects]) => objects),
  made('apps/v1', 'DaemonSet', 'monitoring/node-exporter', { spec: { template: { metadata: { labels: { app: 'x' } }, spec: running() } } }),
  pod('monitoring/node-exporter-good1', running(), isRunning, ownedBy('DaemonSet', 'monitoring/node-exporter')),
];
