/** How the parts of a report are said, the same in every format. */

import { counted } from './counts.ts';
import type { Report, ReportedFinding } from './model.ts';

/** A reference as the report has it. */
type ObjectName = { readonly kind: string; readonly namespace?: string | undefined; readonly name: string };

/** `Deployment shop/checkout`, `Node ip-10-0-3-17`. */
export const objectName = ({ kind, namespace, name }: ObjectName): string => `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** `2026-11-24 06:00 UTC`; what is no time stays as it is. */
export const pointInTime = (time: string): string => {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
};

/** `3.2 s`, `2 min 5 s`. */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** One word for the whole: the status, but never `healthy` for a report with gaps. */
export const verdictWord = ({ status, complete }: Pick<Report, 'status' | 'complete'>): string =>
  status === 'healthy' && !complete ? 'incomplete' : status;

/** The summary’s sentence beside the verdict’s word, which it then need not repeat. */
export const verdictText = ({ summary }: Pick<Report, 'summary'>): string => summary.text.replace(/^healthy: /, '');

/** `1 Pod`, `2 NetworkPolicies`: how many objects of a kind. */
export const countedKind = (count: number, kind: string): string => {
  const plural = kind.endsWith('ss')
    ? `${kind}es`
    : kind.endsWith('s')
      ? kind
      : /[^aeiou]y$/.test(kind)
        ? `${kind.slice(0, -1)}ies`
        : `${kind}s`;
  return counted(count, kind, plural);
};

/** `60 Pods, 1 Deployment`, the most first. */
export const countedKinds = (objects: readonly { readonly kind: string }[]): string =>
  [...Map.groupBy(objects, ({ kind }) => kind)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([kind, same]) => countedKind(same.length, kind))
    .join(', ');

/** Why it is told today although it is not new: `not verified today`, `raised from warning`, `no longer explained by Node n1`; nothing where it just goes on. */
export const changeNote = ({ change, raisedFrom, formerCause }: ReportedFinding): string =>
  change === 'unverified'
    ? 'not verified today'
    : raisedFrom
      ? `raised from ${raisedFrom}`
      : formerCause
        ? `no longer explained by ${objectName(formerCause)}`
        : '';

/** `new`, `since 2026-11-20 06:00 UTC`, or the note and since when; nothing in a first report, where all is new. */
export const history = (finding: ReportedFinding, { comparedWith }: Pick<Report, 'comparedWith'>): string => {
  if (finding.change === 'new') return comparedWith ? 'new' : '';
  return [changeNote(finding), `since ${pointInTime(finding.since)}`].filter(Boolean).join(', ');
};

/** Of what is settling. */
export const notSeen = 'not seen today, but it may be back';

/** One line of what changed since the last report. */
export interface Change {
  readonly what: 'new' | 'raised' | 'remains' | 'settling' | 'resolved';
  readonly finding: ReportedFinding;
  /** `critical`, `info to warning`, `critical since 2026-11-20 06:00 UTC`. */
  readonly note: string;
}

/**
 * What changed since the last report: new, graver, what is no longer explained by something else (remains), not seen today but not yet called
 * resolved (settling), resolved. Nothing in a first report, where there is nothing to compare with.
 */
export const changesOf = ({ comparedWith, findings, resolved, settling = [] }: Report): Change[] => {
  if (!comparedWith) return [];
  const some = (what: Change['what'], from: readonly ReportedFinding[], note: (finding: ReportedFinding) => string): Change[] =>
    from.map((finding) => ({ what, finding, note: note(finding) }));
  const gone = ({ severity, since, change }: ReportedFinding) =>
    `${severity} since ${pointInTime(since)}${change === 'unverified' ? ', not verified today' : ''}`;
  return [
    ...some(
      'new',
      findings.filter(({ change }) => change === 'new'),
      ({ severity }) => severity,
    ),
    ...some(
      'raised',
      findings.filter(({ raisedFrom }) => raisedFrom),
      ({ raisedFrom, severity }) => `${raisedFrom} to ${severity}`,
    ),
    ...some(
      'remains',
      findings.filter(({ formerCause, raisedFrom }) => formerCause && !raisedFrom),
      ({ severity }) => severity,
    ),
    ...some('settling', settling, gone),
    ...some('resolved', resolved, gone),
  ];
};

/** What is said of an ignore rule beside its reason: where it stands, on what, until when, and what of it is not understood. */
export const ignoredBy = ({ rule, from, until, object, mistake }: Report['ignored'][number]): string => {
  // Most rules say the object and their last day themselves.
  const on = object && !rule.includes(object.name) ? ` on ${objectName(object)}` : '';
  return [from && `${from}${on}`, until && !rule.includes(until) && `until ${until}`, mistake].filter(Boolean).join('; ');
};

/** `config/overrides.yaml, since 2026-11-23 22:10 UTC: ignore rules: 2`; nothing where nothing is laid over. */
export const overridesText = ({ overrides }: Report): string | undefined =>
  overrides && `${overrides.file}, since ${pointInTime(overrides.since)}: ${overrides.says.join('; ') || 'nothing'}`;

const namespacesNamed = 5;
/** `cluster https://prod.example.com`, `cluster https://prod.example.com (only the namespaces shop, payments)`. */
export const sourceName = ({ kind, name, namespaces = [] }: Report['source']): string => {
  const rest = namespaces.length - namespacesNamed;
  const named = `${namespaces.slice(0, namespacesNamed).join(', ')}${rest > 0 ? ` and ${counted(rest, 'more', 'more')}` : ''}`;
  return `${kind} ${name}${namespaces.length === 0 ? '' : ` (only ${namespaces.length === 1 ? 'the namespace' : 'the namespaces'} ${named})`}`;
};

