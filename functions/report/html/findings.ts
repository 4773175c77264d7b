/** The findings of a report’s page: each for itself, or grouped where there are many, as far as there is room. */
import { html } from 'hono/html';
import { counted, grouped } from '../counts.ts';
import { type Report, type ReportedFinding, severities } from '../model.ts';
import { reportKey } from '../store/report-store.ts';
import { findingArticle } from './finding.ts';
import { findingGroup, type PageFacts } from './group.ts';
import { groupFindings } from './grouping.ts';
import type { Markup } from './parts.ts';
import { type Listed, listOne, type Room, sizeOf } from './room.ts';

export interface FindingsSection {
  readonly markup: Markup;
  /** Does the finding stand on the page? */
  readonly isListed: (finding: ReportedFinding) => boolean;
}

export function findingsSection(report: Report, facts: PageFacts, room: Room): FindingsSection {
  const { findings } = report;
  // Its frame weighs most where nothing fits.
  room.left -= sizeOf(frame(report, [], findings));
  const parts = groupFindings(findings).map((group): Listed<ReportedFinding> => {
    const [finding, ...others] = group.findings;
    return others.length > 0 ? findingGroup(group, facts, room) : listOne(finding, room, (each) => findingArticle(each, facts.first));
  });
  const leftOut = parts.flatMap((part) => part.leftOut);
  const isLeftOut = new Set(leftOut);
  const markups = parts.flatMap(({ markup }) => markup ?? []);
  return { markup: frame(report, markups, leftOut), isListed: (finding) => !isLeftOut.has(finding) };
}

const frame = (
  report: Report,
  markups: readonly Markup[],
  leftOut: readonly ReportedFinding[],
): Markup => html`<section aria-labelledby="findings">
<h2 id="findings" tabindex="-1">Findings <span class="count">${grouped(report.findings.length)}</span></h2>
${leftOutNotice(report, leftOut)}
${markups}
${report.findings.length === 0 && html`<p class="none">${report.actions.length > 0 ? 'None, beside what follows.' : 'Nothing to report.'}</p>`}
</section>`;

const leftOutNotice = (report: Report, leftOut: readonly ReportedFinding[]): Markup | undefined => {
  if (leftOut.length === 0) return undefined;
  const counts = severities.map((severity) => [severity, leftOut.filter((finding) => finding.severity === severity).length] as const);
  const list = counts.filter(([, count]) => count > 0).map(([severity, count]) => `${grouped(count)} ${severity}`);
  return html`<div class="notice incomplete" id="left-out"><h3>${counted(leftOut.length, 'finding')} of ${grouped(report.findings.length)} ${leftOut.length === 1 ? 'is' : 'are'} left out here</h3>
<p>The page lists whole findings, gravest first, until it weighs 3 MB; ${list.join(', ')} did not fit. All of them stand in the report’s JSON, ${reportKey(report)}.json in the report bucket or the state folder; <code>--output json</code> gives it on the command line.</p></div>`;
};
