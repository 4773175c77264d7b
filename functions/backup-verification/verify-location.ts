/** One backup location: listed, judged, and its newest backups looked into, as far as the time allows. */
import type { Storage } from '../report/store/storage.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import { openLocation } from '../velero/open-location.ts';
import { readInventory } from '../velero/read-inventory.ts';
import { schedulesOf } from '../velero/schedules.ts';
import { chosenArchives, type Enabled, isArchiveCheck, lookIntoArchive } from './archives.ts';
import type { LocationFacts, Verdict } from './contracts.ts';
import type { Place } from './locations.ts';
import type { VerificationRequest } from './request.ts';
import { addSaid, noteThrown, nothingSaid, passOf, type Said, type Voice } from './said.ts';
import { type ArchiveDone, type LocationState, prune, type Round, readState, writeState } from './state.ts';

export interface LocationRun {
  readonly cluster: string;
  readonly place: Place;
  readonly facts: ClusterFacts;
  /** The checks that run at this level. */
  readonly checks: readonly Enabled[];
  readonly request: VerificationRequest;
  readonly storage: Storage | undefined;
  readonly now: number;
  /** Told apart by it where a cluster has several locations. */
  readonly isOneOfSeveral: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: { readonly objects: number; readonly resource: string }) => void) | undefined;
}

/** What one part of the work took. */
export interface Cost {
  readonly what: string;
  readonly requests: number;
  readonly bytes: number;
}

export interface LocationResult {
  readonly location: LocationFacts;
  readonly said: Said;
  readonly costs: readonly Cost[];
  /** Archives that were to be looked into, and those that the time did not suffice for. */
  readonly chosen: readonly string[];
  readonly left: readonly string[];
  readonly verified: LocationState['verified'];
  /** Objects seen in archives. */
  readonly objects: number;
}

/** Throws StoreError where the location cannot be listed, PlaceError where it is none. */
export async function verifyLocation(run: LocationRun): Promise<LocationResult> {
  const { place, request, signal, storage, cluster, now } = run;
  const { store, object, bucketFacts } = await openLocation(place);
  const { state, lost } = await readState(storage, cluster, store.location);
  const said = nothingSaid();
  const costs = costsOf(store);
  const inventory = await readInventory(store, { known: state.known, signal, ...(run.onProgress && { onProgress: run.onProgress }) });
  costs.add('listing and velero-backup.json');
  const bucket = await bucketFacts?.(signal);
  const location: LocationFacts = {
    name: store.location,
    object,
    store,
    topFolders: inventory.topFolders,
    backups: inventory.backups,
    schedules: schedulesOf(inventory.backups, run.facts, store.location),
    ...(bucket && { bucket }),
    cluster: run.facts,
  };
  state.known = inventory.known;
  prune(state, location.backups);
  if (lost !== undefined) said.marks.push({ backup: '', verdict: 'unknown', what: lost, check: 'state' });
  const subjectPrefix = run.isOneOfSeveral ? store.location : '';
  const voice: Voice = { said, location, request, now, signal, memory: state.memory, subjectPrefix };
  await lookAtLocation(run.checks, voice);
  costs.add('the bucket’s own settings and what else the inventory asked for');
  const archives = await lookIntoArchives(run, state, voice);
  costs.add(`contents of ${archives.done} archives and the files beside them`);
  noteVerified(state, archives, request, said);
  if (!request.isNamed && archives.left.length === 0) state.round = undefined;
  await save(run, state, said);
  const { chosen, left, objects } = archives;
  return { location, said, costs: costs.list, chosen, left, verified: state.verified, objects };
}

function costsOf(store: { traffic(): { readonly requests: number; readonly bytes: number } }) {
  const list: Cost[] = [];
  let before = { requests: 0, bytes: 0 };
  return {
    list,
    add(what: string): void {
      const { requests, bytes } = store.traffic();
      list.push({ what, requests: requests - before.requests, bytes: bytes - before.bytes });
      before = { requests, bytes };
    },
  };
}

