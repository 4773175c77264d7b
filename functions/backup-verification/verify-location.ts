/** One backup location: listed and judged, then its newest backups looked into, as far as the time allows. */

import { counted } from '../report/counts.ts';
import type { Storage } from '../report/store/storage.ts';
import type { BackupPlace } from '../runtime/operation.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import { readInventory } from '../velero/inventory/read-inventory.ts';
import { schedulesOf } from '../velero/inventory/schedules.ts';
import { openLocation } from '../velero/store/open-location.ts';
import { type Enabled, isArchiveCheck } from './archives.ts';
import type { LocationFacts } from './contracts.ts';
import type { VerificationRequest } from './request.ts';
import { type Archives, laterOf, lookIntoArchives, roundKey, verifiedBy } from './rounds.ts';
import { noteThrown, nothingSaid, passOf, type Said, type Voice } from './said.ts';
import { type LocationState, prune, readState, writeState } from './state.ts';

export interface LocationRun {
  readonly cluster: string;
  readonly place: BackupPlace;
  readonly facts: ClusterFacts;
  /** The checks that run at this level. */
  readonly checks: readonly Enabled[];
  readonly request: VerificationRequest;
  readonly storage: Storage | undefined;
  readonly now: number;
  /** Not the first of several: its findings are told apart by its name. The first keeps its own when another one is added. */
  readonly isFurther: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: { readonly objects: number; readonly resource: string }) => void) | undefined;
}

/** What one part of the work took. */
export interface Cost {
  readonly what: string;
  readonly requests: number;
  readonly bytes: number;
}

/** Something about the run itself that is to be told: the state could not be read or kept. */
export interface StateTrouble {
  readonly message: string;
  readonly remedy: string;
}

export interface LocationResult {
  readonly location: LocationFacts;
  readonly said: Said;
  readonly costs: readonly Cost[];
  /** Archives that were to be looked into, and those that the time did not suffice for. */
  readonly chosen: readonly string[];
  readonly left: readonly string[];
  /** Schedules that were looked into earlier and have nothing to look into today. */
  readonly unseen: readonly string[];
  /** By backup: when it was last looked into, and what came of it. */
  readonly verified: LocationState['verified'];
  /** Objects seen in archives. */
  readonly objects: number;
  readonly stateTrouble?: StateTrouble;
}

/** A location that was listed and judged; its archives are yet to be looked into. */
export interface Judged {
  readonly run: LocationRun;
  readonly location: LocationFacts;
  readonly state: LocationState;
  readonly voice: Voice;
  readonly costs: Costs;
  /** Checks whose memory is this run’s. */
  readonly remembered: Set<string>;
  stateTrouble?: StateTrouble;
  savedAt: number;
  saveTook: number;
}

/** Throws StoreError where the location cannot be listed, PlaceError where it is none. */
export async function judgeLocation(run: LocationRun): Promise<Judged> {
  const { place, request, signal, storage, cluster, now } = run;
  const { store, object, bucketFacts } = await openLocation(place);
  const { state, lost } = await readState(storage, cluster, store.location);
  const costs = costsOf(store);
  const inventory = await readInventory(store, { known: state.known, signal, ...(run.onProgress && { onProgress: run.onProgress }) });
  costs.add('the listing');
  const bucket = await bucketFacts?.(signal);
  const location: LocationFacts = {
    name: store.location,
    object,
    store,
    topFolders: inventory.topFolders,
    backups: inventory.backups,
    schedules: schedulesOf(inventory.backups, run.facts, store.location, run.now),
    ...(bucket && { bucket }),
    cluster: run.facts,
  };
  state.known = inventory.known;
  prune(state, location.backups, location.schedules, now);
  const said = nothingSaid();
  // A run of less than full scope is no measure of the next.
  const memory = request.isWhole ? state.memory : { ...state.memory };
  const subjectPrefix = run.isFurther ? store.location : '';
  const voice: Voice = {
    ...{ said, location, request, now, signal, memory, subjectPrefix },
    ...(lost !== undefined && { onRecall: forgotten(said, lost) }),
  };
  const judged: Judged = { run, location, state, voice, costs, remembered: new Set(), savedAt: Date.now(), saveTook: 0 };
  if (lost !== undefined) judged.stateTrouble = { message: `what earlier runs kept is lost: ${lost}`, remedy: lostRemedy };
  await lookAtLocation(run.checks, voice);
  costs.add('the bucket’s settings');
  return judged;
}

const lostRemedy = 'it is begun anew, if it can be written; if this comes again, look at who writes that key, and at its right to read';

/** A check that has forgotten what it compares with must not call its findings resolved. */
const forgotten = (said: Said, lost: string) => {
  const told = new Set<string>();
  return (check: string): void => {
    if (told.has(check)) return;
    told.add(check);
    said.unknowns.push({ check, reason: `what it remembered of earlier runs is lost: ${lost}`, remedy: lostRemedy });
  };
};

/** Its archives, and what is kept for the next run. */
export async function lookIntoLocation(judged: Judged): Promise<LocationResult> {
  const { run, location, state, voice, costs } = judged;
  const { checks, request, onProgress } = run;
  const key = roundKey(checks, request);
  const onDone = async () => {
    if (isTimeToSave(judged)) await save(judged, key);
  };
  const wereBegun = new Set(state.begun.keys());
  const archives = await lookIntoArchives({ checks, request, state, voice, onDone, onProgress });
  costs.add(counted(archives.done, 'archive'));
  const verified = noteVerified(archives, judged);
  await save(judged, key);
  const { chosen, left, objects } = archives;
  const isUnseen = ({ name, newestUsable }: LocationFacts['schedules'][number]) => !newestUsable && wereBegun.has(name);
  return {
    ...{ location, said: voice.said, costs: costs.list, chosen, left, verified, objects },
    unseen: request.isNamed || !checks.some(isArchiveCheck) ? [] : location.schedules.filter(isUnseen).map(({ name }) => name),
    ...(judged.stateTrouble && { stateTrouble: judged.stateTrouble }),
  };
}

/** What this report may say was verified. Only what was asked without ifs, and looked at by all checks of the level, is kept. */
function noteVerified(archives: Archives, { run, state, voice }: Judged): LocationState['verified'] {
  const { request } = run;
  if (request.isPartial) return state.verified;
  const verified = request.isHypothetical ? new Map(state.verified) : state.verified;
  for (const [name, now] of verifiedBy(archives, request, voice.said)) verified.set(name, laterOf(verified.get(name), now));
  return verified;
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
type Costs = ReturnType<typeof costsOf>;

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

/** Each time all of it is written, so it is done seldom: what a killed run loses is at most this (ms) of work. */
const savedEvery = 30_000;
const isTimeToSave = ({ savedAt, saveTook }: Judged): boolean => Date.now() - savedAt > Math.max(savedEvery, 20 * saveTook);

/** A state that cannot be kept costs work the next time, and the proof that nothing changed: it is said, and costs no report. */
async function save(judged: Judged, round: string | undefined): Promise<void> {
  const { run, state, remembered } = judged;
  const begun = Date.now();
  try {
    if (run.request.isWhole) for (const { check } of run.checks) remembered.add(check.id);
    await writeState(run.storage, run.cluster, state, { remembered, round });
  } catch (error) {
    const message = `what is to be remembered could not be kept: ${error instanceof Error ? error.message : String(error)}`;
    const remedy = 'may the function write state/ of the report bucket? The next run begins anew, and cannot tell what changed since';
    judged.stateTrouble ??= { message, remedy };
  }
  judged.savedAt = Date.now();
  judged.saveTook = judged.savedAt - begun;
}
