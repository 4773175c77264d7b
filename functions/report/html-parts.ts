/** The small parts that a report’s page is made of. */
import { html } from 'hono/html';
import { pointInTime, remedyParts } from './wording.ts';

/** What the html template gives: escaped already. */
export type Markup = ReturnType<typeof html>;

/** Each severity has a shape of its own beside its word and colour. Drawn once, used by reference. */
export const shapes = `<svg hidden aria-hidden="true" width="0" height="0">
<symbol id="shape-critical" viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/></symbol>
<symbol id="shape-warning" viewBox="0 0 16 16"><path d="M8 1.2 15.6 14.6H.4z"/></symbol>
<symbol id="shape-info" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.5"/></symbol>
<symbol id="shape-healthy" viewBox="0 0 16 16"><path d="M6.2 13.4.9 8.1l2-2 3.3 3.3 6.9-6.9 2 2z"/></symbol>
<symbol id="shape-incomplete" viewBox="0 0 16 16"><path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.2a4.8 4.8 0 0 1 0 9.6z"/></symbol>
<symbol id="shape-moon" viewBox="0 0 16 16"><path d="M10.5 1.2A7 7 0 1 0 14.8 10 5.6 5.6 0 0 1 10.5 1.2z"/></symbol>
</svg>`;

const shapeOf: Readonly<Record<string, string>> = { degraded: 'warning' };

/** A severity or a verdict: its shape and its word, or another word with the same shape. */
export const severityLabel = (severity: string, word = severity): Markup =>
  html`<span class="severity ${severity}"><svg aria-hidden="true"><use href="#shape-${shapeOf[severity] ?? severity}"/></svg>${word[0]?.toUpperCase()}${word.slice(1)}</span>`;

export const time = (at: string): Markup => html`<time datetime="${at}">${pointInTime(at)}</time>`;

/** `Deployment` quietly, then the namespace and name. */
export const objectLabel = ({ kind, namespace, name }: { kind: string; namespace?: string | undefined; name: string }): Markup =>
  html`<span class="kind">${kind}</span> ${namespace ? `${namespace}/` : ''}${name}`;

/** What to do; what is to be copied has a button, which the script shows. */
export const remedyBlock = (remedy: string): Markup[] =>
  remedyParts(remedy).map(({ kind, text }) =>
    kind === 'sentence'
      ? html`<div class="remedy"><p>${text}</p></div>`
      : html`<div class="copyable"><pre><code>${text}</code></pre><button type="button" hidden>Copy</button></div>`,
  );
