/** A run of backup verification: the cluster asked where it can be, then one location after another. */
import { ClusterError, type ClusterErrorKind } from '../cluster/cluster-error.ts';
import type { Look, Looked } from '../runtime/operation.ts';
import type { Finding, ObserverEnd, ScanResult, Source } from '../scan/contracts.ts';
import { openWithinBudget } from '../scan/look-at-objects.ts';
import { readsOf } from '../scan/reads-of.ts';
import { allowedAge } from '../velero/backup-rhythm.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import { backupStorageLocations, veleroBackups, veleroSchedules } from '../velero/kinds.ts';
import { StoreError, type StoreErrorReason } from '../velero/object-store.ts';
import { clusterTrouble, noCluster, readClusterFacts } from '../velero/read-cluster-facts.ts';
import type { Enabled } from './archives.ts';
import { isArchiveCheck } from './archives.ts';
import type { OperationCheck } from './contracts.ts';
import { type Place, placesOf } from './locations.ts';
import { isWithin, type VerificationRequest, verificationRequest } from './request.ts';
import { addSaid, nothingSaid, type Said } from './said.ts';
import { backupTables, costTable, scheduleLines } from './tables.ts';
import { type LocationResult, verifyLocation } from './verify-location.ts';

/** A location that could not be listed. */
interface Unlisted {
  readonly place: Place;
  readonly error: StoreError;
}

/** Throws ClusterError where no location at all could be listed, or none is known. */
export async function verifyBackups(checks: readonly OperationCheck[], look: Look): Promise<Looked> {
  const request = verificationRequest(look.own);
  const enabled = checks
    .filter((check) => look.off[check.id] === undefined && isWithin(check, request.level))
    .map((check): Enabled => ({ check, options: check.options.parse(look.options[check.id] ?? {}) }));
  const { facts, source } = await clusterFacts(look, enabled);
  try {
    const places = placesOf(look.backups, facts);
    const now = Date.now();
    const results: LocationResult[] = [];
    const unlisted: Unlisted[] = [];
    for (const place of places) {
      const run = { cluster: look.cluster, place, facts, checks: enabled, request, storage: look.state, now, signal: look.signal };
      try {
        results.push(await verifyLocation({ ...run, isOneOfSeveral: places.length > 1, onProgress: look.onProgress }));
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        unlisted.push({ place, error });
      }
    }
    return lookedAt({ checks, enabled, look, request, facts, results, unlisted, now, traffic: source?.traffic() });
  } finally {
    await source?.close();
  }
}

/** What the checks want to know of the cluster; that it cannot be asked is no reason not to look at its backups. */
async function clusterFacts(look: Look, enabled: readonly Enabled[]): Promise<{ readonly facts: ClusterFacts; readonly source?: Source }> {
  if (!look.open) {
    const remedy = 'say how the cluster is reached, if it is there: eks or kubeconfig in nightshift.yaml';
    return { facts: noCluster('no cluster was asked: only its backups are known', remedy, false) };
  }
  try {
    const source = await openWithinBudget(look);
    const reads = enabled.flatMap(({ check, options }) => readsOf(check, options));
    // What location, schedules and the engine itself are told from, whatever checks are on.
    const always = [veleroSchedules, veleroBackups, backupStorageLocations];
    return { source, facts: await readClusterFacts(source, [...always, ...reads], look.signal) };
  } catch (error) {
    return { facts: clusterTrouble(error) };
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
  readonly traffic: ReturnType<Source['traffic']> | undefined;
}

function lookedAt(outcome: Outcome): Looked {
  const { results, unlisted, facts, now } = outcome;
  const [first] = unlisted;
  if (results.length === 0 && first) throw new ClusterError(clusterErrorKind[first.error.reason], first.error.message, first.error.remedy);
  const said = nothingSaid();
  for (const result of results) addSaid(said, result.said);
  const requested = outcome.request.named;
  const isFound = results.some(({ location }) => location.backups.some(({ name }) => outcome.request.isNamed?.(name)));
  const missing: Finding[] = requested === undefined || isFound ? [] : [notFound(requested, results)];
  return {
    source: { kind: 'backup', name: results.map(({ location }) => location.name).join(', ') },
    kubernetesVersion: facts.version,
    scan: scanResult(outcome, said),
    sourceFindings: [...missing, ...unlisted.map(unlistedFinding)],
    tables: [...results.flatMap(backupTables), costTable(results)],
    backupSchedules: results.flatMap((result) => scheduleLines(result, now, (schedule) => allowedAge(schedule, now))),
  };
}

/** The same report as any: what checks said, how each ended, and what it took. */
function scanResult({ checks, enabled, look, request, results, unlisted, traffic }: Outcome, said: Said): ScanResult<Finding> {
  const running = new Map(enabled.map((each) => [each.check.id, each]));
  const taken = results.flatMap(({ costs }) => costs);
  const sum = (of: 'requests' | 'bytes') => taken.reduce((total, cost) => total + cost[of], traffic?.[of] ?? 0);
  return {
    out: said.findings,
    links: said.links,
    ends: [],
    observers: checks.map((check) => {
      const each = running.get(check.id);
      if (!each) return notRun(check, look, request);
      return { id: check.id, objects: said.looked[check.id] ?? 0, ...endOf(each, said, results, unlisted) };
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

function endOf(
  enabled: Enabled,
  said: Said,
  results: readonly LocationResult[],
  unlisted: readonly Unlisted[],
): Pick<ObserverEnd, 'outcome' | 'reason' | 'remedy' | 'deferred'> {
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
  if (isArchiveCheck(enabled) && results.every(({ chosen }) => chosen.length === 0))
    return { outcome: 'not-run', reason: 'there is no usable backup to look into', deferred: true };
  return { outcome: 'ran' };
}

const someOf = (texts: readonly string[], separator: string): string => {
  const unique = [...new Set(texts)].filter(Boolean);
  return [...unique.slice(0, 5), ...(unique.length > 5 ? [`and ${unique.length - 5} more`] : [])].join(separator);
};

const placeName = (place: Place): string =>
  'place' in place ? place.place : `s3://${[place.bucket, place.prefix].filter(Boolean).join('/')}`;

function unlistedFinding({ place, error }: Unlisted): Finding {
  return {
    object: { apiVersion: 'nightshift.dev/v1', kind: 'Bucket', name: placeName(place) },
    subject: 'unlisted',
    severity: 'critical',
    message: `the backups in it are not known: ${error.message}`,
    remedy: error.remedy,
  };
}

/** Whoever names a backup that is not there must not be told that all is well. */
function notFound(named: string, results: readonly LocationResult[]): Finding {
  const names = results.flatMap(({ location }) => location.backups.map(({ name }) => name));
  const there =
    names.length === 0
      ? 'there is none'
      : `there are ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
  return {
    object: { apiVersion: 'velero.io/v1', kind: 'Backup', name: named },
    subject: 'not found',
    severity: 'critical',
    message: `no backup of this name is in ${results.map(({ location }) => location.name).join(', ')}; ${there}`,
    remedy: 'look at the name: velero backup get',
  };
}

const clusterErrorKind: Readonly<Record<StoreErrorReason, ClusterErrorKind>> = {
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
