import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { findingArticle, namespacesOf } from './html-finding.ts';
import { type Markup, severityLabel, shapes, time } from './html-parts.ts';
import { script } from './html-script.ts';
import { changesSection, checksSection, gapsSection, ignoredSection, tablesSection } from './html-sections.ts';
import { style } from './html-style.ts';
import { type Report, type ReportedFinding, severities } from './model.ts';
import { orderTime } from './store.ts';
import { counted } from './summary.ts';
import { duration, verdictText, verdictWord } from './wording.ts';

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
 * The report as one page that stands alone: complete without JavaScript and without network, in light and dark, on paper and on a phone.
 * Every text is escaped by hono’s html template. A finding’s anchor is #f- and its fingerprint.
 */
export function renderHtml(report: Report): string {
  const operation = report.operation.replaceAll('-', ' ');
  const word = verdictWord(report);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="nightshift:time" content="${orderTime(report)}">
<title>${report.cluster}: ${word}, ${operation}</title>
<link rel="icon" href="${icon}">
<style>${raw(style)}</style>
</head>
<body>
${raw(shapes)}
<a class="skip" href="#findings">Skip to the findings</a>
${head(report, operation, word)}
<main>
${changesSection(report)}
${findingsSection(report)}
${gapsSection(report)}
${tablesSection(report)}
${ignoredSection(report)}
${checksSection(report)}
</main>
<footer><p>Nightshift report ${report.runId}, schema ${report.schemaVersion}. Times are UTC.</p></footer>
<p id="said" class="skip" role="status"></p>
<script>${raw(script)}</script>
</body>
</html>
`;
  return String(page);
}

const head = (report: Report, operation: string, word: string): Markup => html`<header>
<p class="brand"><strong><svg aria-hidden="true"><use href="#shape-moon"/></svg>Nightshift</strong> <span>${operation}, ${time(report.startedAt)}</span></p>
<h1>${report.cluster}</h1>
<p class="verdict ${word}">${severityLabel(word)}<span class="words">${verdictText(report)}${report.complete ? '' : html`. <a href="#gaps">What could not run</a>`}</span></p>
<ul class="facts">
<li>${report.source.kind} ${report.source.name}</li>
${report.kubernetesVersion && html`<li>Kubernetes ${report.kubernetesVersion}</li>`}
<li>${counted(report.scanned.objects, 'object')} in ${duration(report.durationMs)}</li>
${!report.comparedWith && html`<li>the first report: there is none to compare it with</li>`}
</ul>
</header>`;

const findingsSection = ({ findings, comparedWith }: Report): Markup => html`<section aria-labelledby="findings">
<h2 id="findings" tabindex="-1">Findings <span class="count">${findings.length}</span></h2>
${filter(findings)}
${findings.map((finding) => findingArticle(finding, !comparedWith))}
<p class="none" id="none-shown"${findings.length > 0 ? raw(' hidden') : ''}>${findings.length > 0 ? 'No finding fits the filter.' : 'Nothing to report.'}</p>
</section>`;

/** Shown by the script alone, which makes it work. */
const filter = (findings: readonly ReportedFinding[]): Markup => {
  const namespaces = [...new Set(findings.flatMap(namespacesOf))].toSorted();
  return html`<form id="filter" aria-label="Filter the findings" hidden>
<input type="search" name="q" placeholder="Search (press /)" aria-label="Search the findings" autocomplete="off">
${severities.map((severity) => {
  const count = findings.filter((finding) => finding.severity === severity).length;
  return (
    count > 0 &&
    html`<label class="chip ${severity}"><input type="checkbox" name="severity" value="${severity}" checked>${severityLabel(severity)} ${count}</label>`
  );
})}
${namespaces.length > 1 && html`<select name="namespace" aria-label="Namespace"><option value="">All namespaces</option>${namespaces.map((namespace) => html`<option>${namespace}</option>`)}</select>`}
<button type="reset" hidden>Show all</button>
<output id="shown" aria-live="polite"></output>
</form>`;
};
