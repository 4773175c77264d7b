/** A run of backup verification: the cluster asked where it can be, then one location after another. */
import { isClusterError } from '../cluster/cluster-error.ts';
import type { BackupPlace, Look, Looked } from '../runtime/operation.ts';
import { firstOf } from '../runtime/select-clusters.ts';
import type { Finding, ObserverEnd, ScanResult, Source } from '../scan/contracts.ts';
import { openWithinBudget } from '../scan/look-at-objects.ts';
import { readsOf } from '../scan/reads-of.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import { allowedAge } from '../velero/inventory/backup-rhythm.ts';
import { backupStorageLocations, veleroBackups, veleroSchedules } from '../velero/kinds.ts';
import { clusterTrouble, noCluster, readClusterFacts } from '../velero/read-cluster-facts.ts';
import { StoreError } from '../velero/store/object-store.ts';
import { type Enabled, isArchiveCheck } from './archives.ts';
import type { OperationCheck } from './contracts.ts';
import { placeName, placesOf } from './locations.ts';
import { isWithin, type VerificationRequest, verificationRequest } from './request.ts';
import { addSaid, nothingSaid, type Said } from './said.ts';
import { backupTables, carriedLines, costTable, scheduleLines } from './tables.ts';
import { type Judged, judgeLocation, type LocationResult, lookIntoLocation } from './verify-location.ts';

/** A location that could not be listed. */
interface Unlisted {
  /** As the location itself would be called. */
  readonly name: string;
  readonly place: BackupPlace;
  readonly error: StoreError;
}

/** Throws ClusterError where nothing says where the backups lie. */
export async function verifyBackups(checks: readonly OperationCheck[], look: Look): Promise<Looked> {
  const request = verificationRequest(look.own, checks);
  const enabled = checks
    .filter((check) => look.off[check.id] === undefined && isWithin(check, request.level))
    .map((check): Enabled => ({ check, options: check.options.parse(look.options[check.id] ?? {}) }));
  const { facts, source } = await clusterFacts(look, enabled);
  try {
    const now = Date.now();
    const judged: Judged[] = [];
    const unlisted: Unlisted[] = [];
    for (const [index, place] of placesOf(look.backups, facts).entries()) {
      const run = { cluster: look.cluster, place, facts, checks: enabled, request, storage: look.state, now, signal: look.signal };
      try {
        judged.push(await judgeLocation({ ...run, isFurther: index > 0, onProgress: look.onProgress }));
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        unlisted.push({ name: placeName(place), place, error });
      }
    }
    // All are listed before any archive is opened, so that one with many archives does not hide the others.
    const results: LocationResult[] = [];
    for (const location of judged.toSorted(byTurn)) results.push(await lookIntoLocation(location));
    results.sort((a, b) => placeIn(judged, a) - placeIn(judged, b));
    return lookedAt({ checks, enabled, look, request, facts, results, unlisted, now, source });
  } finally {
    await source?.close();
  }
}

const placeIn = (judged: readonly Judged[], { location }: LocationResult): number => judged.findIndex((each) => each.location === location);

/** Whose archives were looked at longest ago comes first. */
const byTurn = (a: Judged, b: Judged): number => {
  const latest = ({ state }: Judged) => [...state.begun.values()].reduce((last, at) => (at > last ? at : last), '');
  const [ofA, ofB] = [latest(a), latest(b)];
  return ofA < ofB ? -1 : ofA > ofB ? 1 : 0;
};

/** How long (ms) the cluster may take to answer: one that hangs must not cost the look at its backups. */
const clusterTime = 90_000;

