/** The small parts that a report’s page is made of. */
import { html } from 'hono/html';
import { counted } from '../counts.ts';
import { pointInTime, remedyParts } from '../wording.ts';

/** What the html template gives: escaped already. */
export type Markup = ReturnType<typeof html>;

/** A severity or a verdict: its word, or another in its place; its colour and its shape are the style’s. */
export const severityLabel = (severity: string, word = severity): Markup =>
  html`<span class="severity ${severity}">${word[0]?.toUpperCase()}${word.slice(1)}</span>`;

export const time = (at: string): Markup => html`<time datetime="${at}">${pointInTime(at)}</time>`;

interface Named {
  readonly namespace?: string | undefined;
  readonly name: string;
}
export const qualifiedName = ({ namespace, name }: Named): string => `${namespace ? `${namespace}/` : ''}${name}`;

/** `Deployment` quietly, then the namespace and name. */
export const objectLabel = ({ kind, ...named }: Named & { readonly kind: string }): Markup =>
  html`<span class="kind">${kind}</span> <bdi>${qualifiedName(named)}</bdi>`;

/** What to do; the script puts a button beside what is to be copied. */
export const remedyBlock = (remedy: string): Markup[] =>
  remedyParts(remedy).map(({ kind, text }) =>
    kind === 'sentence' ? html`<p class="remedy">${text}</p>` : html`<div class="copyable"><pre><code>${text}</code></pre></div>`,
  );

/** Said where there is no room for so many of a list. */
export const inJson = (count: number): string => `${counted(count, 'more', 'more')}, in the report’s JSON`;

/** The beginning of a text that stands whole elsewhere on the page. Never half a character. */
export const beginning = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
