/** What lies in a played bucket. */
import { hash } from 'node:crypto';

export interface PlayedObject {
  readonly body: Uint8Array;
  /** In ms. */
  readonly lastModified: number;
  readonly storageClass?: string;
  /** As listed, where that is not the body's. */
  readonly size?: number;
}

export type Files = Readonly<Record<string, PlayedObject>>;

const tags = new WeakMap<Uint8Array, string>();
export function tagOf(body: Uint8Array): string {
  const tag = tags.get(body) ?? `"${hash('md5', body)}"`;
  tags.set(body, tag);
  return tag;
}

/** Under the version of what was there before: so rot looks. */
export function underTheTagOf(before: Uint8Array, body: Uint8Array): Uint8Array {
  tags.set(body, tagOf(before));
  return body;
}

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
