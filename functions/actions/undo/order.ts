/** In which order things come back: what others need first, as Velero restores; the rest by the alphabet. */
import { refKey } from '../../scan/contracts.ts';
import { restoredFirst } from '../../velero/restore-priorities.ts';
import type { Action, PlannedAction } from '../contracts.ts';

const ranks = new Map(restoredFirst.map((name, rank) => [name, rank]));

type Placed = Pick<PlannedAction, 'object' | 'resource'>;

const nameOf = ({ resource: { group, resource } }: Placed): string => (group === '' ? resource : `${resource}.${group}`);
export const rankOf = (placed: Placed): number => ranks.get(nameOf(placed)) ?? restoredFirst.length;

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** For sorting. */
export const byDependency = (one: Placed, other: Placed): number =>
  rankOf(one) - rankOf(other) ||
  compareTexts(nameOf(one), nameOf(other)) ||
  compareTexts(one.object.namespace ?? '', other.object.namespace ?? '') ||
  compareTexts(one.object.name, other.object.name);

/** The object of an action in one string, for sets. */
export const keyOf = ({ apiVersion, kind, namespace, name }: Action['object']): string =>
  refKey({ apiVersion, kind, ...(namespace !== undefined && { namespace }), name });
