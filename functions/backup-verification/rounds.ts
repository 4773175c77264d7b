/** Archive after archive, as far as the time goes; the next run of the same kind goes on where this one stopped. */
import { hash } from 'node:crypto';
import type { Backup } from '../velero/backup.ts';
import { chosenArchives, type Enabled, isArchiveCheck, lookIntoArchive } from './archives.ts';
import { type ArchiveCheck, type LocationFacts, levels, type Verdict } from './contracts.ts';
import type { VerificationRequest } from './request.ts';
import { addSaid, type Said, type Voice } from './said.ts';
import type { ArchiveDone, LocationState, Round, Verified } from './state.ts';

export interface ArchivesRun {
  /** The checks that run at this level. */
  readonly checks: readonly Enabled[];
  readonly request: VerificationRequest;
  readonly state: LocationState;
  readonly voice: Voice;
  /** Called after each archive: what is known so far may be kept. */
  readonly onDone: () => Promise<void>;
  readonly onProgress?: ((progress: { readonly objects: number; readonly resource: string }) => void) | undefined;
}

export interface Archives {
  /** Those that were to be looked into, and those for which the time did not suffice. */
  readonly chosen: readonly string[];
  readonly left: readonly string[];
  /** How many were read in this invocation. */
  readonly done: number;
  readonly objects: number;
  readonly results: ReadonlyMap<string, ArchiveDone>;
}

/** What a round is asked: checks, their options, and what the event adds. Undefined where it is none: no archive check, or backups by name. */
export function roundKey(checks: readonly Enabled[], request: VerificationRequest): string | undefined {
  const archiveChecks = checks.filter(isArchiveCheck);
  if (request.isNamed || archiveChecks.length === 0) return undefined;
  const { level, targetVersion = '', namespaceMapping } = request;
  const asked = [archiveChecks.map(({ check, options }) => [check.id, options]), targetVersion, namespaceMapping];
  return `${level}-${hash('sha256', JSON.stringify(asked)).slice(0, 12)}`;
}

export async function lookIntoArchives(run: ArchivesRun): Promise<Archives> {
  const { checks, request, state, voice } = run;
  const archiveChecks = checks.filter(isArchiveCheck);
  const key = roundKey(checks, request);
  const round = key === undefined ? undefined : roundFor(state, key, voice.now);
  const chosen = archiveChecks.length === 0 ? [] : inTurn(chosenArchives(voice.location, request), voice.location, state, round);
  const results = new Map<string, ArchiveDone>();
  const left: string[] = sayUnreadable(run, archiveChecks);
  let [done, objects] = [0, 0];
  for (const backup of chosen) {
    const earlier = resultFor(backup, round);
    const result = earlier ?? (await lookInto(backup, archiveChecks, run));
    if (!result) {
      left.push(backup.name);
      for (const { check } of archiveChecks) voice.said.unknowns.push({ check: check.id, backup: backup.name, ...outOfTime });
      continue;
    }
    results.set(backup.name, result);
    addSaid(voice.said, result.said);
    if (earlier) continue;
    done += 1;
    objects += result.objects;
    round?.done.set(backup.name, result);
    run.onProgress?.({ objects, resource: backup.name });
    await run.onDone();
  }
  if (key !== undefined && left.length === 0) state.rounds.delete(key);
  return { chosen: chosen.map(({ name }) => name), left, done, objects, results };
}

/** Whoever names what is no backup to Velero, or cannot be read as one, must not be told that all is well. Returns their names. */
function sayUnreadable({ request, voice }: ArchivesRun, checks: readonly Enabled<ArchiveCheck>[]): string[] {
  const unreadable = voice.location.backups.filter(({ name, metadata }) => !metadata && request.isNamed?.(name));
  for (const { name: backup, trouble } of unreadable) {
    const reason = trouble?.message ?? 'it has no velero-backup.json: to Velero it is no backup';
    const remedy = trouble?.remedy ?? 'look at what the inventory says of this folder';
    for (const { check } of checks) voice.said.unknowns.push({ check: check.id, backup, reason, remedy });
  }
  return unreadable.map(({ name }) => name);
}

const outOfTime = {
  reason: 'the time budget was spent before its archive was read to the end',
  remedy: 'the next run goes on where this one stopped; give the function more time (deployment.timeoutSeconds) if this comes again',
};

function roundFor({ rounds }: LocationState, key: string, now: number): Round {
  const round = rounds.get(key) ?? { startedAt: new Date(now).toISOString(), done: new Map() };
  rounds.set(key, round);
  return round;
}

/** Of this very tarball. */
function resultFor({ name, files }: Backup, round: Round | undefined): ArchiveDone | undefined {
  const done = round?.done.get(name);
  return done?.etag === (files.contents?.etag ?? '') ? done : undefined;
}

/** Undefined where the time is spent. That it was begun is noted before: one that never ends must not hold up all others every night. */
async function lookInto(backup: Backup, checks: readonly Enabled<ArchiveCheck>[], { state, voice }: ArchivesRun) {
  if (voice.signal.aborted) return undefined;
  state.begun.set(scheduleOf(backup, voice.location), new Date().toISOString());
  return lookIntoArchive(backup, checks, voice);
}

const scheduleOf = (backup: Backup, { schedules }: LocationFacts): string =>
  schedules.find(({ backups }) => backups.includes(backup))?.name ?? '';

/** What was done in this round, and then the schedules whose turn was longest ago: with a new backup every night the last would never be reached. */
function inTurn(chosen: readonly Backup[], location: LocationFacts, { begun }: LocationState, round: Round | undefined): readonly Backup[] {
  const nameOf = new Map(location.schedules.flatMap(({ name, backups }) => backups.map((backup) => [backup, name] as const)));
  const turn = (backup: Backup) => (resultFor(backup, round) ? '' : `1 ${begun.get(nameOf.get(backup) ?? '') ?? ''}`);
  const keyed = chosen.map((backup) => ({ backup, turn: turn(backup) }));
  return keyed.toSorted((a, b) => (a.turn < b.turn ? -1 : a.turn > b.turn ? 1 : 0)).map(({ backup }) => backup);
}

const worst = (verdicts: readonly Verdict[]): Verdict =>
  (['error', 'unknown', 'warning'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'ok';

/** What each of the archives that were looked into proved, by itself and by what the listing says of it today. */
export function verifiedBy({ results }: Pick<Archives, 'results'>, { level }: VerificationRequest, said: Said): Map<string, Verified> {
  const marks = Map.groupBy(said.marks, ({ backup }) => backup);
  return new Map(
    [...results].map(([name, { etag, at, said: own, end }]) => {
      const verdicts = [...(marks.get(name) ?? []), ...own.marks.filter(({ backup }) => backup === name)].map(({ verdict }) => verdict);
      const gaps: Verdict[] = end.whole && own.unknowns.length === 0 ? [] : ['unknown'];
      return [name, { at, level, verdict: worst([...verdicts, ...gaps]), etag }];
    }),
  );
}

/** A run that went less deep takes nothing back that a deeper one found of the same tarball, and makes nothing better. */
export function laterOf(before: Verified | undefined, now: Verified): Verified {
  const isDeeper = before && before.etag === now.etag && levels.indexOf(before.level) > levels.indexOf(now.level);
  if (!isDeeper || before.verdict === 'unknown') return now;
  return { ...before, verdict: worst([before.verdict, now.verdict]) };
}
