/** What runs on a production cluster on EKS: applications, databases, queues, engines of batch work. Nothing of this may be proposed. */
import { ago } from '../health-check/objects.ts';
import {
  account,
  annotated,
  binding,
  claim,
  configMap,
  cronJob,
  custom,
  evicted,
  failed,
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
  statefulSet,
  succeeded,
  workload,
  writtenBy,
} from './real-cluster-objects.ts';

const shop: readonly Made[] = [
  ...namespace('shop'),
  secret('shop/web', ownedBy('ExternalSecret', 'shop/web', 'external-secrets.io/v1')),
  secret('shop/orphaned-by-eso'),
  custom('external-secrets.io/v1', 'ExternalSecret', 'shop/payments', { target: { name: 'orphaned-by-eso', creationPolicy: 'Orphan' } }),
  secret('shop/ecr-registry', {}, 'kubernetes.io/dockerconfigjson'),
  account('shop/web', {}, { imagePullSecrets: [{ name: 'ecr-registry' }] }),
  configMap('shop/web-7h2k9m'),
  configMap('shop/web-features'),
  ...workload(
    'shop/web',
    running(
      { serviceAccountName: 'web', volumes: [{ name: 'f', configMap: { name: 'web-features', optional: true } }] },
      { envFrom: [{ configMapRef: { name: 'web-7h2k9m' } }, { secretRef: { name: 'web' } }] },
    ),
    ofRelease('web', 'shop'),
  ),
  secret('shop/web-tls', {}, 'kubernetes.io/tls'),
  made(
    'networking.k8s.io/v1',
    'Ingress',
    'shop/web',
    { spec: { tls: [{ secretName: 'web-tls' }] } },
    annotated({ 'nginx.ingress.kubernetes.io/auth-secret': 'basic-auth' }),
  ),
  secret('shop/basic-auth'),
  // Scaled to nothing for the night, by whichever tool: in use all the same.
  configMap('shop/seasonal'),
  secret('shop/seasonal-db'),
  account('shop/seasonal'),
  ...workload(
    'shop/seasonal',
    running(
      { serviceAccountName: 'seasonal' },
      { envFrom: [{ configMapRef: { name: 'seasonal' } }, { secretRef: { name: 'seasonal-db' } }] },
    ),
    {},
    0,
  ),
  made('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop/web', {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  }),
  made(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'shop/keda-hpa-worker',
    { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone-for-now' } } },
    labelled({ 'scaledobject.keda.sh/name': 'worker' }),
  ),
  made('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop/rollout', {
    spec: { scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'checkout' } },
  }),
  custom('argoproj.io/v1alpha1', 'Rollout', 'shop/checkout', {
    replicas: 0,
    template: { metadata: { labels: { app: 'checkout' } }, spec: running({}, { envFrom: [{ secretRef: { name: 'checkout' } }] }) },
  }),
  secret('shop/checkout'),
  ...service('shop/checkout-canary', { app: 'checkout', 'rollouts-pod-template-hash': 'abc' }, 0),
  custom('argoproj.io/v1alpha1', 'AnalysisRun', 'shop/checkout-smoke', {}),
  ...job('shop/checkout-smoke.1', 'Failed', 20, ownedBy('AnalysisRun', 'shop/checkout-smoke', 'argoproj.io/v1alpha1')),
  made(
    'policy/v1',
    'PodDisruptionBudget',
    'shop/web',
    { spec: { selector: { matchLabels: { 'app.kubernetes.io/name': 'web' } } } },
    ofRelease('web', 'shop'),
  ),
  ...service('shop/external', {}, 0),
];

const jobs: readonly Made[] = [
  ...namespace('batch'),
  cronJob('batch/report', {}, running({ serviceAccountName: 'report' }, { envFrom: [{ secretRef: { name: 'report' } }] })),
  secret('batch/report'),
  account('batch/report'),
  // Its last three successes and its last failure, which nobody has looked at.
  ...[1, 2, 3].flatMap((days) => job(`batch/report-${days}`, 'Complete', days, ownedBy('CronJob', 'batch/report'))),
  ...job('batch/report-4', 'Failed', 12, ownedBy('CronJob', 'batch/report'), { reason: 'BackoffLimitExceeded' }),
  ...job('batch/report-now', 'running', 0, ownedBy('CronJob', 'batch/report')),
  ...job('batch/import-of-two-days', 'running', 2),
  ...job('batch/with-ttl', 'Complete', 3, {}, { more: { ttlSecondsAfterFinished: 864_000 } }),
  ...job('batch/paused', 'running', 20, {}, { more: { suspend: true } }),
  ...job('batch/kueue-elsewhere', 'Complete', 3, {}, { more: { managedBy: 'kueue.x-k8s.io/multikueue' } }),
  ...job('batch/training-workers-0', 'Complete', 3, ownedBy('JobSet', 'batch/training', 'jobset.x-k8s.io/v1alpha2')),
];

