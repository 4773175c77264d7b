/** The page’s style sheet. Colours meet WCAG AA on their grounds in light and dark; test/deployed/html-report.test.ts looks. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f7f6f3; --sheet: #ffffff; --line: #e3e0d9; --quiet: #5d5f66; --ink: #1f2127; --strong: #101116;
  --critical: #a3181f; --critical-soft: #fbeceb; --warning: #7d5200; --warning-soft: #fbf3df;
  --info: #2a568c; --info-soft: #ebf1f8; --healthy: #1d6840; --healthy-soft: #e8f3ec;
  --code: #f4f2ee; --focus: #2a568c;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #121419; --sheet: #1a1d23; --line: #2d3139; --quiet: #a3a8b3; --ink: #dfe1e6; --strong: #f5f6f8;
    --critical: #ff9a92; --critical-soft: #33191a; --warning: #efc368; --warning-soft: #2f2614;
    --info: #93bdf2; --info-soft: #17263a; --healthy: #84d3a4; --healthy-soft: #14291d;
    --code: #12151a; --focus: #93bdf2;
  }
}
* { box-sizing: border-box; }
html { background: var(--ground); color: var(--ink); font: 1rem/1.6 var(--sans); text-size-adjust: 100%; }
body { max-width: 54rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; overflow-wrap: anywhere; }
h1, h2, h3, p, ul, ol, dl, dd, pre, table { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: .2em; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: .25rem; }
code, pre { font: .875rem/1.55 var(--mono); }
[hidden] { display: none !important; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--sheet); }
.quiet { color: var(--quiet); }
.critical { --tone: var(--critical); --soft: var(--critical-soft); }
.warning, .degraded, .incomplete { --tone: var(--warning); --soft: var(--warning-soft); }
.info { --tone: var(--info); --soft: var(--info-soft); }
.healthy { --tone: var(--healthy); --soft: var(--healthy-soft); }
.critical { --shape: polygon(30% 0, 70% 0, 100% 30%, 100% 70%, 70% 100%, 30% 100%, 0 70%, 0 30%); }
.warning, .degraded { --shape: polygon(50% 4%, 100% 96%, 0 96%); }
.info { --shape: circle(46%); }
.healthy { --shape: polygon(39% 84%, 6% 51%, 18% 38%, 39% 59%, 82% 16%, 94% 28%); }
.incomplete { --shape: polygon(50% 0, 75% 7%, 93% 25%, 100% 50%, 93% 75%, 75% 93%, 50% 100%); }
.settling { --tone: var(--quiet); --soft: var(--code); --shape: polygon(0 38%, 100% 38%, 100% 62%, 0 62%); }
/* Each severity has a shape of its own beside its word and colour. */
.severity { display: inline-flex; align-items: baseline; gap: .5em; color: var(--tone); font-weight: 600; white-space: nowrap; }
.severity::before { content: ""; flex: none; align-self: center; width: .85em; height: .85em; background: currentColor; clip-path: var(--shape); forced-color-adjust: none; }

.brand { display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap; font-size: .875rem; color: var(--quiet); }
.brand strong { display: inline-flex; align-items: center; gap: .5em; font-weight: 600; color: var(--ink); }
.brand strong::before { content: ""; width: .95em; height: .95em; border-radius: 50%; background: radial-gradient(circle at 78% 30%, transparent 48%, currentColor 51%); }
h1 { margin-top: 2.5rem; font-size: clamp(2rem, 6vw, 2.75rem); line-height: 1.15; font-weight: 650; letter-spacing: -.02em; color: var(--strong); }
.verdict { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .9rem; margin-top: 1.25rem; padding: 1.1rem 1.4rem; border-radius: .75rem; background: var(--soft); font-size: 1.125rem; line-height: 1.5; }
.verdict .words { flex: 1 1 16rem; }
.verdict .severity { font-size: 1.25rem; font-weight: 650; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem 1.75rem; margin-top: 1.25rem; font-size: .875rem; color: var(--quiet); }

section { margin-top: 3rem; }
h2 { margin-bottom: 1rem; font-size: 1.25rem; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; color: var(--strong); }
h2 .count { margin-left: .35em; font-weight: 400; color: var(--quiet); }
.lead { margin-bottom: 1rem; color: var(--quiet); }

.changes > li { display: grid; grid-template-columns: 7rem minmax(0, 1fr); align-items: baseline; gap: .1rem 1rem; padding: .65rem 0; border-top: 1px solid var(--line); }
.changes details { margin: 0; }
.changes details p { margin-top: .5rem; font-size: .875rem; }
.changes summary { font-size: inherit; font-weight: 400; }
.changes > li:last-child { border-bottom: 1px solid var(--line); }

form { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; margin-bottom: 1.25rem; font-size: .875rem; }
form input[type=search], form select { min-height: 2.5rem; max-width: 100%; padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--sheet); color: var(--ink); font: inherit; }
form input[type=search] { flex: 1 1 100%; min-width: 0; }
form select { flex: 0 1 auto; min-width: 0; max-width: 14rem; }
.chip { position: relative; display: inline-flex; align-items: center; gap: .5em; min-height: 2.5rem; padding: 0 .9rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--sheet); color: var(--quiet); cursor: pointer; }
.chip:has(:checked) { border-color: var(--tone); background: var(--soft); color: var(--tone); }
.chip:not(:has(:checked)) .severity { color: var(--quiet); }
.chip.new { --tone: var(--info); --soft: var(--info-soft); }
.chip:has(:focus-visible) { outline: 2px solid var(--focus); outline-offset: 2px; }
.chip input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
button { min-height: 2rem; padding: .2rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--sheet); color: var(--ink); font: 500 .8125rem/1.4 var(--sans); cursor: pointer; }
button:hover { border-color: var(--quiet); }
form button { min-height: 2.5rem; }
output { flex-basis: 100%; color: var(--quiet); }
output:empty { display: none; }
.keys { flex-basis: 100%; font-size: .8125rem; color: var(--quiet); }
.keys input { vertical-align: -.15em; }
.keys label { margin-left: .6em; white-space: nowrap; }
kbd { padding: 0 .4em; border: 1px solid var(--line); border-radius: .3em; background: var(--sheet); color: var(--ink); font: .75rem/1.5 var(--mono); }

.finding, .group { margin-top: .75rem; border: 1px solid var(--line); border-left: .25rem solid var(--tone); border-radius: .75rem; background: var(--sheet); scroll-margin-top: 1rem; }
.finding { display: grid; grid-template-columns: 6.75rem minmax(0, 1fr); gap: 0 1rem; padding: 1.25rem 1.4rem 1.1rem; }
.finding:target, .same li:target, .changes :target, .explained :target { outline: 2px solid var(--focus); outline-offset: 3px; border-radius: .25rem; }
.marks { display: flex; flex-direction: column; align-items: flex-start; gap: .4rem; line-height: 1.5rem; }
.mark { padding: 0 .6em; border: 1px solid currentColor; border-radius: 1em; font-size: .75rem; line-height: 1.5; font-weight: 600; color: var(--quiet); }
.mark.told { color: var(--tone); }
h3 { font-size: 1.0625rem; line-height: 1.5rem; font-weight: 650; color: var(--strong); }
.actions { margin-top: 1.75rem; }
.actions h3 small { margin-left: .35rem; font-size: .8125rem; font-weight: 400; color: var(--quiet); }
.actions table, .actions details { margin-top: .35rem; }
.next > * + * { margin-top: .75rem; }
.next h3 { margin-top: 1.5rem; }
h3 .kind, h3 .subject { font-weight: 400; color: var(--quiet); }
.message { margin-top: .25rem; }
.message::first-letter, .remedy::first-letter { text-transform: uppercase; }
.remedy { margin-top: .75rem; }
.copyable { display: flex; align-items: flex-start; gap: .75rem; margin-top: .6rem; padding: .5rem .5rem .5rem .9rem; border-radius: .6rem; background: var(--code); }
.copyable pre { flex: 1; min-width: 0; padding: .2rem 0; white-space: pre-wrap; }
details { margin-top: .75rem; }
summary { width: fit-content; max-width: 100%; padding: .15rem 0; cursor: pointer; font-size: .9375rem; font-weight: 550; }
summary::marker { color: var(--quiet); }
details li { padding: .5rem 0 .5rem 1.1rem; border-top: 1px solid var(--line); font-size: .9375rem; }
details li:first-child { margin-top: .5rem; }
details .severity { margin-right: .5em; font-size: .875rem; }
.provenance { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin-top: .9rem; font-size: .8125rem; color: var(--quiet); }

