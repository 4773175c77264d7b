/** The lives of Kubernetes' API versions out of what its modules say: the markers of its types, and what each minor was seen to serve. */
import type { ApiLife, ApiLives, GroupVersionKind } from '../../../functions/cluster/api-lifecycle.ts';
import type { Marker } from './markers.ts';
import { keyOf, type Served, type ServedKind } from './served.ts';

const minorName = (minor: number): string => `1.${minor}`;
const earlier = (...minors: readonly (number | undefined)[]): number | undefined => {
  const known = minors.filter((minor) => minor !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** Every kind but lists, in the order of group, version and kind. Throws where a minor between the oldest and the newest was not read. */
export function mergeLives(markers: readonly Marker[], served: readonly Served[]): ApiLives {
  const minors = served.toSorted((one, other) => one.minor - other.minor);
  const [oldest, newest] = [minors.at(0), minors.at(-1)];
  if (oldest === undefined || newest === undefined) throw new Error('no minor of Kubernetes was read');
  const hole = minors.find(({ minor }, index) => index > 0 && minor !== (minors[index - 1]?.minor ?? 0) + 1);
  if (hole !== undefined) throw new Error(`the minor before ${minorName(hole.minor)} was not read: what it served last cannot be told`);
  const marked = newestMarkers(markers);
  const seen = new Map(minors.flatMap(({ kinds }) => [...kinds]));
  const all = new Map<string, GroupVersionKind>([...marked, ...seen]);
  const isList = ({ group, version, kind }: GroupVersionKind): boolean =>
    kind.endsWith('List') && all.has(keyOf({ group, version, kind: kind.slice(0, -'List'.length) }));
  const lives = all
    .values()
    .filter((kind) => !isList(kind))
    .map((kind) => lifeOf(kind, marked.get(keyOf(kind)), minors, all))
    .toArray()
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  return {
    oldest: minorName(oldest.minor),
    newest: minorName(newest.minor),
    sources: Object.fromEntries(minors.map(({ minor, source }) => [minorName(minor), source])),
    lives,
  };
}

/** A kind is dropped from the module some minors after it was removed: the newest that still has it knows best. */
function newestMarkers(markers: readonly Marker[]): Map<string, Marker> {
  const newest = new Map<string, Marker>();
  for (const marker of markers) {
    const before = newest.get(keyOf(marker));
    if (before === undefined || before.minor < marker.minor) newest.set(keyOf(marker), marker);
  }
  return newest;
}

function lifeOf(
  { group, version, kind }: GroupVersionKind,
  marker: Marker | undefined,
  minors: readonly Served[],
  all: ReadonlyMap<string, GroupVersionKind>,
): ApiLife {
  const key = keyOf({ group, version, kind });
  const serving = minors.filter(({ kinds }) => kinds.has(key));
  const [first, last] = [serving.at(0), serving.at(-1)];
  const shape = last?.kinds.get(key);
  // Of the marker and of what is served the earlier is right: markers are promises, and nothing was ever served longer than promised.
  const removed = earlier(marker?.removed, goneAfter(shape, last, minors));
  const introduced = earlier(marker?.introduced, first === minors[0] ? undefined : first?.minor);
  // What went before its deprecation began was never deprecated.
  const deprecated =
    marker?.deprecated !== undefined && (removed === undefined || marker.deprecated < removed) ? marker.deprecated : undefined;
  const replacement = marker?.replacement && existing(marker.replacement, all);
  return {
    group,
    version,
    kind,
    ...(shape !== undefined && { resource: shape.resource }),
    ...(introduced !== undefined && { introduced: minorName(introduced) }),
    ...(deprecated !== undefined && { deprecated: minorName(deprecated) }),
    ...(removed !== undefined && { removed: minorName(removed) }),
    ...(marker?.removed !== undefined && marker.removed !== removed && { markedRemoved: minorName(marker.removed) }),
    ...(replacement !== undefined && { replacement }),
    ...(shape !== undefined && last !== undefined && isOffByDefault(shape, last) && { offByDefault: true }),
    ...(marker !== undefined && { markers: marker.source }),
    ...(first !== undefined && last !== undefined && { firstServed: minorName(first.minor), lastServed: minorName(last.minor) }),
  };
}

/** The first minor that no longer has it. Of a body of another version's requests the document cannot tell. */
function goneAfter(shape: ServedKind | undefined, last: Served | undefined, minors: readonly Served[]): number | undefined {
  if (shape === undefined || last === undefined || !shape.own || last === minors.at(-1)) return undefined;
  return last.minor + 1;
}

/** Some markers name what is none: networking v1 IngressClassList for IngressClass, apps v1 DeploymentRollback, which never was. */
function existing(replacement: GroupVersionKind, all: ReadonlyMap<string, GroupVersionKind>): GroupVersionKind | undefined {
  const { group, version, kind } = replacement;
  const item = { group, version, kind: kind.replace(/List$/, '') };
  return all.has(keyOf(item)) ? item : undefined;
}

/** Alphas always are; betas that came with or after 1.24: instance.go and KEP 3136. */
function isOffByDefault({ group, version, resource, own }: ServedKind, { onByDefault }: Served): boolean {
  if (!own || !/alpha|beta/.test(version)) return false;
  if (onByDefault === undefined) return version.includes('alpha');
  const [plural] = resource.split('/');
  return !onByDefault.has(`${group}/${version}/${plural}`);
}
