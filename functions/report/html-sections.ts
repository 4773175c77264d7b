/** The sections of a report’s page beside the findings themselves. Each is absent where it has nothing to say. */
import { html } from 'hono/html';
import { anchor } from './html-finding.ts';
import { type Markup, objectLabel, remedyBlock, severityLabel, time } from './html-parts.ts';
import type { Report, ReportedFinding } from './model.ts';
import { counted, integer } from './summary.ts';
import { sameReason } from './wording.ts';

export const changesSection = ({ comparedWith, findings, resolved }: Report): Markup | undefined => {
  if (!comparedWith) return undefined;
  const link = (finding: ReportedFinding) => html`<a href="#${anchor(finding)}">${objectLabel(finding.object)}</a>`;
  const entries = [
    ...findings
      .filter(({ change }) => change === 'new')
      .map((finding) => html`<li>${severityLabel(finding.severity)}<span>New: ${link(finding)}, ${finding.message}</span></li>`),
    ...findings
      .filter(({ raisedFrom }) => raisedFrom)
      .map(
        (finding) =>
          html`<li>${severityLabel(finding.severity)}<span>Raised from ${finding.raisedFrom}: ${link(finding)}, ${finding.message}</span></li>`,
      ),
    ...findings
      .filter(({ formerCause, raisedFrom }) => formerCause && !raisedFrom)
      .map(
        (finding) =>
          html`<li>${severityLabel(finding.severity)}<span>No longer explained by ${finding.formerCause && objectLabel(finding.formerCause)}: ${link(finding)}, ${finding.message}</span></li>`,
      ),
    ...resolved.map(
      (finding) =>
        html`<li id="${anchor(finding)}">${severityLabel('healthy', 'Resolved')}<span>${objectLabel(finding.object)}, ${finding.message} <span class="quiet">(${finding.severity} since ${time(finding.since)})</span></span></li>`,
    ),
  ];
  return html`<section aria-labelledby="changes">
<h2 id="changes">Changed since ${time(comparedWith.startedAt)}</h2>
${entries.length > 0 ? html`<ul class="changes">${entries}</ul>` : html`<p class="quiet">Nothing.</p>`}
</section>`;
};

export const gapsSection = ({ incomplete, complete }: Report): Markup | undefined => {
  if (complete) return undefined;
  return html`<section aria-labelledby="gaps">
<h2 id="gaps">Could not run <span class="count">${incomplete.length}</span></h2>
<p class="lead">The report is not complete: what these checks would have found is not known.</p>
${sameReason(incomplete).map(
  ({
    checks,
    reason,
    remedy,
  }) => html`<div class="notice incomplete"><h3>${checks.join(', ')}</h3><p>${reason}</p>${remedyBlock(remedy)}</div>
`,
)}
</section>`;
};

export const ignoredSection = ({ ignored }: Report): Markup | undefined => {
  if (ignored.length === 0) return undefined;
  return html`<section aria-labelledby="ignored">
<h2 id="ignored">Ignored by nightshift.yaml</h2>
<table><thead><tr><th scope="col">Rule</th><th scope="col">Reason</th><th scope="col" class="number">Findings</th></tr></thead><tbody>
${ignored.map(
  ({
    rule,
    reason,
    count,
    note,
  }) => html`<tr><th scope="row">${rule}</th><td>${reason}</td><td class="number">${note ? html`<strong>${note}</strong>` : count}</td></tr>
`,
)}
</tbody></table>
</section>`;
};

export const tablesSection = ({ tables = [] }: Report): Markup[] =>
  tables.map(
    ({ title, columns, rows }) => html`<section><h2>${title}</h2>
<table><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>
${rows.map(
  ([
    first = '',
    ...cells
  ]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td class="${typeof cell === 'number' ? 'number' : 'text'}">${cell}</td>`)}</tr>
`,
)}
</tbody></table></section>`,
  );

export const checksSection = ({ checks }: Report): Markup => {
  const ran = checks.filter((check) => check.ran).length;
  return html`<section aria-labelledby="checks">
<h2 id="checks">Checks</h2>
<p class="lead">${counted(ran, 'check')} of ${checks.length} ran. A check that ran and has no finding above found nothing.</p>
<details><summary>All checks</summary>
<table><thead><tr><th scope="col">Check</th><th scope="col">Outcome</th><th scope="col" class="number">Objects</th></tr></thead><tbody>
${checks.map(
  ({
    check,
    title,
    ran: whole,
    objects,
    reason,
  }) => html`<tr><th scope="row">${title ?? check}${title && html`<small>${check}</small>`}</th><td>${whole ? 'ran' : `did not run: ${reason ?? 'no reason given'}`}</td><td class="number">${integer.format(objects)}</td></tr>
`,
)}
</tbody></table></details>
</section>`;
};
