import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { counted, grouped } from '../counts.ts';
import type { Report } from '../model.ts';
import { orderTime } from '../store/report-store.ts';
import { duration, verdictText, verdictWord } from '../wording.ts';
import { actionsSection } from './actions.ts';
import { calendarSection } from './calendar.ts';
import { changesSection } from './changes.ts';
import { findingsSection } from './findings.ts';
import type { PageFacts } from './group.ts';
import { type Markup, severityLabel, time } from './parts.ts';
import { pageBytes, roomOf, sizeOf } from './room.ts';
import { script } from './script.ts';
import { checksSection, gapsSection, ignoredSection, runSection, tablesSection } from './sections.ts';
import { style } from './style.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
/** Nothing but the page’s own style and script, and no request: whatever text comes from a cluster can do nothing. */
const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#6b7fa3" d="M10.5 1.2A7 7 0 1 0 14.8 10 5.6 5.6 0 0 1 10.5 1.2z"/></svg>',
)}`;

/**
 * The report as one page that stands alone: complete without JavaScript and without network, in light and dark, on paper and on a phone, and
 * never more than 3 MB: what does not fit is counted, and stands in the JSON. Every text is escaped by hono’s html template. A finding’s
 * anchor is #f- and its fingerprint.
 */
export function renderHtml(report: Report): string {
  const before = html`${documentHead(report)}${pageHead(report)}<main>
`;
  const after = html`${actionsSection(report)}
${gapsSection(report)}
${calendarSection(report)}
${tablesSection(report)}
${ignoredSection(report)}
${checksSection(report)}
${runSection(report)}
</main>
<footer><p>Nightshift report ${report.runId}. Times are UTC.</p></footer>
<p id="said" class="skip" role="status"></p>
<script>${raw(script)}</script>
</body>
</html>
`;
  const facts: PageFacts = {
    first: !report.comparedWith,
    titles: new Map(report.checks.flatMap(({ check, title }) => (title === undefined ? [] : [[check, title] as const]))),
  };
  // With a link for every change it is as long as it can be.
  const changes = changesSection(report, facts, () => true);
  const room = roomOf(pageBytes - [before, after, changes].reduce((sum, part) => sum + (part ? sizeOf(part) : 0), 0));
  const findings = findingsSection(report, facts, room);
  return String(html`${before}${changesSection(report, facts, findings.isListed)}
${findings.markup}
${after}`);
}

const documentHead = (report: Report): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="nightshift:time" content="${orderTime(report)}">
<title>${report.cluster}: ${verdictWord(report)}, ${operationName(report)}</title>
<link rel="icon" href="${icon}">
<style>${raw(style)}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
`;

const operationName = ({ operation }: Report): string => operation.replaceAll('-', ' ');

const pageHead = (report: Report): Markup => {
  const { cluster, complete, source, kubernetesVersion, comparedWith } = report;
  const word = verdictWord(report);
  return html`<header>
<p class="brand"><strong>Nightshift</strong> <span>${operationName(report)}, ${time(report.startedAt)}</span></p>
<h1>${cluster}</h1>
<p class="verdict ${word}">${severityLabel(word)} <span class="words">${verdictText(report)}${!complete && html`. <a href="#gaps">What could not run</a>`}</span></p>
<ul class="facts">
<li>${coverage(report)}</li>
<li>${source.kind} ${source.name}${within(source)}</li>
${kubernetesVersion && html`<li>Kubernetes ${kubernetesVersion}</li>`}
${!comparedWith && html`<li>the first report: there is none to compare it with</li>`}
</ul>
</header>
`;
};

/** What the verdict rests on. */
const coverage = ({ checks, incomplete, scanned, durationMs }: Report): string => {
  const ran = checks.filter((check) => check.ran).length;
  const notWanted = checks.length - ran - incomplete.length;
  const others = notWanted > 0 ? `, ${grouped(notWanted)} not applicable or off` : '';
  return `${counted(ran, 'check')} ran on ${counted(scanned.objects, 'object')} in ${duration(durationMs)}${others}`;
};

/** Where only these were looked at. */
const within = ({ namespaces }: Report['source']): string =>
  namespaces ? `, only ${counted(namespaces.length, 'namespace')}: ${namespaces.join(', ')}` : '';
