import type { Report, ReportedFinding } from './model.ts';

export interface ExcerptLimits {
  /** So many findings, the gravest, and so many resolved ones. */
  readonly findings: number;
  /** Of the whole as UTF-8 JSON. */
  readonly bytes: number;
}

/** How many of each list the whole report has beside these. */
export type LeftOut = Readonly<Record<'findings' | 'resolved' | 'incomplete' | 'actions', number> & { settling?: number }>;
/** A report cut to a size. */
export type ReportExcerpt = Omit<Report, 'memory' | 'tables' | 'backupSchedules'> & {
  readonly leftOut: LeftOut;
};

/** Consequences, members and a remedy of one finding can outweigh all others: an excerpt gives a few, and consequenceCount tells how many. */
const listed = 20;

const shorten = (finding: ReportedFinding): ReportedFinding => ({
  ...finding,
  ...(finding.members && { members: finding.members.slice(0, listed) }),
  ...(finding.consequences && { consequences: finding.consequences.slice(0, listed) }),
});

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value)) + 1;

/**
 * The report within limits, for events and answers that hold only so much. Cut by whole findings, the mildest first, never within one
 * except for its lists; without its tables, and without what checks remember, which is nobody else’s business.
 */
export function excerpt(
  { memory: _memory, tables: _tables, backupSchedules: _schedules, settling: allSettling, ...report }: Report,
  limits: ExcerptLimits,
): ReportExcerpt {
  const nothing = {
    findings: report.findings.length,
    resolved: report.resolved.length,
    incomplete: report.incomplete.length,
    actions: report.actions.length,
    ...(allSettling && { settling: allSettling.length }),
  };
  const empty = { findings: [], resolved: [], incomplete: [], actions: [], ...(allSettling && { settling: [] }) };
  let room = limits.bytes - sizeOf({ ...report, ...empty, leftOut: nothing });
  const fit = <T>(items: readonly T[]): T[] =>
    items.filter((item) => {
      const size = sizeOf(item);
      if (size > room) return false;
      room -= size;
      return true;
    });
  const findings = fit(report.findings.slice(0, limits.findings).map(shorten));
  const incomplete = fit(report.incomplete);
  const actions = fit(report.actions);
  const resolved = fit(report.resolved.slice(0, limits.findings).map(shorten));
  const settling = allSettling && fit(allSettling.slice(0, limits.findings).map(shorten));
  return {
    ...report,
    findings,
    resolved,
    incomplete,
    actions,
    ...(settling && { settling }),
    leftOut: {
      findings: nothing.findings - findings.length,
      resolved: nothing.resolved - resolved.length,
      incomplete: nothing.incomplete - incomplete.length,
      actions: nothing.actions - actions.length,
      ...(allSettling && settling && { settling: allSettling.length - settling.length }),
    },
  };
}
