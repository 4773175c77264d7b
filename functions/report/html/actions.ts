/** What is planned, held and reported, and what came of it: a table a rule, folded where it is long, and the commands to go on. */
import { html } from 'hono/html';
import {
  type ActionGroup,
  type ActionSection,
  actionInWords,
  actionSections,
  bytesInWords,
  freed,
  heldByGuard,
  nextSteps,
} from '../actions.ts';
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
  return html`<section aria-labelledby="next"><h2 id="next">${journal ? 'What was done' : 'What can be done'}</h2>
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
  { title, state, groups, count }: ActionSection,
  bytes: number,
): Markup => html`<section aria-labelledby="${`actions-${state}`}">
<h2 id="${`actions-${state}`}">${title} <span class="count">${grouped(count)}</span></h2>
${state === 'held' && html`<p class="lead">By guard: ${heldByGuard(groups.flatMap(({ actions }) => actions))}.</p>`}
${groups.map((group) => groupMarkup(group, state, bytes))}</section>
`;

const groupMarkup = ({ rule, title, actions, risk, lost }: ActionGroup, state: Action['state'], bytes: number): Markup => {
  const room = roomOf(bytes);
  const rows = actions.flatMap((action) => listOne(action, room, row).markup ?? []);
  const left = actions.length - rows.length;
  const table = html`<table><thead><tr><th scope="col">Object</th><th scope="col">${state === 'planned' ? 'Why, and what came of it' : 'Why'}</th></tr></thead><tbody>
${rows}${left > 0 && html`<tr><td colspan="2">and ${inJson(left)}</td></tr>`}</tbody></table>`;
  const facts = [state === 'planned' && `risk ${risk}`, state === 'planned' && lost.length > 0 && `cannot be undone: ${lost.join(', ')}`];
  return html`<h3>${title} <small>${rule}, ${countedKind(actions.length, actions[0]?.object.kind ?? 'object')}</small></h3>
${facts.some(Boolean) && html`<p class="quiet">${facts.filter(Boolean).join('; ')}</p>`}
${state !== 'planned' && actions.length > longTable ? html`<details><summary>All ${grouped(actions.length)}</summary>${table}</details>` : table}
`;
};

const failed = new Set(['conflict', 'refused', 'forbidden', 'unknown']);

const row = (action: Action): Markup => {
  const { object, frees, outcome } = action;
  const bytes = frees?.bytes === undefined ? '' : `, ${bytesInWords(frees.bytes)}`;
  return html`<tr><th scope="row"><bdi>${qualifiedName(object)}</bdi></th><td>${outcome && failed.has(outcome.result) && html`${severityLabel('warning', outcome.result)} `}${actionInWords(action)}${bytes}</td></tr>
`;
};
