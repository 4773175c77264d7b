/** One Velero backup as a source: what the cluster was when it was backed up, from its archive alone. */
import { clusterScoped, isCustomGroup } from '../../cluster/kinds.ts';
import { pointInTime } from '../../report/wording.ts';
import type { BackupLocation } from '../../runtime/configuration.ts';
import { type Batch, type End, type FailureReason, NotApplicable, type Read, type Source } from '../../scan/contracts.ts';
import { onlyThese } from '../../scan/within-namespaces.ts';
import { groupResource } from '../archive/archive-path.ts';
import { type Backup, type LabelSelector, startedAt } from '../backup.ts';
import { type ObjectStore, StoreError, type StoreErrorReason } from '../store/object-store.ts';
import { type GivenPlace, openLocation } from '../store/open-location.ts';
import { archiveBatches } from './archive-batches.ts';
import { archiveGaps, type GapOf } from './archive-gaps.ts';
import { type Definition, type Tallies, tallies } from './archive-tallies.ts';
import { chooseBackup, isTarballAlone, storeTrouble, verify, whyUnusable } from './choose-backup.ts';
import { firstMemberTime } from './first-member-time.ts';
import { holdsNamespace, type KindNames, namedNamespaces, whyNotHeld } from './held-kinds.ts';
import { type LostItems, lostItems } from './lost-items.ts';

export interface BackupToOpen {
  /** Which of the location's backups; the newest that is usable unless told. */
  readonly name?: string | undefined;
  readonly signal: AbortSignal;
  /** Told which one was chosen, in a line for people. */
  readonly onChosen?: (message: string) => void;
}

/**
 * Opens a backup in `place`: a tarball, one backup's folder, a location as a folder or `s3://bucket/prefix`, each with or without `#NAME`. Its
 * archive is read when the source is. Throws PlaceError where the place is none, ClusterError where no backup can be read there.
 */
export async function openBackup(place: BackupLocation | GivenPlace, { name, ...options }: BackupToOpen): Promise<Source> {
  try {
    const { store, backupName } = await openLocation(place);
    return await openBackupIn(store, { ...options, name: name ?? backupName });
  } catch (error) {
    throw error instanceof StoreError ? storeTrouble(error) : error;
  }
}

/** The same in a location that is open. Throws StoreError too. */
export async function openBackupIn(store: ObjectStore, { name, signal, onChosen }: BackupToOpen): Promise<Source> {
  const { backup, passedOver } = await chooseBackup(store, name, signal);
  const now = isTarballAlone(backup) ? await firstMemberTime(store, backup, signal) : startedAt(backup);
  const where = `${store.location}#${backup.name}`;
  onChosen?.(chosen(where, backup, now, passedOver));
  return backupSource({ store, backup, where }, now);
}

interface OpenedArchive {
  readonly store: ObjectStore;
  readonly backup: Backup;
  /** As --backup takes it. */
  readonly where: string;
}

function chosen(where: string, { metadata }: Backup, now: number, passedOver: readonly Backup[]): string {
  const phase = metadata && metadata.phase !== 'Completed' ? `, ${metadata.phase}` : '';
  const [newer] = passedOver;
  const others = newer ? `; newer, but not usable: ${newer.name} (${whyUnusable(newer)})` : '';
  const more = passedOver.length > 1 ? ` and ${passedOver.length - 1} more` : '';
  return `the backup ${where} of ${pointInTime(new Date(now).toISOString())}${phase}${others}${more}`;
}

/**
 * The clock is the backup's start: Velero reads all objects before it writes the first, and the completion may be hours later, when every Lease
 * that was renewed a moment before would look abandoned.
 */
function backupSource(opened: OpenedArchive, now: number): Source {
  const { store, backup, where } = opened;
  const { metadata } = backup;
  const namespaces = metadata && namedNamespaces(metadata.spec);
  const selection = selectionOf(opened);
  return {
    kind: 'backup',
    // A report of last month's backup must not look like one of today.
    name: `${where} of ${pointInTime(new Date(now).toISOString())}`,
    now,
    ...(metadata?.kubernetesVersion !== undefined && { version: metadata.kubernetesVersion }),
    ...(namespaces && { namespaces }),
    ...(selection !== undefined && { selection }),
    read: (reads, signal) => readAll(opened, reads, signal),
    probe: async (path) => {
      throw new NotApplicable(`a backup has no ${path}`);
    },
    traffic: () => store.traffic(),
    close: async () => undefined,
  };
}

const tarballAlone = 'a tarball alone does not say what was left out of it';
const policyMayLeaveOut = (name: string): string => `the backup’s resource policy ${name} may have left objects out`;

/** Why of a kind that is held only some objects may be there. */
function selectionOf({ backup: { metadata } }: OpenedArchive): string | undefined {
  if (!metadata) return tarballAlone;
  const { labelSelector, orLabelSelectors, resourcePolicy } = metadata.spec;
  const selectors = [...(labelSelector ? [labelSelector] : []), ...orLabelSelectors].map(inWords).filter(Boolean);
  if (selectors.length > 0) return `the backup holds only what its labels select: ${selectors.join(' or ')}`;
  return resourcePolicy === undefined ? undefined : policyMayLeaveOut(resourcePolicy);
}

