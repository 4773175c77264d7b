/** Backups by the schedule that made them, with its Schedule where the cluster tells: who decides, and what can be restored from. */
import type { ScheduleFacts } from '../../backup-verification/contracts.ts';
import { listOf, oneLine } from '../../health-check/wire.ts';
import type { Wire } from '../../scan/contracts.ts';
import { type Backup, isFinished, isUsable, startedAt } from '../backup.ts';
import type { ClusterFacts } from '../cluster-facts.ts';
import type { ScheduleObject } from '../kinds.ts';
import { schedulesWritingTo } from './storage-locations.ts';
import { timeZoneOf } from './velero-cron.ts';

/**
 * One for each name of the label velero.io/schedule-name, one without a name for what was made by hand, and one for each Schedule of this location
 * that has no backup here. A backup that begins after `now` decides nothing. `location` (`s3://bucket/prefix`) tells which Schedules those are; without it the backups' own storageLocation does.
 */
export function schedulesOf(
  backups: readonly Backup[],
  cluster: ClusterFacts,
  location?: string,
  now = Number.POSITIVE_INFINITY,
): readonly ScheduleFacts[] {
  const storageLocations = new Set(backups.flatMap(({ metadata }) => metadata?.spec.storageLocation ?? []));
  const objects = schedulesWritingTo(cluster, location, storageLocations);
  const named = new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
  const names = new Set([...named.keys(), ...backups.flatMap(({ metadata }) => metadata?.schedule ?? [])]);
  const groups = Map.groupBy(backups, (backup) => scheduleNameOf(backup, names));
  return [...new Set([...names, ...groups.keys()])].toSorted().map((name) => factsOf(name, groups.get(name) ?? [], named.get(name), now));
}

/** By its label; a backup whose velero-backup.json cannot be had by the name that Velero gives, SCHEDULE-20261124030000. */
function scheduleNameOf({ name, metadata }: Backup, names: ReadonlySet<string>): string {
  if (metadata) return metadata.schedule ?? '';
  const [, schedule] = /^(.+)-\d{14}$/.exec(name) ?? [];
  return schedule !== undefined && names.has(schedule) ? schedule : '';
}

/** Clocks may differ by so much (ms). What is dated later would be the newest for ever, and keep all others from being looked at. */
const clockSkew = 10 * 60_000;

function factsOf(name: string, backups: readonly Backup[], object: Wire<ScheduleObject> | undefined, now: number): ScheduleFacts {
  const newestFirst = backups.toSorted((a, b) => startedAt(b) - startedAt(a));
  const past = newestFirst.filter((backup) => startedAt(backup) <= now + clockSkew);
  const deciding = past.find(isFinished);
  const newestUsable = past.find(isUsable);
  const namespace = object?.metadata?.namespace ?? newestFirst.find(({ metadata }) => metadata)?.metadata?.namespace ?? 'velero';
  return {
    name,
    namespace,
    ...(object && objectFacts(object)),
    backups: newestFirst,
    ...(deciding && { deciding }),
    ...(newestUsable && { newestUsable }),
  };
}

function objectFacts({ metadata, spec, status }: Wire<ScheduleObject>): Partial<ScheduleFacts> {
  const cron = spec?.schedule ?? '';
  const timeZone = timeZoneOf(cron);
  const createdAt = metadata?.creationTimestamp;
  const refused = status?.phase === 'FailedValidation';
  return {
    cron,
    ...(timeZone !== undefined && { timeZone }),
    paused: spec?.paused === true,
    ...(createdAt && { createdAt }),
    ...(refused && {
      problem:
        listOf(status?.validationErrors)
          .map((error) => oneLine(error))
          .join('; ') || 'Velero does not say why',
    }),
  };
}