async function lookAtLocation(checks: readonly Enabled[], voice: Voice): Promise<void> {
  for (const { check, options } of checks) {
    if (!('look' in check)) continue;
    try {
      await check.look(passOf(check, options, voice));
      voice.said.looked[check.id] = voice.location.backups.length;
    } catch (error) {
      noteThrown(voice.said, check.id, error);
    }
  }
}

interface Archives {
  readonly chosen: readonly string[];
  readonly left: readonly string[];
  /** How many were read in this invocation. */
  readonly done: number;
  readonly objects: number;
  readonly results: ReadonlyMap<string, ArchiveDone>;
}

/** A round that was begun longer ago (ms) than this is begun anew: its first archives say nothing of tonight. */
const roundLasts = 2 * 86_400_000;

/** Goes on with the round that the last invocation left, archive by archive; each is in the state as soon as it is done. */
async function lookIntoArchives(run: LocationRun, state: LocationState, voice: Voice): Promise<Archives> {
  const { checks, request, signal, now } = run;
  const archiveChecks = checks.filter(isArchiveCheck);
  const chosen = archiveChecks.length === 0 ? [] : chosenArchives(voice.location, request);
  const round = roundFor(state, request, now);
  const results = new Map<string, ArchiveDone>();
  const left: string[] = [];
  let [done, objects] = [0, 0];
  for (const backup of chosen) {
    const earlier = round?.done[backup.name];
    const isSame = earlier !== undefined && earlier.etag === (backup.files.contents?.etag ?? '');
    const result = isSame ? earlier : signal.aborted ? undefined : await lookIntoArchive(backup, archiveChecks, voice);
    if (!result) {
      left.push(backup.name);
      for (const { check } of archiveChecks) voice.said.unknowns.push({ check: check.id, backup: backup.name, ...outOfTime });
      continue;
    }
    results.set(backup.name, result);
    addSaid(voice.said, result.said);
    if (isSame) continue;
    done += 1;
    objects += result.objects;
    run.onProgress?.({ objects, resource: backup.name });
    if (round) {
      round.done[backup.name] = result;
      if (chosen.length > 1) await save(run, state, voice.said);
    }
  }
  return { chosen: chosen.map(({ name }) => name), left, done, objects, results };
}

const outOfTime = {
  reason: 'the time budget was spent before its archive was read to the end',
  remedy: 'the next run goes on where this one stopped; give the function more time (deployment.timeoutSeconds) if this comes again',
};

/** Named archives are looked into whatever was done before, and are no part of a round. */
function roundFor(state: LocationState, { isNamed, level }: VerificationRequest, now: number): Round | undefined {
  if (isNamed) return undefined;
  const { round } = state;
  if (round && round.level === level && now - Date.parse(round.startedAt) < roundLasts) return round;
  state.round = { startedAt: new Date(now).toISOString(), level, done: {} };
  return state.round;
}

const worst = (verdicts: readonly Verdict[]): Verdict =>
  (['error', 'unknown', 'warning'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'ok';

/** What is known of the archives that were looked into, for the nights in which they are not. */
function noteVerified(state: LocationState, { results }: Archives, { level }: VerificationRequest, said: Said): void {
  for (const [name, { etag, said: own, end }] of results) {
    const verdicts = [...own.marks.filter(({ backup }) => backup === name), ...said.marks.filter(({ backup }) => backup === name)].map(
      ({ verdict }) => verdict,
    );
    const gaps: Verdict[] = end.whole && own.unknowns.length === 0 ? [] : ['unknown'];
    state.verified[name] = { at: new Date().toISOString(), level, verdict: worst([...verdicts, ...gaps]), etag };
  }
}

/** A state that cannot be kept costs work the next time, and the proof that nothing changed: it is said, and costs no report. */
async function save({ storage, cluster }: LocationRun, state: LocationState, said: Said): Promise<void> {
  try {
    await writeState(storage, cluster, state);
  } catch (error) {
    const what = `what is to be remembered could not be kept: ${error instanceof Error ? error.message : String(error)}`;
    if (!said.marks.some((mark) => mark.what === what)) said.marks.push({ backup: '', verdict: 'unknown', what, check: 'state' });
  }
}
