/** What is different from the last report: what is new or graver, what is resolved, and what is on its way to be. */
import { html } from 'hono/html';
import { counted } from '../counts.ts';
import type { Report, ReportedFinding } from '../model.ts';
import { countedKind } from '../wording.ts';
import { anchor } from './finding.ts';
import { headline, type PageFacts } from './group.ts';
import { byWeight, type FindingGroup, groupFindings } from './grouping.ts';
import { beginning, inJson, type Markup, objectLabel, qualifiedName, severityLabel, time } from './parts.ts';
import { listOne, type Room, roomOf } from './room.ts';

/** So many lines are in sight. What stands further below in any case is then only counted, what does not is folded. */
const inSight = 20;
/** Beyond so many, what is alike is one line. */
const alikeFrom = 10;
/** Of the page, for findings that stand nowhere else on it: resolved and settling. */
const goneBytes = 400_000;
/** Of a message that stands whole further below. */
const messageLength = 300;

/** @param isListed whether the finding stands on the page, so that a link leads to it */
export const changesSection = (report: Report, facts: PageFacts, isListed: (finding: ReportedFinding) => boolean): Markup | undefined => {
  const { comparedWith, resolved, settling = [] } = report;
  if (!comparedWith) return undefined;
  const told = toldToday(report.findings);
  const room = roomOf(goneBytes);
  const gone = alike(resolved);
  const beyond = told.slice(inSight).reduce((sum, { group }) => sum + group.findings.length, 0);
  const entries = [
    ...told.slice(0, inSight).map((change) => toldItem(change, facts, isListed)),
    ...(beyond > 0 ? [remark(`and ${counted(beyond, 'more', 'more')}, marked below`)] : []),
    ...goneItems(gone.slice(0, inSight), room, 'healthy', 'Resolved'),
  ];
  const folded = (summary: string, items: readonly Markup[]) =>
    items.length > 0 && html`<details><summary>${summary}</summary><ul class="changes">${items}</ul></details>`;
  const resolvedBeyond = gone.slice(inSight);
  return html`<section aria-labelledby="changes">
<h2 id="changes">Changed since ${time(comparedWith.startedAt)}</h2>
${entries.length > 0 ? html`<ul class="changes">${entries}</ul>` : settling.length === 0 && html`<p class="quiet">Nothing.</p>`}
${folded(`${counted(resolvedBeyond.flat().length, 'more', 'more')} resolved`, goneItems(resolvedBeyond, room, 'healthy', 'Resolved'))}
${folded(`${counted(settling.length, 'finding')} not seen today, settling: such come and go, and only a second complete run without them calls them resolved`, goneItems(alike(settling), room, 'settling'))}
</section>`;
};

interface Change {
  readonly group: FindingGroup;
  readonly why: Markup;
}

const toldToday = (findings: readonly ReportedFinding[]): Change[] => {
  const changes = (those: readonly ReportedFinding[], why: (finding: ReportedFinding) => Markup): Change[] =>
    groupFindings(those, alikeFrom).map((group) => ({ group, why: why(group.findings[0]) }));
  const raised = findings.filter(({ raisedFrom }) => raisedFrom).toSorted(byWeight);
  const uncovered = findings.filter(({ formerCause, raisedFrom }) => formerCause && !raisedFrom).toSorted(byWeight);
  return [
    ...changes(
      findings.filter(({ change }) => change === 'new'),
      () => html`New`,
    ),
    ...[...Map.groupBy(raised, ({ raisedFrom }) => raisedFrom).values()].flatMap((same) =>
      changes(same, ({ raisedFrom }) => html`Raised from ${raisedFrom}`),
    ),
    ...[...Map.groupBy(uncovered, ({ formerCause }) => JSON.stringify(formerCause)).values()].flatMap((same) =>
      changes(same, ({ formerCause }) => html`No longer explained by ${formerCause && objectLabel(formerCause)}`),
    ),
  ];
};

/** One line; of several that are alike the link leads to the first, among which the others are. */
const toldItem = ({ group, why }: Change, facts: PageFacts, isListed: (finding: ReportedFinding) => boolean): Markup => {
  const [finding, ...others] = group.findings;
  const name = others.length > 0 ? html`${countedKind(others.length + 1, finding.object.kind)}` : objectLabel(finding.object);
  const message = others.length > 0 ? headline(group, facts) : beginning(finding.message, messageLength);
  return html`<li>${severityLabel(finding.severity)} <span>${why}: ${isListed(finding) ? html`<a href="#${anchor(finding)}">${name}</a>` : name}, ${message}</span></li>
`;
};

/** Those that said exactly the same of objects of a kind, where there are many; else each alone. */
const alike = (findings: readonly ReportedFinding[]): ReportedFinding[][] =>
  findings.length <= alikeFrom
    ? findings.map((finding) => [finding])
    : [
        ...Map.groupBy(findings, ({ check, severity, object, message }) =>
          JSON.stringify([check, severity, object.kind, message]),
        ).values(),
      ];

const goneItems = (alike: readonly (readonly ReportedFinding[])[], room: Room, severity: string, word = severity): Markup[] => {
  const parts = alike.map((same) => ({ same, listed: listOne(same, room, () => goneItem(same, severityLabel(severity, word))) }));
  const leftOut = parts.flatMap(({ same, listed }) => (listed.markup ? [] : same)).length;
  return [...parts.flatMap(({ listed }) => listed.markup ?? []), ...(leftOut > 0 ? [remark(`${word}: ${inJson(leftOut)}`)] : [])];
};

const goneItem = (same: readonly ReportedFinding[], label: Markup): Markup => {
  const [finding, ...others] = same;
  if (!finding) return html``;
  if (others.length === 0)
    return html`<li id="${anchor(finding)}">${label} <span>${objectLabel(finding.object)}, ${finding.message} <span class="quiet">(${finding.severity} since ${time(finding.since)})</span></span></li>
`;
  return html`<li>${label} <details><summary>${countedKind(same.length, finding.object.kind)}, ${finding.message} <span class="quiet">(${finding.severity})</span></summary>
<p>${same.map((each, index) => html`${index > 0 && ', '}<span id="${anchor(each)}">${qualifiedName(each.object)}</span>`)}</p></details></li>
`;
};

const remark = (text: string): Markup => html`<li class="quiet"><span></span><span>${text}</span></li>
`;
