import * as z from 'zod';
import type { ClusterAccess } from '../cluster/open-cluster.ts';
import type { OperationName, Report } from '../report/model.ts';
import type { Storage } from '../report/store/storage.ts';
import type { Declaration, Finding, ScanResult, Source } from '../scan/contracts.ts';
import type { BackupLocation, ClusterConfiguration, OperationOptions } from './configuration.ts';

/** Who asks, which decides whether a plan may be applied: by hand, or by what nobody watches. */
export type Origin = 'direct' | 'schedule' | 'bus' | 'sns';

/** How a cluster is written to, for operations that do. */
export interface Writing {
  /** A cluster of nightshift.yaml, whose `write` says how; or the way that the command was given, whose rights are then the caller's own. */
  readonly access: { readonly configured: ClusterConfiguration } | { readonly given: ClusterAccess };
  /** The command line: files may be read and exec plugins started. */
  readonly interactive: boolean;
  /** The DynamoDB table of locks; absent: the lock lies beside the state. */
  readonly locks?: string | undefined;
  /** Is there a freeze switch to be asked for? One that is not configured has none. */
  readonly freezable: boolean;
}

/** What an operation looks at, and how far. */
export interface Look {
  readonly runId: string;
  readonly origin: Origin;
  /** Absent where the source cannot be written to: a backup, manifests. */
  readonly writing?: Writing | undefined;
  /** All options of the operation on this cluster, laid: those of checks are also in `options`, valid. */
  readonly laid: OperationOptions;
  /** The cluster's name in the report. */
  readonly cluster: string;
  /** The operation's own event keys. */
  readonly own: Readonly<Record<string, unknown>>;
  /** By check id: its options, valid. */
  readonly options: Readonly<Record<string, unknown>>;
  /** By check id: why it does not run. */
  readonly off: Readonly<Record<string, string>>;
  /** Label selectors of ignore rules: which objects they select is to be told. */
  readonly labels: readonly string[];
  readonly previous: Report | undefined;
  /** The way to the cluster; absent where there is none, as it is gone. Throws ClusterError. */
  readonly open?: ((signal: AbortSignal) => Promise<Source>) | undefined;
  /** Where its backups are. */
  readonly backups?: BackupPlaces | undefined;
  /** Where the operation keeps what it caches between runs, under state/CLUSTER/OPERATION/; absent: nowhere. */
  readonly state?: Storage | undefined;
  /** Aborted when the time budget is spent. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: { readonly objects: number; readonly resource: string }) => void) | undefined;
}

/** A location as it is configured, or a place that the command was given: `s3://bucket/prefix`, a folder, a tarball. */
export type BackupPlace = BackupLocation | { readonly place: string; readonly region?: string };
export type BackupPlaces = BackupPlace | readonly BackupPlace[];

/** What came of it; the report is made of it. */
export interface Looked extends Pick<Report, 'source' | 'tables' | 'backupSchedules' | 'plan' | 'journal'> {
  readonly actions?: Report['actions'];
  /** What else than checks was looked at, for the report's list of them: rules of nightshift.yaml. */
  readonly furtherChecks?: readonly { readonly id: string; readonly title: string }[];
  readonly kubernetesVersion?: string | undefined;
  readonly scan: ScanResult<Finding>;
  readonly sourceFindings: readonly Finding[];
}

/** What the runtime and the command need to know of an operation; each lives in functions/<name>/operation.ts. */
export interface Operation {
  readonly name: OperationName;
  readonly title: string;
  /** What a cluster must have for it: `api`, a way to its API server (eks or kubeconfig); `backups`, places where Velero keeps its backups. */
  readonly needs: 'api' | 'backups';
  readonly checks: readonly Declaration[];
  /**
   * Looks, and changes nothing in the cluster but where its event says so, through functions/actions. Throws ClusterError where nothing could be read, which becomes a report; loads what it needs when it is called.
   */
  readonly look: (look: Look) => Promise<Looked>;
  /** It writes to clusters: its function is given what that takes. */
  readonly writes?: true;
  /** Which of its own event keys make a run one of less than full scope, beside `only` and `off`. */
  readonly narrowing?: readonly string[];
  /** Its own event keys beside cluster and clusters; the command's flags are made of them, in kebab case. */
  readonly event: z.ZodObject<Record<string, z.ZodType>>;
}

/** The own event keys of operations that run checks. */
export const checkSelection = (checks: readonly Declaration[]) => {
  const id = z.enum(checks.map((check) => check.id) as [string, ...string[]]);
  return z.object({
    only: z.array(id).min(1).optional().describe('Run these checks alone'),
    off: z.array(id).min(1).optional().describe('Do not run these checks'),
  });
};
export interface CheckSelection {
  readonly only?: readonly string[] | undefined;
  readonly off?: readonly string[] | undefined;
}

/** Which checks do not run this time, with the reason that the report gives. `over`: what config/overrides.yaml lays over the options. */
export const checksOff = (
  operation: Operation,
  options: OperationOptions,
  selection: CheckSelection,
  over: OperationOptions = {},
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    operation.checks.flatMap(({ id }): [string, string][] => {
      if (options.checks?.off.includes(id)) return [[id, 'turned off in nightshift.yaml']];
      if (over.checks?.off.includes(id)) return [[id, 'turned off in config/overrides.yaml']];
      if (selection.off?.includes(id)) return [[id, 'turned off for this run']];
      if (selection.only && !selection.only.includes(id)) return [[id, 'not asked for in this run']];
      return [];
    }),
  );
