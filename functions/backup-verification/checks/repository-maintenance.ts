import * as z from 'zod';
import { hours, inWords, timeOf } from '../../health-check/age.ts';
import { durationOf } from '../../health-check/cron-schedule.ts';
import { because, listOf, textOf } from '../../health-check/wire.ts';
import { refTo, type Wire } from '../../scan/contracts.ts';
import { storageLocationsAt } from '../../velero/inventory/storage-locations.ts';
import { type BackupRepositoryObject, backupRepositories, backupStorageLocations } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck, type LocationFacts } from '../contracts.ts';
import { askCluster } from '../inventory/ask-cluster.ts';

interface Options {
  readonly staleHours: number;
}
type BackupRepository = Wire<BackupRepositoryObject>;

/** The names that this location has in the cluster, and whether Velero may write to it there. */
function namesOf({ cluster, name, backups }: LocationFacts): ReadonlyMap<string, { readonly isReadOnly: boolean }> {
  const at = storageLocationsAt(cluster, name);
  if (at.state === 'read' && at.objects.length > 0)
    return new Map(at.objects.map(({ metadata, spec }) => [metadata?.name ?? '', { isReadOnly: spec?.accessMode === 'ReadOnly' }]));
  return new Map(backups.map(({ metadata }) => [metadata?.spec.storageLocation ?? '', { isReadOnly: false }]));
}

/** A Go duration such as 1h0m0s, in ms; undefined where there is none that can be read. */
const frequencyOf = ({ spec }: BackupRepository): number => {
  const text = textOf(spec?.maintenanceFrequency);
  try {
    return text === undefined ? 0 : durationOf(text);
  } catch {
    return 0;
  }
};

/** What is wrong with its maintenance; Velero keeps the last three runs (pkg/controller/backup_repository_controller.go). */
function maintenanceTrouble(
  repository: BackupRepository,
  staleAfter: number,
  now: number,
): { subject: string; message: string } | undefined {
  const { metadata, status } = repository;
  const since = timeOf(status?.lastMaintenanceTime) ?? timeOf(metadata?.creationTimestamp);
  const recent = listOf(status?.recentMaintenance);
  const allFailed = recent.length >= 2 && recent.every(({ result }) => result === 'Failed');
  const why = because(recent.at(-1)?.result === 'Failed' ? recent.at(-1)?.message : '');
  const frequency = inWords(frequencyOf(repository));
  if (since !== undefined && now - since > staleAfter)
    return { subject: 'stale', message: `its last maintenance was ${inWords(now - since)} ago, expected one each ${frequency}${why}` };
  return allFailed ? { subject: 'failing', message: `its last ${recent.length} maintenance runs failed${why}` } : undefined;
}

interface Trouble {
  readonly repository: BackupRepository;
  readonly subject: string;
  readonly message: string;
  readonly remedy: string;
}

function troubleOf(repository: BackupRepository, isReadOnly: boolean, { options, now }: CheckPass<Options>): Trouble | undefined {
  const { metadata, spec, status } = repository;
  const inVelero = `kubectl -n ${metadata?.namespace ?? 'velero'}`;
  if (status?.phase === 'NotReady') {
    const message = `it is not ready, so no volume of namespace ${spec?.volumeNamespace ?? ''} can be backed up or restored${because(status.message)}`;
    const remedy = `${inVelero} describe backuprepository ${metadata?.name ?? ''}; where its objects in the bucket are gone, delete it: Velero makes it anew`;
    return { repository, subject: 'not ready', message, remedy };
  }
  // Nothing is maintained where nothing may be written, and a new one is not yet there.
  if (status?.phase !== 'Ready' || isReadOnly) return undefined;
  const trouble = maintenanceTrouble(repository, Math.max(hours(options.staleHours), 2 * frequencyOf(repository)), now);
  const remedy = `${inVelero} get jobs -l velero.io/repo-name=${metadata?.name ?? ''}, and the log of the last one; without maintenance the repository only grows`;
  return trouble && { repository, ...trouble, remedy };
}

/** There is one for each namespace with volumes: what holds for more of them has one cause, such as a password or rights that are wrong. */
const mostFindings = 5;

function say(subject: string, troubles: readonly Trouble[], { emit, location }: CheckPass<Options>): void {
  const objectOf = ({ repository }: Trouble) => refTo(backupRepositories, repository.metadata);
  const [first] = troubles;
  if (!first) return;
  if (troubles.length <= mostFindings) {
    for (const trouble of troubles) {
      const { spec } = trouble.repository;
      const details = { repository: `${spec?.repositoryType ?? 'restic'}/${spec?.volumeNamespace ?? ''}/` };
      emit({ object: objectOf(trouble), subject, severity: 'warning', message: trouble.message, remedy: trouble.remedy, details });
    }
    return;
  }
  emit({
    object: location.object,
    subject: `repositories ${subject}`,
    severity: 'warning',
    message: `${troubles.length} repositories are ${subject}; of the first, ${first.repository.metadata?.name ?? ''}: ${first.message}`,
    remedy: first.remedy,
    members: troubles.map(objectOf),
    details: { repositories: troubles.length },
  });
}

export default defineLocationCheck({
  id: 'repository-maintenance',
  title: 'Repositories that are not ready or not maintained',
  why: 'What Velero deletes leaves the bucket only by maintenance: without it the cost grows, indexes pile up and backups get slow and fail in the end.',
  upstream: 'https://velero.io/docs/v1.18/repository-maintenance/',
  level: 'inventory',
  reads: { backupRepositories, backupStorageLocations },
  options: z.strictObject({
    staleHours: z
      .number()
      .min(1)
      .default(48)
      .describe('Report a repository whose last maintenance is older than this (or than twice its own frequency, where that is longer)'),
  }),
  look(pass) {
    const { location } = pass;
    const repositories = askCluster(pass, backupRepositories);
    if (!repositories) return;
    const names = namesOf(location);
    const troubles = repositories.flatMap((repository) => {
      const at = names.get(repository.spec?.backupStorageLocation ?? '');
      return (at && troubleOf(repository, at.isReadOnly, pass)) ?? [];
    });
    for (const [subject, own] of Map.groupBy(troubles, (trouble) => trouble.subject)) say(subject, own, pass);
  },
});
