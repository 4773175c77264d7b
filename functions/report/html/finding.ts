import { html } from 'hono/html';
import { counted } from '../counts.ts';
import type { ReportedConsequence, ReportedFinding } from '../model.ts';
import { gravestFirst } from '../order.ts';
import { changeNote, countedKind, countedKinds } from '../wording.ts';
import { type Markup, objectLabel, qualifiedName, remedyBlock, severityLabel, time } from './parts.ts';

/** The anchor of a finding; the same in notifications. */
export const anchor = ({ fingerprint }: { readonly fingerprint: string }): string => `f-${fingerprint}`;

/** The namespaces that a finding touches: its object’s, its members’ and its consequences’. A Namespace touches itself. */
export const namespacesOf = ({ object, members = [], consequences = [] }: ReportedFinding): string[] => {
  const objects = [object, ...members, ...consequences.map((consequence) => consequence.object)];
  return [...new Set(objects.flatMap(({ kind, namespace, name }) => namespace ?? (kind === 'Namespace' ? name : [])))].toSorted();
};

/** One finding that stands for itself. @param first whether this is a first report, in which all is new and need not be marked so */
export const findingArticle = (
  finding: ReportedFinding,
  first: boolean,
): Markup => html`<article class="finding ${finding.severity}" id="${anchor(finding)}" data-severity="${finding.severity}" data-check="${finding.check}" data-namespaces="${JSON.stringify(namespacesOf(finding))}">
<p class="marks">${severityLabel(finding.severity)}${changeMark(finding, first)}</p>
<div><h3>${objectLabel(finding.object)}${finding.subject !== undefined && html` <bdi class="subject">(${finding.subject})</bdi>`}</h3>
<p class="message">${finding.message}</p>
${remedyBlock(finding.remedy)}
${members(finding)}
${consequenceList(finding)}
<p class="provenance">
${finding.change !== 'new' && html`<span>since ${time(finding.since)}</span>`}
${finding.startedAt && html`<span>began ${time(finding.startedAt)}</span>`}
${finding.location && html`<span>${finding.location.file}:${finding.location.line}</span>`}
<span>${finding.check}</span>
<a href="#${anchor(finding)}">link to this finding</a>
</p></div>
</article>
`;

/** Why the finding is told today: new, raised, no longer explained, or not verified. */
export const changeMark = (finding: ReportedFinding, first: boolean): Markup | undefined => {
  const note = first ? '' : finding.change === 'new' ? 'new' : changeNote(finding);
  return note ? html` <span class="mark${finding.change === 'unverified' ? '' : ' told'}">${note}</span>` : undefined;
};

const members = ({ members: all = [] }: ReportedFinding): Markup | undefined => {
  if (all.length === 0) return undefined;
  return html`<details><summary>Seen on ${countedKinds(all)}</summary><ul>${all.map((member) => html`<li>${objectLabel(member)}</li>`)}</ul></details>`;
};

/** So many that say the same are told of in one sentence. */
const sameFrom = 2;

/** What hangs on the finding, folded: what hurts most first, and what says the same together. Each has its anchor. */
export const consequenceList = ({ consequences: all = [], consequenceCount = all.length }: ReportedFinding): Markup | undefined => {
  if (all.length === 0) return undefined;
  const rest = consequenceCount - all.length;
  const alike = Map.groupBy(gravestFirst(all), ({ check, severity, object, message, because, change }) =>
    JSON.stringify([check, severity, object.kind, message, because, change]),
  );
  return html`<details class="explained"><summary>Explains ${counted(consequenceCount, 'more', 'more')}: ${countedKinds(all.map(({ object }) => object))}${rest > 0 && ' and others'}</summary><ul>
${[...alike.values()].map((same) => (same.length < sameFrom ? same.map(consequence) : consequences(same)))}
${rest > 0 && html`<li class="quiet">and ${counted(rest, 'more', 'more')}</li>`}
</ul></details>`;
};

const consequence = (one: ReportedConsequence): Markup =>
  html`<li id="${anchor(one)}">${severityLabel(one.severity)} <strong>${objectLabel(one.object)}</strong>: ${statement(one)}
`;

const consequences = (same: readonly ReportedConsequence[]): Markup | undefined => {
  const [first] = same;
  return (
    first &&
    html`<li>${severityLabel(first.severity)} <strong>${countedKind(same.length, first.object.kind)}</strong>: ${statement(first)}
<p>${same.map((one, index) => html`${index > 0 && ', '}<span id="${anchor(one)}">${qualifiedName(one.object)}</span>`)}</p>
`
  );
};

const statement = ({ message, because, check, change }: ReportedConsequence): Markup =>
  html`${message}${because && html`, because ${because}`} <span class="quiet">${check}${change && ', not verified today'}</span>`;
