/**
 * The report as OpenReports (openreports.io/v1alpha1, https://openreports.io), for what reads these: dashboards, Policy Reporter, `kubectl get
 * reports`. A file for `kubectl apply --server-side`, and nothing else: Nightshift itself writes nothing into a cluster.
 */
import { createHash } from 'node:crypto';
import { counted } from './counts.ts';
import type { Report, ReportedConsequence, ReportedFinding } from './model.ts';
import { byText } from './order.ts';
import { objectName } from './wording.ts';

const apiVersion = 'openreports.io/v1alpha1';
type Severity = 'critical' | 'medium' | 'info';
type Outcome = 'pass' | 'fail' | 'warn' | 'error' | 'skip';

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid?: string | undefined;
}

export interface OpenReportResult {
  readonly source: 'nightshift';
  /** The operation. */
  readonly policy: string;
  /** The check. */
  readonly rule: string;
  readonly category: string;
  readonly severity?: Severity;
  readonly result: Outcome;
  /** False for what is in trouble only because of something else. */
  readonly scored: boolean;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly resources?: readonly Resource[];
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** A Report in the namespace of the objects that it is about, or the ClusterReport of all else. */
export interface OpenReport {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'Report' | 'ClusterReport';
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly source: 'nightshift';
  readonly scope?: Pick<Resource, 'apiVersion' | 'kind' | 'name'>;
  readonly summary: Readonly<Record<Outcome, number>>;
  readonly results: readonly OpenReportResult[];
}

/**
 * Of one object’s results as JSON, in bytes. etcd takes objects of 1.5 MB; but kubectl apply without --server-side keeps a copy in an annotation,
 * and all annotations of an object together end at 256 KiB.
 */
const budget = 200_000;
/** Of one result; how many there are is told in its properties. */
const listedResources = 50;

const grades = { critical: ['fail', 'critical'], warning: ['warn', 'medium'], info: ['warn', 'info'] } as const satisfies Record<
  ReportedFinding['severity'],
  readonly [Outcome, Severity]
>;

/**
 * The objects: findings and consequences where their objects are; checks that could not run (error), did not apply (skip) or found nothing (pass)
 * in the ClusterReport. More than fit into one are split into numbered ones.
 */
export function openReports(report: Report): OpenReport[] {
  const placed = [
    ...report.findings.flatMap((finding) => [
      { namespace: finding.object.namespace, result: findingResult(report, finding) },
      ...(finding.consequences ?? []).map((consequence) => ({
        namespace: consequence.object.namespace,
        result: consequenceResult(report, finding, consequence),
      })),
    ]),
    ...checkResults(report).map((result) => ({ namespace: undefined, result })),
  ];
  const byNamespace = Map.groupBy(placed, ({ namespace = '' }) => namespace);
  return [...byNamespace]
    .toSorted(([a], [b]) => byText(a, b))
    .flatMap(([namespace, same]) =>
      split(same.map(({ result }) => result)).map((results, index) => openReport(report, namespace, results, index + 1)),
    );
}

/** What kubectl and the API server refuse in YAML, however it is written: kubectl writes it anew. The sources have most of it taken out already. */
const refused = /(?![\t\n])\p{Cc}|[\ufeff\ufffe\uffff]/gu;
const taken = (_: unknown, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed().replaceAll(refused, '') : value);
/** Raw in quotes, YAML 1.1 takes them for a line’s end. */
const lineEnds = /[\u2028\u2029]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`;

/** As YAML, one document an object, each a resource by itself as kubectl, Kustomize, Argo CD and Flux take them. */
export async function renderOpenReports(report: Report): Promise<string> {
  const { stringify } = await import('yaml');
  // Every string quoted, on one line: kubectl reads YAML 1.1, where on, no and 1:30 are none.
  const options = {
    lineWidth: 0,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    aliasDuplicateObjects: false,
    doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY,
  } as const;
  return openReports(report)
    .map((object) => `---\n${stringify(object, taken, options)}`.replaceAll(lineEnds, escaped))
    .join('');
}

const openReport = (report: Report, namespace: string, results: readonly OpenReportResult[], number: number): OpenReport => {
  const { cluster, operation, runId } = report;
  const base = dnsName(`nightshift-${operation}-${cluster}`);
  return {
    apiVersion,
    kind: namespace === '' ? 'ClusterReport' : 'Report',
    metadata: {
      name: number === 1 ? base : `${base}-${number}`,
      ...(namespace !== '' && { namespace }),
      labels: {
        'app.kubernetes.io/managed-by': 'nightshift',
        'nightshift.dev/cluster': labelValue(cluster),
        'nightshift.dev/operation': operation,
        'nightshift.dev/run-id': labelValue(runId),
      },
      annotations: {
        'nightshift.dev/cluster': cluster,
        'nightshift.dev/complete': String(report.complete),
        'nightshift.dev/summary': report.summary.text,
      },
    },
    source: 'nightshift',
    ...(namespace !== '' && { scope: { apiVersion: 'v1', kind: 'Namespace', name: namespace } }),
    summary: summaryOf(results),
    results,
  };
};

const summaryOf = (results: readonly OpenReportResult[]): OpenReport['summary'] => {
  const summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  for (const { result } of results) summary[result] += 1;
  return summary;
};

/** Into parts within the budget; one result never makes a part of more. */
const split = (results: readonly OpenReportResult[]): OpenReportResult[][] => {
  const parts: OpenReportResult[][] = [];
  let room = 0;
  for (const result of results) {
    const size = Buffer.byteLength(JSON.stringify(result)) + 1;
    if (parts.length === 0 || size > room) {
      parts.push([]);
      room = budget;
    }
    parts.at(-1)?.push(result);
    room -= size;
  }
  return parts;
};

const result = (report: Report, rule: string, more: Omit<OpenReportResult, 'source' | 'policy' | 'rule' | 'category' | 'timestamp'>) => ({
  source: 'nightshift' as const,
  policy: report.operation,
  rule,
  category: `${report.operation[0]?.toUpperCase()}${report.operation.slice(1).replaceAll('-', ' ')}`,
  ...more,
  timestamp: timestamp(report.startedAt),
});

const findingResult = (report: Report, finding: ReportedFinding): OpenReportResult => {
  const { check, severity, object, members = [], message } = finding;
  const [outcome, openSeverity] = grades[severity];
  return result(report, check, {
    severity: openSeverity,
    result: outcome,
    scored: true,
    resources: [object, ...members].slice(0, listedResources).map(resource),
    message,
    properties: texts({
      ...finding.details,
      fingerprint: finding.fingerprint,
      change: finding.change,
      since: finding.since,
      startedAt: finding.startedAt,
      raisedFrom: finding.raisedFrom,
      subject: finding.subject,
      remedy: finding.remedy,
      members: members.length > 0 ? members.length : undefined,
      consequences: finding.consequenceCount,
    }),
  });
};

const consequenceResult = (report: Report, cause: ReportedFinding, consequence: ReportedConsequence): OpenReportResult => {
  const [outcome, openSeverity] = grades[consequence.severity];
  return result(report, consequence.check, {
    severity: openSeverity,
    result: outcome,
    scored: false,
    resources: [resource(consequence.object)],
    message: consequence.message,
    properties: texts({
      fingerprint: consequence.fingerprint,
      change: consequence.change,
      since: consequence.since,
      cause: objectName(cause.object),
      causeFingerprint: cause.fingerprint,
      because: consequence.because,
    }),
  });
};

const checkResults = (report: Report): OpenReportResult[] => {
  const findings = report.findings.flatMap(({ check, consequences = [] }) => [
    check,
    ...consequences.map((consequence) => consequence.check),
  ]);
  const found = new Set(findings);
  const incomplete = new Set(report.incomplete.map(({ check }) => check));
  const unignored = report.ignored.some(({ count }) => count > 0) ? ' that is not ignored' : '';
  const whole = (properties: Readonly<Record<string, string>> = {}) => ({ scored: false, properties });
  return [
    ...report.incomplete.map(({ check, reason, remedy }) =>
      result(report, check, { ...whole(texts({ remedy })), result: 'error', message: reason }),
    ),
    ...report.checks
      .filter(({ check }) => !incomplete.has(check) && !found.has(check))
      .map(({ check, ran, objects, reason = 'no reason given' }) =>
        ran
          ? result(report, check, {
              ...whole(),
              result: 'pass',
              message: `found nothing${unignored}${objects > 0 ? ` on ${counted(objects, 'object')}` : ''}`,
            })
          : result(report, check, { ...whole(), result: 'skip', message: reason }),
      ),
  ];
};

const resource = ({ apiVersion: version, kind, namespace, name, uid }: Resource): Resource => ({
  apiVersion: version,
  kind,
  ...(namespace !== undefined && { namespace }),
  name,
  ...(uid !== undefined && { uid }),
});

const timestamp = (time: string): OpenReportResult['timestamp'] => {
  const milliseconds = Date.parse(time);
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
};

const texts = (values: Readonly<Record<string, string | number | boolean | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));

/** What had to be altered gets the beginning of a hash of what it was, so that two names never become one. */
const fitted = (text: string, allowed: string, length: number): string => {
  if (allowed === text && text.length <= length) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return allowed === '' ? hash : `${allowed.slice(0, length - 9)}-${hash}`;
};
const withoutOuterDashes = (text: string): string => text.replace(/^-+|-+$/g, '');

/** A DNS subdomain with room for a number behind it within 253 characters. */
const dnsName = (text: string): string => fitted(text, withoutOuterDashes(text.toLowerCase().replace(/[^a-z0-9-]+/g, '-')), 240);

const labelValue = (text: string): string => fitted(text, withoutOuterDashes(text.replace(/[^A-Za-z0-9-]+/g, '-')), 63);