const engine = (kind: string, place: string, apiVersion: string, of: readonly Made[]) => [custom(apiVersion, kind, place), ...of];
const engines: readonly Made[] = [
  ...namespace('data'),
  ...engine('Workflow', 'data/etl', 'argoproj.io/v1alpha1', [
    pod('data/etl-step-1', running({ restartPolicy: 'Never' }), succeeded(3), ownedBy('Workflow', 'data/etl', 'argoproj.io/v1alpha1')),
    pod('data/etl-step-2', running({ restartPolicy: 'Never' }), failed(3), ownedBy('Workflow', 'data/etl', 'argoproj.io/v1alpha1')),
  ]),
  configMap('data/artifact-repositories', annotated({ 'workflows.argoproj.io/default-artifact-repository': 's3' }), {
    s3: 's3:\n  accessKeySecret: {name: artifact-bucket, key: id}\n',
  }),
  secret('data/artifact-bucket'),
  ...engine('TaskRun', 'data/build-1', 'tekton.dev/v1', [
    pod('data/build-1-pod', running({ restartPolicy: 'Never' }), succeeded(6), ownedBy('TaskRun', 'data/build-1', 'tekton.dev/v1')),
  ]),
  ...engine('SparkApplication', 'data/daily', 'sparkoperator.k8s.io/v1beta2', [
    pod('data/daily-driver', running(), failed(4), {
      ...labelled({ 'spark-role': 'driver' }),
      ...ownedBy('SparkApplication', 'data/daily', 'sparkoperator.k8s.io/v1beta2'),
    }),
    pod('data/daily-exec-1', running(), failed(4, 137), {
      ...labelled({ 'spark-role': 'executor' }),
      ...ownedBy('Pod', 'data/daily-driver'),
    }),
  ]),
  // spark-submit in cluster mode has no SparkApplication.
  pod('data/adhoc-driver', running(), succeeded(4), labelled({ 'spark-role': 'driver' })),
  ...engine('RayJob', 'data/tune', 'ray.io/v1', job('data/tune-submitter', 'Complete', 3, ownedBy('RayJob', 'data/tune', 'ray.io/v1'))),
  ...engine('PyTorchJob', 'data/train', 'kubeflow.org/v1', [
    pod('data/train-worker-0', running(), succeeded(9), ownedBy('PyTorchJob', 'data/train', 'kubeflow.org/v1')),
  ]),
  ...engine('Job', 'data/vc', 'batch.volcano.sh/v1alpha1', [
    pod('data/vc-0', running(), failed(9), ownedBy('Job', 'data/vc', 'batch.volcano.sh/v1alpha1')),
  ]),
  pod('data/kueue-group-0', running(), succeeded(9), {
    ...labelled({ 'kueue.x-k8s.io/managed': 'true' }),
    finalizers: ['kueue.x-k8s.io/managed'],
  }),
  // A runner that is told by its configuration alone which Secret and claim its pods take.
  configMap(
    'data/gitlab-runner',
    {},
    {
      'config.toml':
        '[[runners.kubernetes.volumes.pvc]]\n  name = "runner-cache"\n[[runners.kubernetes.volumes.secret]]\n  name = "runner-docker-auth"\n  service_account = "runner-builds"\n',
    },
  ),
  claim('data/runner-cache'),
  secret('data/runner-docker-auth'),
  account('data/runner-builds'),
  ...workload('data/gitlab-runner', running({ volumes: [{ name: 'c', configMap: { name: 'gitlab-runner' } }] })),
];

