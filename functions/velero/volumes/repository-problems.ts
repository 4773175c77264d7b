/** What a restore from a repository would run into, by what its listing tells. Pure. */
import type { KopiaRepository, Repository, RepositoryFile, ResticRepository, Some } from './read-repositories.ts';

export interface RepositoryProblems {
  /** There is nothing at all. */
  readonly missing: boolean;
  /** Restores from it fail, wholly or in part; each with its key, expected and found. */
  readonly damage: readonly string[];
  /** Odd, and no reason to fail. */
  readonly oddities: readonly string[];
  readonly unknown: readonly { readonly reason: string; readonly remedy: string }[];
}

/** `snapshotIds`: which snapshots backups claim to have there. kopia’s lie encrypted in its packs: a listing cannot show them. `bytes`: how much they moved there. */
export function repositoryProblems(repository: Repository, snapshotIds: readonly string[], bytes = 0): RepositoryProblems {
  const nothing = { missing: true, damage: [], oddities: [], unknown: [] };
  if (repository.objects === 0) return nothing;
  const { empty, archived } = repository;
  const own = repository.type === 'kopia' ? kopiaProblems(repository, bytes) : resticProblems(repository, snapshotIds);
  return {
    missing: false,
    damage: [...own.damage, ...(empty.count > 0 ? [`${empty.count} of its objects have no bytes: ${someOf(empty)}`] : [])],
    oddities: own.oddities,
    unknown: [
      ...own.unknown,
      ...(archived.count > 0
        ? [
            {
              reason: `${archived.count} objects of ${repository.folder} are archived and cannot be read now: ${someOf(archived)}`,
              remedy: 'bring them back (aws s3api restore-object) and end the lifecycle rule that archives repositories',
            },
          ]
        : []),
    ],
  };
}

const someOf = ({ count, keys }: Some): string => `${keys.join(', ')}${count > keys.length ? ` and ${count - keys.length} more` : ''}`;

type Own = Omit<RepositoryProblems, 'missing'>;

function kopiaProblems(
  { folder, format, initialised, hasBlobSettings, packs, metadataPacks, indexes }: KopiaRepository,
  bytes: number,
): Own {
  const unknown = [format, initialised].flatMap((file) =>
    file.state === 'unknown' ? [{ reason: file.message, remedy: file.remedy }] : [],
  );
  return {
    damage: [
      ...(format.state === 'absent' ? [`${folder}kopia.repository is missing: the repository cannot be opened`] : []),
      ...[format, initialised].flatMap((file) => (file.state === 'damaged' ? [file.message] : [])),
      ...sameId(folder, format, initialised),
      ...(metadataPacks === 0 ? [`${folder} has no q blob: the folders and the snapshots' manifests are gone`] : []),
      // Folders and empty files need none.
      ...(packs === 0 && bytes > 0
        ? [`${folder} has no p blob: the files' content is gone, of which this backup moved ${bytes} bytes`]
        : []),
      ...(indexes === 0 ? [`${folder} has no index blob (xn, xs, xr or n): nothing in its packs can be found`] : []),
    ],
    // kopia itself goes on without it (repo/format/format_manager.go).
    oddities: hasBlobSettings ? [] : [`${folder}kopia.blobcfg is missing, which every repository of kopia 0.10 or newer has`],
    unknown,
  };
}

type UniqueId = RepositoryFile<{ readonly uniqueId: string }>;
/** Velero refuses it where they differ (pkg/repository/udmrepo/kopialib/repo_init.go, GetRepositoryStatus). */
const sameId = (folder: string, format: UniqueId, initialised: UniqueId): readonly string[] =>
  format.state === 'read' && initialised.state === 'read' && format.uniqueId !== initialised.uniqueId
    ? [`${folder}udmrepo.Repository belongs to repository ${initialised.uniqueId}, kopia.repository to ${format.uniqueId}`]
    : [];

function resticProblems({ folder, hasConfig, keys, indexes, packs, snapshots }: ResticRepository, snapshotIds: readonly string[]): Own {
  const gone = snapshotIds.filter((id) => !snapshots.some((name) => name.startsWith(id)));
  const names = gone.slice(0, 5).join(', ');
  return {
    damage: [
      ...(hasConfig ? [] : [`${folder}config is missing: the repository cannot be opened`]),
      ...(keys > 0 ? [] : [`${folder}keys/ is empty: no password opens the repository any more`]),
      ...(indexes > 0 ? [] : [`${folder}index/ is empty: nothing in its packs can be found`]),
      ...(packs > 0 ? [] : [`${folder}data/ is empty: the files' content is gone`]),
      ...(gone.length > 0 ? [`${gone.length} of ${snapshotIds.length} claimed snapshots are not in ${folder}snapshots/: ${names}`] : []),
    ],
    oddities: [],
    unknown: [],
  };
}
