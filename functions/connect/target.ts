import type { ClusterAccess } from '../cluster/open-cluster.ts';
import type { OperationName } from '../report/model.ts';
import type { BackupLocation, OperationOptions } from '../runtime/configuration.ts';

/** One cluster to connect to. */
export interface ConnectTarget {
  readonly cluster: string;
  /** Absent: it has its backups alone. */
  readonly access?: ClusterAccess;
  readonly backups: readonly BackupLocation[];
  /** The options of an operation, already laid for this cluster: checks that are turned off need no rights. */
  readonly optionsOf: (operation: OperationName) => OperationOptions;
}
