/** Can this cluster be reached, and with which rights: every step on the way, in order. It reads, and writes nothing. */
import { type ApiClient, apiClient } from '../cluster/api-client.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { isNamespaceMissing, namespaceMissing } from '../cluster/missing-namespaces.ts';
import type { ClusterAccess, Way } from '../cluster/open-cluster.ts';
import { readersGroup } from '../cluster/roles.ts';
import type { Operation } from '../runtime/operation.ts';
import { locationName } from '../velero/store/location-name.ts';
import { configuredWay } from './configuration.ts';
import { identity } from './identity.ts';
import { resolvedEndpoint } from './name-resolution.ts';
import { neededRights } from './needed-rights.ts';
import { askedRights, type Right } from './rights.ts';
import { rightsSaid } from './rights-said.ts';
import { serverVersion } from './server-version.ts';
import { type After, both, newSteps, nothing, type Step, type StepName, type Steps } from './step.ts';
import type { ConnectTarget } from './target.ts';
import { openPort } from './tcp.ts';
import { serverCertificate } from './tls.ts';

/** What connecting to one cluster showed. */
export interface Connection {
  readonly cluster: string;
  /** Everything that is needed is there. */
  readonly ready: boolean;
  readonly steps: readonly Step[];
  /** Each right by itself; empty where the cluster was not reached. */
  readonly rights: readonly Right[];
}

/** Takes all steps. `operations`: those that are deployed; their checks say which rights are needed. */
export async function connect(target: ConnectTarget, operations: readonly Operation[], signal: AbortSignal): Promise<Connection> {
  const steps = newSteps(signal);
  const caller = await awsCaller(target, steps, signal);
  const rights = await apiSteps(target, operations, steps, caller, signal);
  for (const location of target.backups) {
    const { readableBackups } = await import('./backups.ts');
    await steps.take({ step: 'backups', subject: locationName(location) }, caller, () => readableBackups(location, signal));
  }
  const ready = steps.taken.every(({ state, because }) => state !== 'failed' && because === undefined);
  return { cluster: target.cluster, ready, steps: steps.taken, rights };
}

interface Caller {
  readonly arn: string | undefined;
}

async function awsCaller({ access, backups }: ConnectTarget, steps: Steps, signal: AbortSignal): Promise<After<Caller>> {
  const region = awsRegion(access) ?? backups[0]?.region;
  if (region === undefined && !asksAws(access)) return { value: { arn: undefined } };
  const { awsIdentity } = await import('./aws-identity.ts');
  return steps.take({ step: 'aws-identity' }, nothing, () => awsIdentity(region, signal));
}

const asksAws = (access: ClusterAccess | undefined): boolean =>
  access !== undefined && !('kubeconfigFile' in access) && (access.eks !== undefined || access.kubeconfig?.file === undefined);

const awsRegion = (access: ClusterAccess | undefined): string | undefined =>
  access === undefined || 'kubeconfigFile' in access ? undefined : (access.eks?.region ?? access.kubeconfig?.region);

const apiStepNames: readonly StepName[] = ['configuration', 'name-resolution', 'tcp', 'tls', 'server-version', 'identity', 'rights'];

async function apiSteps(
  { cluster, access, optionsOf }: ConnectTarget,
  operations: readonly Operation[],
  steps: Steps,
  caller: After<Caller>,
  signal: AbortSignal,
): Promise<readonly Right[]> {
  if (access === undefined) {
    for (const step of apiStepNames) steps.skip(step, 'it has its backups alone');
    return [];
  }
  const way = await steps.take({ step: 'configuration' }, caller, () => configuredWay(cluster, access, signal));
  const endpoint = await steps.take({ step: 'name-resolution' }, way, (given) => resolvedEndpoint(given, signal));
  const port = await steps.take({ step: 'tcp' }, endpoint, (given) => openPort(given, signal));
  const tls = await steps.take({ step: 'tls' }, both(way, port), ([given]) => serverCertificate(given, signal));
  const client = 'value' in way ? apiClient(way.value.access) : undefined;
  try {
    const reached: After<readonly [Way, NonNullable<typeof client>]> =
      'failed' in tls ? tls : client === undefined || 'failed' in way ? { failed: 'configuration' } : { value: [way.value, client] };
    const version = await steps.take({ step: 'server-version' }, reached, ([, given]) => serverVersion(given, signal));
    const entry = await accessEntry(access, caller);
    const stored = !('kubeconfigFile' in access) && access.kubeconfig !== undefined && access.kubeconfig.file === undefined;
    const who = await steps.take({ step: 'identity' }, both(reached, version), ([[given, api]]) =>
      identity({ access: given.access, client: api, entry, stored }, signal),
    );
    let rights: readonly Right[] = [];
    await steps.take({ step: 'rights' }, both(reached, who), async ([[, api], known]) => {
      await assertNamespaces(api, access.namespaces ?? [], signal);
      rights = await askedRights(api, neededRights(operations, optionsOf), access.namespaces, signal);
      return rightsSaid(rights, { identity: known, entry, namespaces: access.namespaces });
    });
    return rights;
  } finally {
    client?.close();
  }
}

/** Of a namespace that is not there each right may be granted, and its lists are empty. Throws ClusterError. */
async function assertNamespaces(client: ApiClient, namespaces: readonly string[], signal: AbortSignal): Promise<void> {
  const missing: string[] = [];
  for (const name of namespaces) if (await isNamespaceMissing(client, name, signal)) missing.push(name);
  if (missing.length === 0) return;
  const { message, remedy } = namespaceMissing(missing);
  throw new ClusterError('not-found', message, remedy);
}

/** On EKS: the command that lets the caller in, as a member of the readers. */
async function accessEntry(access: ClusterAccess, caller: After<Caller>): Promise<string | undefined> {
  if ('kubeconfigFile' in access || access.eks === undefined) return undefined;
  const { name, region, role } = access.eks;
  const { principalOf } = await import('./aws-identity.ts');
  const arn = 'value' in caller ? caller.value.arn : undefined;
  const principal = role ?? (arn === undefined ? 'ROLE-ARN' : principalOf(arn));
  return `aws eks create-access-entry --region ${region} --cluster-name ${name} --principal-arn ${principal} --kubernetes-groups ${readersGroup}`;
}
