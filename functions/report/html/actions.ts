/** What is planned, held and reported, and what came of it: a table a rule, folded where it is long, and the commands to go on. */
import { html } from 'hono/html';
import { type ActionGroup, type ActionSection, actionInWords, actionSections, freed, heldByGuard, nextSteps } from '../actions.ts';
import { grouped } from '../counts.ts';
import type { Action, Report } from '../model.ts';
import { countedKind } from '../wording.ts';
import { inJson, type Markup, qualifiedName, severityLabel, time } from './parts.ts';
import { listOne, roomOf } from './room.ts';

/** Of the page, for all actions together, and at most for those of one rule. */
const [allBytes, groupBytes] = [900_000, 150_000];
/** A longer table is folded, but for what is planned. */
const longTable = 10;

export const actionsSection = (report: Report): Markup | undefined => {
  const sections = actionSections(report);
  if (sections.length === 0) return undefined;
  const groups = sections.reduce((sum, section) => sum + section.groups.length, 0);
  const bytes = Math.min(groupBytes, Math.floor(allBytes / Math.max(groups, 1)));
  return html`${steps(report)}${sections.map((section) => sectionMarkup(section, bytes))}`;
};

const steps = (report: Report): Markup | undefined => {
  const { plan, journal, actions } = report;
  const next = nextSteps(report);
  const free = freed(actions);
  if (next.length === 0 && !free && !journal) return undefined;
  return html`<section class="next" aria-labelledby="next"><h2 id="next">${journal ? 'What was done' : 'What can be done'}</h2>
${journal && html`<p class="lead">Journal ${journal.id}: ${journal.ended}${journal.why && `, ${journal.why}`}.</p>`}
${(journal?.warnings ?? []).map((warning) => html`<p class="quiet">The API server warns: ${warning}</p>`)}
${free && html`<p class="lead">Comes free: ${free}.</p>`}
${plan && html`<p class="quiet">Plan ${plan.id}, good until ${time(plan.expiresAt)}; a changed cluster or configuration refuses it.</p>`}
${plan?.lacks && html`<div class="notice incomplete"><h3>Applying it would lack</h3><p>${plan.lacks.rights.join(', ')}</p>${plan.lacks.manifest && html`<div class="copyable"><pre><code>${plan.lacks.manifest}</code></pre></div>`}</div>`}
${next.map(
  ({ what, command, event }) =>
    html`<h3>${what}</h3><div class="copyable"><pre><code>${command}</code></pre></div><p class="quiet">or as an event:</p><div class="copyable"><pre><code>${event}</code></pre></div>
`,
)}</section>
`;
};

const sectionMarkup = (
  { key, title, because, whole, groups, count }: ActionSection,
  bytes: number,
): Markup => html`<section aria-labelledby="${`actions-${key}`}">
<h2 id="${`actions-${key}`}">${title} <span class="count">${grouped(count)}</span></h2>
${because !== undefined && html`<p class="lead">${because}.</p>`}
${key === 'held' && html`<p class="lead">By guard: ${heldByGuard(groups.flatMap(({ actions }) => actions))}.</p>`}
${groups.map((group) => groupMarkup(group, whole, bytes))}</section>
`;

const groupMarkup = ({ rule, title, actions, risk, lost }: ActionGroup, whole: boolean, bytes: number): Markup => {
  const room = roomOf(bytes);
  const [words, ...others] = new Set(actions.map(actionInWords));
  // Hundreds of rows that say the same are not read: it is said once, above the names.
  const same = words !== undefined && others.length === 0 && actions.length > 2 ? words : undefined;
  const rows = actions.flatMap((action) => listOne(action, room, (each) => row(each, same === undefined)).markup ?? []);
  const left = actions.length - rows.length;
  const heads = html`<th scope="col">Object</th>${same === undefined && html`<th scope="col">${actions.some(({ outcome }) => outcome) ? 'Why, and what came of it' : 'Why'}</th>`}`;
  const table = html`<table><thead><tr>${heads}</tr></thead><tbody>
${rows}${left > 0 && html`<tr><td colspan="2">and ${inJson(left)}</td></tr>`}</tbody></table>`;
  const facts = [whole && `risk ${risk}`, whole && lost.length > 0 && `cannot be undone: ${lost.join(', ')}`].filter(Boolean);
  return html`<div class="actions"><h3>${title} <small>${rule}, ${countedKind(actions.length, actions[0]?.object.kind ?? 'object')}</small></h3>
${facts.length > 0 && html`<p class="quiet">${facts.join('; ')}</p>`}
${same !== undefined && html`<p>${same}</p>`}
${!whole && actions.length > longTable ? html`<details><summary>All ${grouped(actions.length)}</summary>${table}</details>` : table}</div>
`;
};

const failed = new Set(['conflict', 'refused', 'forbidden', 'unknown']);

const row = (action: Action, why: boolean): Markup => {
  const { object, outcome } = action;
  const words = html`<td>${outcome && failed.has(outcome.result) && html`${severityLabel('warning', outcome.result)} `}${actionInWords(action)}</td>`;
  return html`<tr><th scope="row"><bdi>${qualifiedName(object)}</bdi></th>${why && words}</tr>
`;
};