/** As kubectl writes it. */
function inWords({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map((label) => label.join('='));
  const expressions = matchExpressions.map(({ key, operator, values }) =>
    values && values.length > 0 ? `${key} ${operator.toLowerCase()} (${values.join(', ')})` : `${key} ${operator.toLowerCase()}`,
  );
  return [...labels, ...expressions].join(',');
}

async function* readAll(opened: OpenedArchive, reads: readonly Read[], signal: AbortSignal): AsyncGenerator<Batch | End, void, undefined> {
  const wanted: Read[] = [];
  for (const read of reads) {
    const reason = whyOff(opened, namesOf(read), read);
    if (reason === undefined) wanted.push(read);
    else yield { read, objects: 0, state: 'off', reason };
  }
  if (wanted.length === 0) return;
  const seen = tallies(wanted);
  const ended = yield* readArchiveOnce(opened, seen, signal);
  for (const read of wanted) yield endOf(opened, read, seen, ended);
}

/** Why no kind, or this one, came whole out of the archive. */
type Ended = { readonly gapOf: GapOf; readonly lost: LostItems } | { readonly error: StoreError };

/** One pass. What is not the store's doing is thrown. */
async function* readArchiveOnce(
  { store, backup }: OpenedArchive,
  { readersOf }: Tallies,
  signal: AbortSignal,
): AsyncGenerator<Batch, Ended, undefined> {
  const { key = '', etag = '' } = backup.files.contents ?? {};
  try {
    const end = yield* archiveBatches(store.open(key, { signal, etag }), { readersOf, signal });
    return { gapOf: archiveGaps(end), lost: await lostItems(store, backup, signal) };
  } catch (error) {
    if (signal.aborted)
      return {
        error: new StoreError('budget', 'the time budget was spent before the archive was read to its end', 'give the run more time'),
      };
    if (error instanceof StoreError) return { error };
    throw error;
  }
}

/** Whether a kind is held at all, as far as the backup's own words say. */
function whyOff({ backup: { metadata } }: OpenedArchive, names: KindNames, read: Read): string | undefined {
  if (!metadata) return undefined;
  const { spec } = metadata;
  const reason = whyNotHeld(names, spec);
  if (reason !== undefined) return reason;
  if (read.namespace === undefined || holdsNamespace(read.namespace, spec)) return undefined;
  const named = namedNamespaces(spec);
  const why = named ? onlyThese(named) : `the namespace ${read.namespace} is not in the backup`;
  return `${why}; ${groupResource(read)} are read in ${read.namespace}`;
}

const namesOf = (read: Read, definition?: Definition): KindNames => ({
  ...read,
  namespaced: definition?.namespaced ?? !clusterScoped.some(({ group, resource }) => group === read.group && resource === read.resource),
  ...(definition && { shortNames: definition.shortNames }),
});

/** How a read ended whose kind is not left out by what the backup's specification says at first sight. */
function endOf(opened: OpenedArchive, read: Read, seen: Tallies, ended: Ended): End {
  const { backup, where } = opened;
  const { objects, strange } = seen.of(read);
  const name = groupResource(read);
  if ('error' in ended) {
    const { reason, message, remedy } = ended.error;
    return { read, objects, state: 'failed', reason: failureReasons[reason] ?? 'unavailable', message: `${name}: ${message}`, remedy };
  }
  const definition = seen.definitionOf(read);
  const off = definition && whyOff(opened, namesOf(read, definition), read);
  if (off !== undefined) return { read, objects, state: 'off', reason: off };
  const gap = ended.gapOf(read) ?? ended.lost(read, seen.found(read));
  if (gap !== undefined) {
    const remedy = `${verify(where)}, and take another: --backup LOCATION#NAME`;
    return { read, objects, state: 'failed', reason: 'unavailable', message: `${name} in the backup ${backup.name}: ${gap}`, remedy };
  }
  if (strange.size > 0) {
    const reason = `the backup has no ${name} in ${read.versions.join(' or ')} (it holds ${[...strange].toSorted().join(', ')})`;
    return { read, objects, state: 'absent', reason };
  }
  if (seen.found(read) > 0) return { read, objects, state: 'complete' };
  if (isCustomGroup(read.group) && !definition)
    return { read, objects, state: 'absent', reason: `the backup holds no ${name}, nor what defines them` };
  const unsure = whyUnsure(opened);
  return unsure === undefined
    ? { read, objects, state: 'complete' }
    : { read, objects, state: 'off', reason: `the backup holds no ${name}; ${unsure}` };
}

const failureReasons: Readonly<Partial<Record<StoreErrorReason, FailureReason>>> = {
  denied: 'forbidden',
  key: 'forbidden',
  'customer-key': 'forbidden',
  budget: 'budget',
};

/** Why a kind of which there is nothing may have been left out. */
function whyUnsure({ backup: { metadata } }: OpenedArchive): string | undefined {
  if (!metadata) return tarballAlone;
  const { resourcePolicy } = metadata.spec;
  return resourcePolicy === undefined ? undefined : policyMayLeaveOut(resourcePolicy);
}