/** What the checks want to know of the cluster; that it cannot be asked is no reason not to look at its backups. */
async function clusterFacts(look: Look, enabled: readonly Enabled[]): Promise<{ readonly facts: ClusterFacts; readonly source?: Source }> {
  if (!look.open) {
    const remedy = 'say how the cluster is reached, if it is there: eks or kubeconfig in nightshift.yaml';
    return { facts: noCluster('no cluster was asked: only its backups are known', remedy, false) };
  }
  let source: Source | undefined;
  const signal = AbortSignal.any([look.signal, AbortSignal.timeout(clusterTime)]);
  try {
    source = await openWithinBudget({ ...look, signal });
    const reads = enabled.flatMap(({ check, options }) => readsOf(check, options));
    // What location, schedules and the engine itself are told from, whatever checks are on.
    const always = [veleroSchedules, veleroBackups, backupStorageLocations];
    return { source, facts: await readClusterFacts(source, [...always, ...reads], signal) };
  } catch (error) {
    if (!isClusterError(error)) await source?.close();
    return { facts: clusterTrouble(error), ...(source && { source }) };
  }
}

interface Outcome {
  readonly checks: readonly OperationCheck[];
  readonly enabled: readonly Enabled[];
  readonly look: Look;
  readonly request: VerificationRequest;
  readonly facts: ClusterFacts;
  readonly results: readonly LocationResult[];
  readonly unlisted: readonly Unlisted[];
  readonly now: number;
  readonly source: Source | undefined;
}

function lookedAt(outcome: Outcome): Looked {
  const { results, unlisted, facts, now, look, request } = outcome;
  const said = nothingSaid();
  for (const result of results) addSaid(said, result.said);
  const isFound = results.some(({ location }) => location.backups.some(({ name }) => request.isNamed?.(name)));
  const missing: Finding[] = request.named === undefined || isFound || results.length === 0 ? [] : [notFound(request.named, outcome)];
  const states = results.flatMap(stateFinding);
  const carried = unlisted.flatMap(({ name }) => carriedLines(look.previous, name, now));
  return {
    source: { kind: 'backup', name: [...results.map(({ location }) => location.name), ...unlisted.map(({ name }) => name)].join(', ') },
    kubernetesVersion: facts.version,
    scan: scanResult(outcome, said),
    sourceFindings: [...missing, ...unlisted.map(unlistedFinding), ...states, ...(outcome.source?.findings ?? [])],
    tables: [...results.flatMap(backupTables), ...(results.length > 0 ? [costTable(results)] : [])],
    backupSchedules: [...results.flatMap((result) => scheduleLines(result, now, (schedule) => allowedAge(schedule, now))), ...carried],
  };
}

/** The same report as any: what checks said, how each ended, and what it took. */
function scanResult({ checks, enabled, look, request, results, unlisted, source }: Outcome, said: Said): ScanResult<Finding> {
  const running = new Map(enabled.map((each) => [each.check.id, each]));
  const traffic = source?.traffic();
  const taken = results.flatMap(({ costs }) => costs);
  const sum = (of: 'requests' | 'bytes') => taken.reduce((total, cost) => total + cost[of], traffic?.[of] ?? 0);
  return {
    out: said.findings,
    links: said.links,
    ends: [],
    observers: checks.map((check) => {
      const each = running.get(check.id);
      if (!each) return notRun(check, look, request);
      const end = { id: check.id, objects: said.looked[check.id] ?? 0, ...endOf(each, said, results, unlisted) };
      return isArchiveCheck(each) ? { ...end, ...scopeOf(request, results) } : end;
    }),
    memory: {},
    labelled: new Map(look.labels.map((label) => [label, new Set<string>()])),
    annotated: new Map(),
    annotationsUnseen: [],
    objects: results.reduce((total, { location, objects }) => total + location.backups.length + objects, 0),
    requests: sum('requests'),
    bytes: sum('bytes'),
  };
}

function notRun({ id }: OperationCheck, { off }: Look, { level }: VerificationRequest): ObserverEnd {
  const reason = off[id];
  if (reason !== undefined) return { id, outcome: 'not-run', objects: 0, reason };
  return { id, outcome: 'not-run', objects: 0, reason: `this run goes no deeper than ${level}`, deferred: true };
}

