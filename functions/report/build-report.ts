import { checkIds } from '../runtime/check-ids.ts';
import { clusterRef, type Finding, type Ref, refKey, type ScanResult } from '../scan/contracts.ts';
import { noScan } from '../scan/no-scan.ts';
import { compare } from './compare.ts';
import { fingerprint } from './fingerprint.ts';
import { fold, type IdentifiedFinding } from './fold.ts';
import { ignoreFindings, type StandingRule } from './ignore.ts';
import { memoryForNextRun } from './memory.ts';
import { clusterAccess, configurationOverrides, type OperationName, type Report, type ReportedFinding } from './model.ts';
import { byName, bySeverity, byText } from './order.ts';
import { summarize } from './summary.ts';

/** Named among the checks where annotations of a kind could not be looked at. */
const ignoreAnnotations = 'ignore-annotations';

const unreachableSubject = 'unreachable';
const wayToCluster = 'The way to the cluster';

export interface RunFacts {
  readonly runId: string;
  readonly operation: OperationName;
  readonly cluster: string;
  readonly source: Report['source'];
  /** RFC 3339: when the run was to start; its place in the store is made of it. */
  readonly eventTime: string;
  /** RFC 3339: when it did. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly kubernetesVersion?: string | undefined;
  /** Ran with the configured options on everything. */
  readonly fullScope: boolean;
}

/** What the report has to know of a check. */
export interface CheckFacts {
  readonly id: string;
  readonly title: string;
  readonly symptom?: true;
  readonly flaps?: true;
}

/** What came of looking for config/overrides.yaml. */
export interface OverridesFacts {
  /** `s3://bucket/config/overrides.yaml`, or a path. */
  readonly file: string;
  /** What counts today: that of the file, or the last good one. */
  readonly inForce?: NonNullable<Report['overrides']>;
  /** Why the file does not count as it is, and what to do. */
  readonly problem?: { readonly message: string; readonly remedy: string };
  /** Why it could not be read. */
  readonly unread?: string;
}

interface Context {
  readonly checks: readonly CheckFacts[];
  readonly ignore: readonly StandingRule[];
  /** Absent where there is no place for overrides. */
  readonly overrides?: OverridesFacts | undefined;
  /** The last report of this operation on this cluster. */
  readonly previous: Report | undefined;
  /** The run's own clock, which ignore rules expire by. */
  readonly today: Date;
}

export interface ReportInput extends Context, Partial<Pick<Report, 'tables' | 'backupSchedules' | 'actions' | 'plan' | 'journal'>> {
  readonly facts: RunFacts;
  readonly scan: ScanResult<Finding>;
  readonly sourceFindings: readonly Finding[];
}

export interface UnreachableInput extends Context {
  readonly facts: Omit<RunFacts, 'source'> & { readonly source?: Report['source'] };
  /** Why nothing could be read; a ClusterError. Neither text holds a credential. */
  readonly error: { readonly message: string; readonly remedy: string };
}

/** Makes the report of a scan: identifies, ignores, folds and compares its findings. The same input in any order gives the same report. */
export function buildReport(input: ReportInput): Report {
  const access = input.facts.source.kind === 'cluster' || input.sourceFindings.length > 0;
  const title = input.facts.source.kind === 'backup' ? 'The way to the backups' : wayToCluster;
  return assemble(input, access ? [{ check: clusterAccess, title, ran: true, objects: 0 }] : []);
}

/**
 * The report of a cluster that could not be reached or that refused us: one critical finding, every check listed as not run, and what the
 * last report had kept as unverified. Ignore rules do not take this finding away, whatever they say, but what is kept.
 */
export function unreachableReport({ error, facts, ...context }: UnreachableInput): Report {
  const reason = 'the cluster could not be read';
  const finding: Finding = {
    object: clusterRef(facts.cluster),
    subject: unreachableSubject,
    severity: 'critical',
    message: error.message,
    remedy: error.remedy,
  };
  const scan = noScan(context.checks.map(({ id }) => ({ id, outcome: 'incomplete', objects: 0, reason, remedy: error.remedy })));
  const source = facts.source ?? ({ kind: 'cluster', name: facts.cluster } as const);
  const input = { ...context, facts: { ...facts, source }, scan, sourceFindings: [finding] };
  return assemble(input, [{ check: clusterAccess, title: wayToCluster, ran: false, objects: 0, reason: error.message }]);
}