const databases: readonly Made[] = [
  ...namespace('databases'),
  custom('postgresql.cnpg.io/v1', 'Cluster', 'databases/orders', { instances: 2, superuserSecret: { name: 'orders-root' } }),
  ...['orders-root', 'orders-app', 'orders-ca'].map((name) => secret(`databases/${name}`)),
  claim('databases/orders-1', labelled({ 'cnpg.io/cluster': 'orders' })),
  pod(
    'databases/orders-1',
    running({ volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'orders-1' } }] }),
    evicted(3),
    ownedBy('Cluster', 'databases/orders', 'postgresql.cnpg.io/v1'),
  ),
  ...job('databases/orders-1-initdb', 'Complete', 60, ownedBy('Cluster', 'databases/orders', 'postgresql.cnpg.io/v1')),
  ...service('databases/orders-rw', { 'cnpg.io/cluster': 'orders', role: 'primary' }, 0),
  custom('kafka.strimzi.io/v1beta2', 'Kafka', 'databases/events', {}),
  custom('kafka.strimzi.io/v1beta2', 'KafkaUser', 'databases/billing', {}),
  ...['events-cluster-ca', 'billing'].map((name) => secret(`databases/${name}`, labelled({ 'strimzi.io/cluster': 'events' }))),
  claim('databases/data-0-events-broker-0', labelled({ 'strimzi.io/cluster': 'events' })),
  pod('databases/events-broker-0', running(), failed(3), ownedBy('StrimziPodSet', 'databases/events-broker', 'core.strimzi.io/v1beta2')),
  // Stopped for a migration.
  ...statefulSet('databases/redis', 0, ['data']),
  ...[0, 1, 2].map((index) => claim(`databases/data-redis-${index}`)),
  claim('databases/snapshot-source'),
  custom('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'databases/before-migration', {
    source: { persistentVolumeClaimName: 'snapshot-source' },
  }),
  // Notebooks: there is a pod while somebody is logged in.
  ...namespace('notebooks'),
  claim('notebooks/claim-alice', { labels: { component: 'singleuser-storage', app: 'jupyterhub', 'hub.jupyter.org/username': 'alice' } }),
  claim('notebooks/coder-bob-home', labelled({ 'com.coder.workspace.id': '6f1c', 'app.kubernetes.io/name': 'coder-pvc' })),
];

/** What would be made again, and would run again: migrations and setups, each known by another sign. */
const madeAgain: readonly Made[] = [
  ...job('shop/migrate-by-argo', 'Complete', 9, annotated({ 'argocd.argoproj.io/tracking-id': 'shop:batch/Job:shop/migrate-by-argo' })),
  ...job('shop/migrate-by-hook', 'Complete', 9, annotated({ 'helm.sh/hook': 'pre-upgrade' })),
  ...job('shop/migrate-by-helm', 'Failed', 9, ofRelease('web', 'shop')),
  ...job(
    'shop/migrate-by-flux',
    'Complete',
    9,
    labelled({ 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' }),
  ),
  // Argo CD that tracks by label writes one that anybody may write; who wrote it the API server knows.
  ...job('shop/migrate-by-argo-label', 'Complete', 9, {
    ...labelled({ 'app.kubernetes.io/instance': 'shop' }),
    ...writtenBy('argocd-controller'),
  }),
  ...job('shop/migrate-by-terraform', 'Complete', 9, writtenBy('Terraform')),
  ...job('shop/migrate-by-fleet', 'Complete', 9, labelled({ 'objectset.rio.cattle.io/hash': 'abc' })),
  ...job('shop/migrate-by-kapp', 'Complete', 9, labelled({ 'kapp.k14s.io/app': '1' })),
  ...job('shop/migrate-by-crossplane', 'Complete', 9, writtenBy('crossplane-kubernetes-provider')),
];

export const apps: readonly Made[] = [
  ...shop,
  ...jobs,
  ...engines,
  ...databases,
  ...madeAgain,
  // Programs that somebody runs by hand, and what is new.
  pod('data/debug-of-an-hour', running(), succeeded(0.04)),
  account('shop/ci-deployer'),
  binding('shop/ci-deployer', 'shop/ci-deployer'),
  account('shop/by-pod-identity', annotated({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' })),
  configMap('shop/made-today', { days: 0.1 }),
  made('v1', 'Event', 'shop/web.1', { type: 'Warning', reason: 'BackOff', lastTimestamp: ago({ minutes: 3 }) }, { days: 0 }),
];