/** What an archive check that looked at a part alone no longer says of the rest is not over. */
function scopeOf(
  { isNamed, isHypothetical }: VerificationRequest,
  results: readonly LocationResult[],
): Pick<ObserverEnd, 'deferred' | 'narrowed'> {
  if (isNamed || isHypothetical) return { narrowed: true };
  const isPart = results.some(({ unseen }) => unseen.length > 0) || results.every(({ chosen }) => chosen.length === 0);
  return isPart ? { deferred: true } : {};
}

function endOf(
  enabled: Enabled,
  said: Said,
  results: readonly LocationResult[],
  unlisted: readonly Unlisted[],
): Pick<ObserverEnd, 'outcome' | 'reason' | 'remedy'> {
  const own = said.unknowns.filter(({ check }) => check === enabled.check.id);
  const gaps = [
    ...unlisted.map(({ error }) => ({ reason: error.message, remedy: error.remedy })),
    ...own.map(({ backup, reason, remedy }) => ({ reason: backup === undefined ? reason : `${backup}: ${reason}`, remedy })),
  ];
  if (gaps.length > 0) {
    return {
      outcome: 'incomplete',
      reason: someOf(
        gaps.map(({ reason }) => reason),
        '; ',
      ),
      remedy: someOf(
        gaps.map(({ remedy }) => remedy),
        '\n',
      ),
    };
  }
  const reason = said.notApplicable[enabled.check.id];
  if (reason !== undefined && said.looked[enabled.check.id] === undefined) return { outcome: 'not-run', reason };
  if (isArchiveCheck(enabled) && results.every(({ chosen }) => chosen.length === 0)) return nothingToLookInto(results);
  return { outcome: 'ran' };
}

/** That there is no usable backup is only known where every velero-backup.json could be read. */
function nothingToLookInto(results: readonly LocationResult[]): Pick<ObserverEnd, 'outcome' | 'reason' | 'remedy'> {
  const unread = results.flatMap(({ location }) => location.backups.filter(({ trouble }) => trouble?.unknown));
  const [first] = unread;
  if (!first?.trouble) return { outcome: 'not-run', reason: 'there is no usable backup to look into' };
  const which = firstOf(
    unread.map(({ name }) => name),
    1,
  );
  return {
    outcome: 'incomplete',
    reason: `whether ${which} can be looked into is not known: ${first.trouble.message}`,
    remedy: first.trouble.remedy,
  };
}

const someOf = (texts: readonly string[], separator: string): string => {
  const unique = [...new Set(texts)].filter(Boolean);
  return [...unique.slice(0, 5), ...(unique.length > 5 ? [`and ${unique.length - 5} more`] : [])].join(separator);
};

function unlistedFinding({ name, place, error }: Unlisted): Finding {
  const kind = 'place' in place && !/^s3:/i.test(place.place) ? 'File' : 'Bucket';
  return {
    object: { apiVersion: 'nightshift.dev/v1', kind, name },
    subject: 'unlisted',
    severity: 'critical',
    message: `the backups in it could not be listed, and nothing is known of them tonight: ${error.message}`,
    remedy: error.remedy,
  };
}

const stateFinding = ({ location, stateTrouble }: LocationResult): Finding[] =>
  stateTrouble ? [{ object: location.object, subject: 'state', severity: 'warning', ...stateTrouble }] : [];

/** Whoever names a backup that is not there must not be told that all is well. */
function notFound(named: string, { results, unlisted }: Outcome): Finding {
  const names = results.flatMap(({ location }) => location.backups.map(({ name }) => name));
  const there = names.length === 0 ? 'there is none' : `there are ${firstOf(names, 5)}`;
  const where = [...results.map(({ location }) => location.name), ...unlisted.map(({ name }) => `nor is it known of ${name}`)].join(', ');
  return {
    object: { apiVersion: 'velero.io/v1', kind: 'Backup', name: named },
    subject: 'not found',
    severity: 'critical',
    message: `no backup of this name is in ${where}; ${there}`,
    remedy: 'look at the name: velero backup get',
  };
}
