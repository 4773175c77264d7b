/** Backups as sources, and what checks say of them, in lines to compare. */
import { checks } from '../../functions/health-check/checks/index.ts';
import { type Finding, type Observer, type Read, refKey, type ScanResult, type Source } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { openBackupIn } from '../../functions/velero/source/source-backup.ts';
import { type MemoryOptions, memoryObjectStore } from './memory-object-store.ts';
import { type Planted, type PlantedBackup, plantedBackup } from './planted-backup.ts';

export const signal = AbortSignal.timeout(300_000);

export const opened = async (backup: PlantedBackup, options?: MemoryOptions): Promise<Source> =>
  openBackupIn(memoryObjectStore(await plantedBackup(backup), options), { signal });

/** All health checks over it. */
export const scanned = (source: Source, own: readonly Observer<Finding>[] = checks): Promise<ScanResult<Finding>> =>
  scan(source, own, { signal });

const isPlanted = (object: object): object is Planted['object'] => 'apiVersion' in object && 'kind' in object && 'metadata' in object;

/** Objects of one kind under its plural. */
export const planted = (resource: string, ...objects: readonly object[]): readonly Planted[] =>
  objects.filter(isPlanted).map((object) => ({ resource, object }));

/** How one check ended: `ran 3`, `not-run 0 the backup holds no ...`. */
export const endOf = ({ observers }: ScanResult<Finding>, id: string): string => {
  const end = observers.find((each) => each.id === id);
  return `${end?.outcome} ${end?.objects} ${end?.reason ?? ''}`.trim();
};

/** What is said, in an order of its own. */
export const said = ({ out }: ScanResult<Finding>): readonly string[] =>
  out
    .map(({ observer, object, severity, subject, message }) => `${observer} ${severity} ${refKey(object)} ${subject ?? ''} ${message}`)
    .toSorted();

/** What a source says of one read. */
export const readOne = async (source: Source, read: Read) => {
  const objects: unknown[] = [];
  for await (const each of source.read([read], signal)) {
    if (!('state' in each)) objects.push(...each.objects);
    else
      return {
        objects,
        state: each.state,
        counted: each.objects,
        why: 'message' in each ? each.message : 'reason' in each ? each.reason : '',
      };
  }
  throw new Error('the source ended without an end');
};
