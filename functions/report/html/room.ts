/** A page’s size: what is listed is listed whole, until there is no room left. */
import { html } from 'hono/html';
import type { Markup } from './parts.ts';

/** Of a page in UTF-8: what browsers open at once and mail servers take. */
export const pageBytes = 3_000_000;
/** One entry beyond this is left out alone. Any other that does not fit ends the list: what is left out is then the mildest. */
const monstrous = 500_000;

export interface Room {
  /** Bytes that may still be written. */
  left: number;
  ended: boolean;
}
export const roomOf = (bytes: number): Room => ({ left: bytes, ended: false });

export const sizeOf = (markup: Markup): number => Buffer.byteLength(String(markup));

/** Some of a list’s items, and those for which there was no room. `markup` is undefined where there was none for any. */
export interface Listed<T> {
  readonly markup: Markup | undefined;
  readonly leftOut: readonly T[];
}

/** One item, whole or not at all. */
export function listOne<T>(item: T, room: Room, render: (item: T) => Markup): Listed<T> {
  const nothing = { markup: undefined, leftOut: [item] };
  if (room.ended) return nothing;
  const markup = render(item);
  const size = sizeOf(markup);
  if (size <= room.left) {
    room.left -= size;
    return { markup, leftOut: [] };
  }
  room.ended = size < monstrous;
  return nothing;
}

/** What stands around a list; what closes it may say how many items are left out of it. */
export interface Frame {
  readonly room: Room;
  readonly before: Markup;
  readonly after: (leftOut: number) => Markup;
}
const most = 9_999_999;

/** As many of the items in their order as fit within the frame. An item may itself be a list of which a part fits. */
export function listAll<Item, T>(items: readonly Item[], { room, before, after }: Frame, list: (item: Item) => Listed<T>): Listed<T> {
  const size = sizeOf(before) + sizeOf(after(most));
  room.left -= size;
  const parts = items.map(list);
  const markups = parts.flatMap(({ markup }) => markup ?? []);
  const leftOut = parts.flatMap((part) => part.leftOut);
  if (markups.length > 0) return { markup: html`${before}${markups}${after(leftOut.length)}`, leftOut };
  room.left += size;
  return { markup: undefined, leftOut };
}
