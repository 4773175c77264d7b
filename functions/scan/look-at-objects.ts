/** How operations look whose checks read objects of one source: a cluster, a backup, manifests. */
import { ClusterError } from '../cluster/cluster-error.ts';
import { annotatedKinds } from '../cluster/kinds.ts';
import type { Look, Looked } from '../runtime/operation.ts';
import type { Check, ScanRun, Source } from './contracts.ts';
import { scan } from './scan.ts';
import { withinBudget } from './within-budget.ts';

/** Runs the checks over one pass of the source. Throws ClusterError where it cannot be reached. */
export const lookAtObjects = async (checks: readonly Check[], look: Look): Promise<Looked> => {
  const source = await openWithinBudget(look);
  try {
    return { ...sourceFacts(source), scan: await scan(source, checks, scanRunOf(look)) };
  } finally {
    await source.close();
  }
};

/** What a scan is told of what is looked at. */
export const scanRunOf = (look: Pick<Look, 'options' | 'off' | 'previous' | 'labels' | 'signal' | 'onProgress'>): ScanRun => ({
  options: look.options,
  off: look.off,
  memory: look.previous?.memory ?? {},
  annotatedKinds,
  labels: look.labels,
  signal: look.signal,
  ...(look.onProgress && { onProgress: look.onProgress }),
});

/** What a report says of the source. */
export const sourceFacts = ({
  kind,
  name,
  namespaces,
  version,
  findings = [],
}: Source): Pick<Looked, 'source' | 'kubernetesVersion' | 'sourceFindings'> => ({
  source: { kind, name, ...(namespaces && { namespaces: [...namespaces] }) },
  kubernetesVersion: version,
  sourceFindings: findings,
});

/** Waits no longer than the budget: a lookup or an AWS client that hangs and does not listen must not cost the report. */
export const openWithinBudget = async ({ open, signal, cluster }: Pick<Look, 'open' | 'signal' | 'cluster'>): Promise<Source> => {
  if (!open)
    throw new ClusterError(
      'configuration',
      `nothing says how to reach ${cluster}`,
      'give the cluster eks or kubeconfig in nightshift.yaml',
    );
  const opening = open(signal);
  const source = await withinBudget(opening, signal);
  if (source) return source;
  void opening.then((late) => late.close()).catch(() => undefined);
  const remedy = 'look whether the function can reach the AWS services and the cluster: subnets, endpoints, security groups';
  throw new ClusterError('aborted', `the way to ${cluster} was still not open when the time budget was spent`, remedy);
};