/** @param access the entry of cluster-access among the checks, if it has one: not run means that the cluster could not be read. */
function assemble(input: ReportInput, access: Report['checks']): Report {
  const { facts, scan, checks, previous, today } = input;
  const unreachable = access.some(({ ran }) => !ran);
  const ended = (outcome: string) => new Set(scan.observers.filter((observer) => observer.outcome === outcome).map(({ id }) => id));
  const [ran, incomplete] = [ended('ran'), ended('incomplete')];
  for (const { id, deferred, narrowed } of scan.observers) {
    if (deferred || narrowed) ran.delete(id);
    if (deferred) incomplete.add(id);
    if (narrowed) incomplete.delete(id);
  }
  (unreachable ? incomplete : ran).add(clusterAccess);

  const found = [...scan.out.map((finding) => ({ ...finding, check: finding.observer })), ...fromSource(input.sourceFindings)];
  const identified = identify(facts.cluster, found);
  const mutable = unreachable ? [] : identified;
  const { kept, ignored, isIgnored } = ignoreFindings(mutable, input.ignore, {
    labelled: scan.labelled,
    annotated: scan.annotated,
    today,
    // Another operation’s checks too: an annotation may speak of any.
    known: [...new Set([...checks.map(({ id }) => id), ...checkIds])],
    ran,
  });
  // Not before: a rule for everything, or one of the last good overrides, must not hide that the file is broken.
  if (input.overrides) ran.add(configurationOverrides);
  const told = [...(unreachable ? identified : kept), ...identify(facts.cluster, ofOverrides(input.overrides))];
  const folded = fold(told, scan.links, new Set(checks.filter(({ symptom }) => symptom).map(({ id }) => id)));
  const left = new Set(kept.map((finding) => finding.fingerprint));
  // By what it is, too: what a mute of today's members takes away does not fit the members that the last report names.
  const takenAway = new Set(mutable.map((finding) => finding.fingerprint).filter((identity) => !left.has(identity)));
  const { findings, resolved, settling, comparedWith } = compare({
    ...facts,
    folded,
    previous,
    ran,
    incomplete,
    flapping: new Set(checks.filter(({ flaps }) => flaps).map(({ id }) => id)),
    isIgnored: (finding) => takenAway.has(finding.fingerprint) || (!neverMuted(facts.cluster, finding) && isIgnored(finding)),
  });

  const body = {
    scanned: { objects: scan.objects, requests: scan.requests, bytes: scan.bytes },
    findings: findings.toSorted(byGravity),
    resolved: resolved.toSorted(byGravity),
    ...(settling.length > 0 && { settling: settling.toSorted(byGravity) }),
    actions: marked(input.actions ?? [], previous),
    incomplete: scan.observers
      .filter(({ outcome }) => outcome === 'incomplete')
      .map(({ id, reason = 'it could not run', remedy = '' }) => ({ check: id, reason, remedy }))
      .toSorted(byCheck),
    checks: [...access, ...checkList(input)].toSorted(byCheck),
    ignored,
    ...(input.overrides?.inForce && { overrides: input.overrides.inForce }),
    ...(comparedWith && { comparedWith }),
    ...(input.tables && input.tables.length > 0 && { tables: input.tables }),
    ...(input.backupSchedules && { backupSchedules: input.backupSchedules }),
    ...(input.plan && { plan: input.plan }),
    ...(input.journal && { journal: input.journal }),
  };
  const { source, kubernetesVersion, ...run } = facts;
  const summary = summarize(body);
  return {
    schemaVersion: 1,
    ...run,
    source,
    ...(kubernetesVersion !== undefined && { kubernetesVersion }),
    status: summary.critical > 0 ? 'critical' : summary.warning > 0 ? 'degraded' : 'healthy',
    complete: body.incomplete.length === 0 && !unreachable,
    summary,
    ...body,
    memory: memoryForNextRun({ today: scan.memory, previous: previous?.memory ?? {}, checks: checks.map(({ id }) => id), ran }),
  };
}