.group > summary { display: grid; grid-template-columns: 6.75rem minmax(0, 1fr) auto; gap: 0 1rem; width: auto; padding: .9rem 1.4rem; border-radius: .75rem; font-weight: 400; }
.group > summary:hover { background: var(--code); }
.group > summary .severity { align-self: start; font-size: 1rem; line-height: 1.5rem; }
.group > summary::after { content: ""; grid-area: 1 / 3; align-self: center; width: .5rem; height: .5rem; border: solid var(--quiet); border-width: 0 2px 2px 0; transform: rotate(-45deg); }
.group[open] > summary::after { transform: rotate(45deg); }
.group .extent { grid-column: 2; font-size: .8125rem; color: var(--quiet); }
.group h3 { font-weight: 400; }
.group .count { font-weight: 650; }
.same { margin: 0 1.4rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.same > p { font-size: .9375rem; }
.same p::first-letter { text-transform: uppercase; }
.same > ul > li { content-visibility: auto; contain-intrinsic-block-size: auto 5rem; margin: 0; padding: .6rem 0 .6rem 1.1rem; border: 0; font-size: .8125rem; color: var(--quiet); scroll-margin-top: 1rem; }
.same > ul > li > b { margin-right: .3em; font-size: .9375rem; font-weight: 600; color: var(--ink); }
.same > ul > li > i { font-style: normal; }
.same > ul > li > p { font-size: .9375rem; color: var(--ink); }
.same > ul > li > code { display: block; margin: .3rem 0; padding: .4rem .8rem; border-radius: .6rem; background: var(--code); color: var(--ink); white-space: pre-wrap; }
.same .copyable { margin: .3rem 0; padding: .25rem .3rem .25rem .8rem; align-items: center; }
.same .copyable button { min-height: 1.75rem; padding: .1rem .6rem; font-size: .75rem; }
.same .copyable code { flex: 1; min-width: 0; padding: .2rem 0; color: var(--ink); white-space: pre-wrap; }
.rest { margin: 0 1.4rem; padding: .75rem 0; border-top: 1px solid var(--line); font-size: .875rem; color: var(--quiet); }
.explained > :is(summary, ul) { color: var(--ink); }
.explained p { font-size: .875rem; color: var(--quiet); }
.none { padding: 1.5rem 1.6rem; border: 1px dashed var(--line); border-radius: .75rem; color: var(--quiet); }

.notice { padding: 1.3rem 1.6rem; border: 1px solid var(--line); border-left: .25rem solid var(--tone); border-radius: .75rem; background: var(--sheet); }
.notice + .notice { margin-top: 1rem; }
.notice h3 { margin-top: 0; font-size: 1rem; }

.backups > ul > li { padding: .65rem 0; border-top: 1px solid var(--line); }
.backups b { margin-right: .5em; font-weight: 600; }
.calendar { display: grid; grid-template-columns: repeat(30, minmax(0, 1fr)); gap: 2px; margin-top: .5rem; }
.calendar li { position: relative; min-height: 1.75rem; border-radius: .25rem; background: var(--soft, var(--code)); color: var(--tone, var(--quiet)); font: 600 .8125rem/1.75rem var(--mono); text-align: center; }

table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
th, td { padding: .6rem 1rem .6rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
th, td { min-width: 7.5rem; }
tbody th { min-width: 11rem; }
th.number, td.number { min-width: 4rem; }
table.many { font-size: .8125rem; }
.many :is(th, td) { min-width: 3.5rem; padding-right: .75rem; }
.many tbody th { min-width: 8rem; }
.date { white-space: nowrap; }
.toned { font-weight: 600; color: var(--tone, inherit); }
.many :is(th, td):not(:first-child, :last-child) { overflow-wrap: normal; }
thead th { border-top: 0; font-size: .8125rem; color: var(--quiet); }
tbody tr:last-child > * { border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
td small, th small { display: block; font-size: .8125rem; color: var(--quiet); }
dl > div { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0 1rem; padding: .4rem 0; border-top: 1px solid var(--line); font-size: .9375rem; }
dl { margin-top: .5rem; }
dt { color: var(--quiet); }
footer { margin-top: 4rem; font-size: .8125rem; color: var(--quiet); }

@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { margin-top: 1.75rem; }
  section { margin-top: 2.75rem; }
  .verdict { padding: 1rem 1.1rem; }
  .finding, .notice { padding: 1.1rem 1rem 1rem; }
  .finding { grid-template-columns: minmax(0, 1fr); gap: .2rem; }
  .group > summary { grid-template-columns: minmax(0, 1fr) auto; gap: .2rem 1rem; }
  .group > summary > :is(.severity, h3, .extent) { grid-column: 1; }
  .group > summary::after { grid-area: 1 / 2; }
  .group > summary { padding: .8rem 1rem; }
  .marks { flex-direction: row; align-items: center; }
  .same { margin: 0 1rem; }
  .same > ul > li { padding-left: 0; }
  dl > div { grid-template-columns: minmax(0, 1fr); }
  .changes > li { grid-template-columns: 1fr; }
  .calendar { grid-template-columns: repeat(15, minmax(0, 1fr)); }
  .copyable { flex-direction: column; padding: .65rem .8rem; gap: .4rem; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; left: -99rem; }
  tr { padding: .6rem 0; border-top: 1px solid var(--line); }
  th, td { min-width: 0 !important; padding: 0; border: 0 !important; }
  tbody th { font-weight: 600; }
  td.number, th.number { text-align: left; }
  td.number::before, .many td[data-column]::before { content: attr(data-column) ": "; color: var(--quiet); }
  td:empty { display: none; }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --sheet: #fff; --line: #bbb; --quiet: #444; --ink: #000; --strong: #000; --code: #f4f4f4; }
  html { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; }
  button, .skip, form > :not(output), .none, .provenance a, .same a { display: none !important; }
  .same > ul > li { content-visibility: visible; }
  .finding, .notice, tr, li { break-inside: avoid; }
  .finding:has(details), li:has(li) { break-inside: auto; }
  .marks, h2, h3, summary, .same > p { break-after: avoid; }
}
`;
