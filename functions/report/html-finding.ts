import { html } from 'hono/html';
import { type Markup, objectLabel, remedyBlock, severityLabel, time } from './html-parts.ts';
import type { ReportedFinding } from './model.ts';
import { gravestFirst } from './order.ts';
import { counted } from './summary.ts';
import { changeNote, countedKinds } from './wording.ts';

/** The anchor of a finding; the same in notifications. */
export const anchor = ({ fingerprint }: { readonly fingerprint: string }): string => `f-${fingerprint}`;

/** The namespaces that a finding touches: its object’s, its members’ and its consequences’. A Namespace touches itself. */
export const namespacesOf = ({ object, members = [], consequences = [] }: ReportedFinding): string[] => {
  const objects = [object, ...members, ...consequences.map((consequence) => consequence.object)];
  return [...new Set(objects.flatMap(({ kind, namespace, name }) => namespace ?? (kind === 'Namespace' ? name : [])))].toSorted();
};

/** @param first whether this is a first report, in which all is new and need not be marked so */
export const findingArticle = (
  finding: ReportedFinding,
  first: boolean,
): Markup => html`<article class="finding ${finding.severity}" id="${anchor(finding)}" data-severity="${finding.severity}" data-namespaces="${JSON.stringify(namespacesOf(finding))}">
<p class="marks">${severityLabel(finding.severity)}${first ? '' : mark(finding)}</p>
<h3>${objectLabel(finding.object)}${finding.subject !== undefined && html` <span class="subject">(${finding.subject})</span>`}</h3>
<p class="message">${finding.message}</p>
${remedyBlock(finding.remedy)}
${members(finding)}
${consequences(finding)}
<p class="provenance">
${finding.change !== 'new' && html`<span>since ${time(finding.since)}</span>`}
${finding.startedAt && html`<span>began ${time(finding.startedAt)}</span>`}
${finding.location && html`<span>${finding.location.file}:${finding.location.line}</span>`}
<span>${finding.check}</span>
<a href="#${anchor(finding)}">link to this finding</a>
</p>
</article>
`;

const mark = (finding: ReportedFinding): Markup | undefined => {
  const note = finding.change === 'new' ? 'new' : changeNote(finding);
  return note ? html`<span class="mark${finding.change === 'unverified' ? '' : ' new'}">${note}</span>` : undefined;
};

const members = ({ members: all = [] }: ReportedFinding): Markup | undefined => {
  if (all.length === 0) return undefined;
  return html`<details><summary>Seen on ${countedKinds(all)}</summary><ul>${all.map((member) => html`<li>${objectLabel(member)}</li>`)}</ul></details>`;
};

const consequences = ({ consequences: all = [], consequenceCount = all.length }: ReportedFinding): Markup | undefined => {
  if (all.length === 0) return undefined;
  const rest = consequenceCount - all.length;
  return html`<details><summary>Explains ${counted(consequenceCount, 'more', 'more')}: ${countedKinds(all.map(({ object }) => object))}${rest > 0 && ' and others'}</summary><ul>
${gravestFirst(all).map(
  ({
    severity,
    object,
    message,
    because,
    check,
    change,
    fingerprint,
  }) => html`<li id="${anchor({ fingerprint })}">${severityLabel(severity)}<strong>${objectLabel(object)}</strong>: ${message}${because && html`, because ${because}`} <span class="quiet">${check}${change && ', not verified today'}</span></li>
`,
)}
${rest > 0 && html`<li class="quiet">and ${counted(rest, 'more', 'more')}</li>`}
</ul></details>`;
};
