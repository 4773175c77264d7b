import { type End, type IgnoreAnnotation, type Read, refKey, refTo, type ScanRun } from './contracts.ts';
import { climbs } from './owners.ts';
import type { Reader } from './plan-reads.ts';

/** What people write on an object, or on its namespace, so that what is said of it is left out of the report. */
export const ignoreAnnotations = {
  /** Checks, separated by commas; * and ? stand for any characters, any character. */
  ignore: 'nightshift.dev/ignore',
  /** The last day on which it holds (UTC). */
  until: 'nightshift.dev/ignore-until',
  reason: 'nightshift.dev/ignore-reason',
} as const;

interface Annotated {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string | null;
    readonly annotations?: Readonly<Record<string, unknown>> | null;
    readonly ownerReferences?: readonly ({ readonly kind?: string; readonly controller?: boolean | null } | null)[] | null;
  } | null;
}

/** Of a longer value so much is kept: an annotation may have 256 KB, and every pod may carry one. */
const mostCharacters = 1_000;

/** Manifests may hold what an API server refuses: a number, a list. What is cut is copied: a slice alone keeps the whole in memory. */
const textOf = (value: unknown): string => {
  const text = typeof value === 'object' ? '' : String(value);
  return text.length <= mostCharacters ? text : Buffer.from(text.slice(0, mostCharacters + 1)).toString();
};

/**
 * The Deployment controller copies its Deployment's annotations to its ReplicaSets and never takes one away again: a copy says nothing.
 * https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/controller/deployment/util/deployment_util.go (SetNewReplicaSetAnnotations)
 */
const isCopy = ({ kind }: Read, { ownerReferences }: NonNullable<Annotated['metadata']>): boolean =>
  kind === 'ReplicaSet' &&
  Array.isArray(ownerReferences) &&
  ownerReferences.some((owner) => owner?.controller && owner.kind === 'Deployment');

/** Also what an API server would never let pass must not end a scan. */
const isNamed = ({ name, namespace }: { readonly name?: unknown; readonly namespace?: unknown }): boolean =>
  typeof name === 'string' && (namespace === undefined || namespace === null || typeof namespace === 'string');

/** Notes which of the passing objects carry the annotation: one look at each, and only those are kept. */
export const annotationSelection = () => {
  const carried = new Map<string, IgnoreAnnotation>();
  return {
    note(read: Read, object: unknown): void {
      const metadata = (object as Annotated | null)?.metadata;
      const ignore = metadata?.annotations?.[ignoreAnnotations.ignore];
      if (ignore === undefined || ignore === null || !metadata?.annotations || !isNamed(metadata) || isCopy(read, metadata)) return;
      const { [ignoreAnnotations.until]: until, [ignoreAnnotations.reason]: reason } = metadata.annotations;
      const found: IgnoreAnnotation = {
        object: refTo(read, metadata),
        ignore: textOf(ignore),
        ...(until !== undefined && until !== null && { until: textOf(until) }),
        ...(reason !== undefined && reason !== null && { reason: textOf(reason) }),
      };
      const key = refKey(found.object);
      const other = carried.get(key);
      // An object that was replaced between two pages comes twice: which of the two counts must not hang on their order.
      if (!other || JSON.stringify(found) < JSON.stringify(other)) carried.set(key, found);
    },
    result: (): ReadonlyMap<string, IgnoreAnnotation> => carried,
  };
};

/** What is read beside, for annotations alone: the owners' kinds where a reader asks for owners, and nothing where nothing else is read. */
export const annotationReads = (
  readers: readonly Reader[],
  kinds: ScanRun['annotatedKinds'] = { always: [], owners: [] },
): readonly Read[] => {
  if (readers.length === 0) return [];
  const wanted = readers.some(({ read }) => climbs(read)) ? [...kinds.always, ...kinds.owners] : kinds.always;
  return wanted.map((read): Read => ({ ...read, part: 'metadata', optional: true }));
};

/** The kinds of `reads` whose annotations were not seen, or not of every object, with the reason; absent kinds have none. */
export const unseenAnnotations = (
  reads: readonly Read[],
  ends: readonly End[],
): readonly { readonly kind: string; readonly reason: string }[] =>
  reads.flatMap(({ kind, group, resource }) => {
    const ofResource = ends.filter(({ read }) => read.group === group && read.resource === resource);
    const gap = ofResource.find(({ state }) => state === 'failed' || state === 'off' || state === 'not-granted');
    if (!gap || !('reason' in gap)) return [];
    return [{ kind, reason: gap.state === 'failed' ? gap.message : gap.reason }];
  });