/** Part of a remedy: a sentence, or lines to be copied as they are. */
export interface RemedyPart {
  readonly kind: 'sentence' | 'copy';
  readonly text: string;
}

const tools = 'kubectl|helm|aws|argocd|flux|velero|eksctl|npx|openssl|curl|etcdctl|kubeadm|systemctl|journalctl';
const command = new RegExp(`^(?:${tools})\\s`);
/** Where a command begins or ends within a line: `what is left: kubectl …`, `kubectl …; then look at …`, `helm …, then helm …`. */
const seam = new RegExp(`(?<=:)\\s+(?=(?:${tools})\\s)|;\\s+|,\\s+then\\s+(?=(?:${tools})\\s)`);

/**
 * A remedy’s sentences and what is to be copied: commands, and what follows a first line that ends in a colon (an RBAC rule). Several lines
 * without such a first line are copied whole.
 */
export function remedyParts(remedy: string): RemedyPart[] {
  const lines = remedy.trimEnd().split('\n');
  const [first = '', ...rest] = lines;
  if (rest.length === 0) return lineParts(first);
  if (command.test(first) || !/[:.]\s*$/.test(first)) return [{ kind: 'copy', text: lines.join('\n') }];
  return [...lineParts(first), { kind: 'copy', text: rest.join('\n') }];
}

const lineParts = (line: string): RemedyPart[] => {
  const parts: RemedyPart[] = [];
  for (const text of line.split(seam).filter((part) => part.trim() !== '')) {
    const before = parts.at(-1);
    if (command.test(text)) parts.push({ kind: 'copy', text });
    else if (before?.kind === 'sentence') parts.splice(-1, 1, { kind: 'sentence', text: `${before.text}; ${text}` });
    else parts.push({ kind: 'sentence', text });
  }
  return parts;
};

/** Entries that say the same, as one with all their checks. */
export const sameReason = (incomplete: Report['incomplete']): { checks: string[]; reason: string; remedy: string }[] =>
  [...Map.groupBy(incomplete, ({ reason, remedy }) => JSON.stringify([reason, remedy])).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ checks: same.map(({ check }) => check), reason: first.reason, remedy: first.remedy }] : [];
  });