/** What a plan proposes again, night for night, is nothing new to whoever was told of it. */
const marked = (actions: Report['actions'], previous: Report | undefined): Report['actions'] => {
  const identity = ({ rule, object }: Report['actions'][number]) => `${rule} ${object.uid}`;
  const before = new Set(previous?.actions.filter(({ state }) => state === 'planned').map(identity));
  return actions.map((action) =>
    action.state === 'planned' && !action.outcome ? { ...action, change: before.has(identity(action)) ? 'ongoing' : 'new' } : action,
  );
};

/** What is told whatever is muted is also called resolved, whatever is muted. */
const neverMuted = (cluster: string, { check, fingerprint: identity }: Pick<ReportedFinding, 'check' | 'fingerprint'>): boolean =>
  check === configurationOverrides ||
  identity === fingerprint(cluster, clusterAccess, { object: clusterRef(cluster), subject: unreachableSubject });

const fromSource = (findings: readonly Finding[]) => findings.map((finding) => ({ ...finding, check: clusterAccess }));

/** The one finding about config/overrides.yaml; broken or refused, it is the same one until the file counts again. */
const ofOverrides = (overrides: OverridesFacts | undefined): (Finding & { readonly check: string })[] => {
  if (!overrides?.problem) return [];
  const object: Ref = { apiVersion: 'nightshift.dev/v1', kind: 'File', name: overrides.file };
  return [{ check: configurationOverrides, object, severity: 'warning', ...overrides.problem }];
};

const checkList = ({ checks, scan, overrides }: ReportInput): Report['checks'] => {
  const titles = new Map(checks.map(({ id, title }) => [id, title]));
  const observed = scan.observers.map(({ id, outcome, objects, reason }) => {
    const title = titles.get(id);
    return { check: id, ...(title && { title }), ran: outcome === 'ran', objects, ...(reason !== undefined && { reason }) };
  });
  return [...observed, ...overridesCheck(overrides), ...annotationsCheck(scan)];
};

const overridesCheck = (overrides: OverridesFacts | undefined): Report['checks'] => {
  if (!overrides) return [];
  const { unread } = overrides;
  const title = 'What is laid over the configuration';
  return [{ check: configurationOverrides, title, ran: unread === undefined, objects: 0, ...(unread !== undefined && { reason: unread }) }];
};

/** Only where there is a gap: which findings an annotation would have taken away is then not known, and they are shown. */
const annotationsCheck = ({ annotationsUnseen }: ScanResult<Finding>): Report['checks'] => {
  if (annotationsUnseen.length === 0) return [];
  const reason = annotationsUnseen.map((gap) => `those of kind ${gap.kind} were not seen: ${gap.reason}`).toSorted(byText);
  return [{ check: ignoreAnnotations, title: 'Annotations that mute findings', ran: false, objects: 0, reason: reason.join('; ') }];
};

const byCheck = (a: { readonly check: string }, b: { readonly check: string }): number => byText(a.check, b.check);
const byGravity = (a: ReportedFinding, b: ReportedFinding): number => bySeverity(a, b) || byName(a, b);

/**
 * Gives each finding its identity and its members one order. What one check says twice of the same object and subject becomes one finding:
 * the graver one's words (of equals the first in alphabetical order) with the members of both.
 */
function identify(cluster: string, findings: readonly (Finding & { readonly check: string })[]): IdentifiedFinding[] {
  const byFingerprint = Map.groupBy(findings, (finding) => fingerprint(cluster, finding.check, finding));
  return [...byFingerprint].flatMap(([identity, same]) => {
    const [first] = same.length === 1 ? same : same.toSorted((a, b) => bySeverity(a, b) || byText(JSON.stringify(a), JSON.stringify(b)));
    if (!first) return [];
    const members = inOrder(same.flatMap((finding) => finding.members ?? []));
    return [{ ...first, fingerprint: identity, ...(members.length > 0 && { members }) }];
  });
}

/** Each object once, by key. Of the same object with several uids (it was replaced between two pages) the lowest stays. */
const inOrder = (objects: readonly Ref[]): Ref[] => {
  const keyed = objects.map((object) => ({ key: refKey(object), object }));
  const sorted = keyed.toSorted((a, b) => byText(a.key, b.key) || byText(a.object.uid ?? '', b.object.uid ?? ''));
  return sorted.filter(({ key }, index) => key !== sorted[index - 1]?.key).map(({ object }) => object);
};
