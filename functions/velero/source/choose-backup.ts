/** Which backup of a location is to be read: the one that is named, or the newest that would restore. */
import { ClusterError, type ClusterErrorKind } from '../../cluster/cluster-error.ts';
import { type Backup, isUsable } from '../backup.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import type { ObjectStore, StoreError, StoreErrorReason } from '../store/object-store.ts';

export interface ChosenBackup {
  readonly backup: Backup;
  /** Newer ones that are not usable yet, or never will be. */
  readonly passedOver: readonly Backup[];
}

/**
 * Lists the location, or the one backup's folder where it is named. Throws ClusterError: there is no such backup, none
 * is usable; StoreError where the location cannot be listed.
 */
export async function chooseBackup(store: ObjectStore, name: string | undefined, signal: AbortSignal): Promise<ChosenBackup> {
  const { backups } = await readInventory(name === undefined ? store : onlyBackup(store, name), { known: undefined, signal });
  if (name !== undefined) return { backup: named(store, name, backups), passedOver: [] };
  const index = backups.findIndex(isUsable);
  const backup = backups[index];
  if (!backup) throw noneUsable(store, backups);
  return { backup, passedOver: backups.slice(0, index) };
}

/** The location with nothing in it but this backup: of ten thousand only its own file is read. */
const onlyBackup = (store: ObjectStore, name: string): ObjectStore => ({
  ...store,
  list: (_, signal) => store.list(`backups/${name}/`, signal),
});

function named({ location }: ObjectStore, name: string, backups: readonly Backup[]): Backup {
  const backup = backups.find((each) => each.name === name);
  if (!backup)
    throw new ClusterError(
      'configuration',
      `there is no backup ${name} in ${location}`,
      'leave #NAME out for the newest, or see what is there: nightshift backup-verification --level inventory',
    );
  if (isUsable(backup) || isTarballAlone(backup)) return backup;
  throw new ClusterError('configuration', `the backup ${name} is not usable: ${whyUnusable(backup)}`, verify(location, name));
}

/** As `velero backup download` gives it: nothing says what was left out of it. */
export const isTarballAlone = ({ files, metadata, trouble }: Backup): boolean =>
  !metadata && !trouble && Object.keys(files).join() === 'contents' && (files.contents?.size ?? 0) > 0;

function noneUsable({ location }: ObjectStore, backups: readonly Backup[]): ClusterError {
  const [newest] = backups;
  const remedy = 'is it the right place? It holds a folder backups/, as Velero lays it out';
  if (!newest) return new ClusterError('not-found', `there is no backup in ${location}`, remedy);
  const message = `none of the ${backups.length} backups in ${location} is usable; the newest, ${newest.name}: ${whyUnusable(newest)}`;
  return new ClusterError('not-found', message, verify(location));
}

/** In words for people. */
export function whyUnusable({ metadata, trouble, files }: Backup): string {
  if (trouble) return trouble.message;
  if (!metadata) return 'it has no velero-backup.json';
  if (!files.contents) return 'it has no tarball';
  if (files.contents.size === 0) return 'its tarball is empty';
  return `Velero says ${metadata.phase || 'nothing of its phase'}`;
}

/** The command that tells what is wrong with a backup. */
export const verify = (location: string, name?: string): string =>
  `see what is wrong with it: nightshift backup-verification --backup ${location}${name === undefined ? '' : `#${name}`}`;

const kinds: Readonly<Record<StoreErrorReason, ClusterErrorKind>> = {
  missing: 'not-found',
  denied: 'forbidden',
  key: 'forbidden',
  'customer-key': 'forbidden',
  archived: 'forbidden',
  throttled: 'server-error',
  budget: 'aborted',
  changed: 'server-error',
  'too-large': 'too-large',
  location: 'configuration',
  unreachable: 'unreachable',
};

/** What cannot be had of a location, as a cluster that cannot be reached. */
export const storeTrouble = (error: StoreError): ClusterError =>
  new ClusterError(kinds[error.reason], error.message, error.remedy, { cause: error });
