/**
 * The lives of the versions of Kubernetes' own API: since when and until when its API server serves a kind in a version. The table beside this
 * file is generated from Kubernetes' Go modules (`npm run generate:api-lifecycle`; docs/api-lifecycle.md says what it proves and what not).
 */
import table from './api-lifecycle.json' with { type: 'json' };

/** A kind in a version; the group of the core API is empty. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** One row of the table. Minors are written "1.22". */
export interface ApiLife extends GroupVersionKind {
  /** The plural, or pods/eviction where it is only the body of a request; absent where it is never served as an object (AdmissionReview). */
  readonly resource?: string;
  /** The first minor that has it; absent where that was before the oldest that was read and no marker tells. */
  readonly introduced?: string;
  readonly deprecated?: string;
  /** The first minor that does not serve it. Absent: none is known. */
  readonly removed?: string;
  /** What the marker in its Go type promises, where it was gone sooner. */
  readonly markedRemoved?: string;
  /** What the marker names; replacementFor finds one where there is no marker. */
  readonly replacement?: GroupVersionKind;
  /** The last minor that has it serves it only where --runtime-config turns it on: alphas, and betas since 1.24. */
  readonly offByDefault?: boolean;
  /** The Go module whose markers told introduced, deprecated, removed and replacement. Absent: it has none. */
  readonly markers?: string;
  /** The first and last minor whose OpenAPI document has it; `sources` of the table tells the module of each. */
  readonly firstServed?: string;
  readonly lastServed?: string;
}

/** The whole table. */
export interface ApiLives {
  /** The oldest and the newest minor that was read: beyond them less is known. */
  readonly oldest: string;
  readonly newest: string;
  readonly sources: Readonly<Record<string, string>>;
  readonly lives: readonly ApiLife[];
}

/** Every life that is known. */
export const apiLives: ApiLives = table;

export type ApiState = 'served' | 'deprecated' | 'removed' | 'not-yet' | 'unknown';

/** What one minor of Kubernetes does with a kind in a version. */
export interface ApiAnswer {
  /** Unknown: not a kind of Kubernetes' own (a CRD's, an aggregated API's), or a minor of which the table cannot tell. Never to be read as served. */
  readonly state: ApiState;
  /** The minor of that state: "1.22" introduced, deprecated or removed it. */
  readonly since?: string;
  /** A version of the same kind, or the kind that took its place, that this minor serves: of deprecated and removed ones. */
  readonly replacement?: GroupVersionKind;
  /** It is served only where it was turned on. */
  readonly offByDefault?: true;
}

const byName = new Map(apiLives.lives.map((life) => [`${apiVersionOf(life)}/${life.kind}`, life]));
const oldest = minorOf(apiLives.oldest);
const newest = minorOf(apiLives.newest);

/** As manifests have it: v1, apps/v1. */
export function apiVersionOf({ group, version }: Pick<GroupVersionKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/**
 * The minor of a version as Kubernetes, its distributions and people write it: 29 of "v1.29.4-eks-036c24b", "1.29", "v1.29.0+k3s1" and "1.29+".
 * Undefined where it is not a version of Kubernetes 1.
 */
export function kubernetesMinor(version: string): number | undefined {
  const minor = /^v?1\.(\d{1,3})(?:\+|[.+-][\w.+~-]*)?$/.exec(version.trim())?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** The row of a kind (of a list: of its items), if it is Kubernetes' own. */
export function apiLife(apiVersion: string, kind: string): ApiLife | undefined {
  return byName.get(`${apiVersion}/${kind}`) ?? byName.get(`${apiVersion}/${kind.replace(/List$/, '')}`);
}

/**
 * What an API server of that minor (29 for 1.29: kubernetesMinor) does with a kind in a version, as Kubernetes is released: the environment variable
 * KUBE_APISERVER_SERVE_REMOVED_APIS_FOR_ONE_RELEASE and --emulated-version can prolong a life, --runtime-config can end it.
 */
export function servedBy(apiVersion: string, kind: string, minor: number): ApiAnswer {
  const life = apiLife(apiVersion, kind);
  if (life === undefined) return { state: 'unknown' };
  const state = stateAt(life, minor);
  const since = sinceOf(life, state);
  const replacement = state === 'deprecated' || state === 'removed' ? replacementFor(life, minor) : undefined;
  return {
    state,
    ...(since !== undefined && { since }),
    ...(replacement !== undefined && { replacement }),
    ...(life.offByDefault && isServed(state) && { offByDefault: true }),
  };
}

/**
 * What to write instead where that minor is the target: the marker's replacement or another version of the same kind, one that is not deprecated
 * there before one that is, then the most stable and newest. Undefined where that minor serves none.
 */
export function replacementFor(life: ApiLife, minor: number): GroupVersionKind | undefined {
  const { group, kind } = life.replacement ?? life;
  const best = apiLives.lives
    .filter(
      (other) =>
        other !== life && ((other.group === group && other.kind === kind) || (other.group === life.group && other.kind === life.kind)),
    )
    .filter((other) => isServed(stateAt(other, minor)))
    .toSorted((one, other) => preference(other, minor) - preference(one, minor) || byVersion(other.version, one.version))
    .at(0);
  return best && { group: best.group, version: best.version, kind: best.kind };
}

const isServed = (state: ApiState): boolean => state === 'served' || state === 'deprecated';
const preference = (life: ApiLife, minor: number): number => (life.offByDefault ? 0 : 2) + (stateAt(life, minor) === 'served' ? 1 : 0);

function stateAt(life: ApiLife, minor: number): ApiState {
  const { introduced, deprecated, removed } = life;
  if (removed !== undefined && minor >= minorOf(removed)) return 'removed';
  if (introduced === undefined && minor < oldest) return 'unknown';
  if (introduced !== undefined && minor < minorOf(introduced)) return 'not-yet';
  // Of minors to come only what is promised is known: stable versions stay, pre-releases go at their marker at the latest, or before.
  if (minor > newest && !isStable(life.version)) return 'unknown';
  return deprecated !== undefined && minor >= minorOf(deprecated) ? 'deprecated' : 'served';
}

function sinceOf({ introduced, deprecated, removed }: ApiLife, state: ApiState): string | undefined {
  if (state === 'removed') return removed;
  if (state === 'deprecated') return deprecated;
  return state === 'unknown' ? undefined : introduced;
}

function isStable(version: string): boolean {
  return /^v\d+$/.test(version);
}

/** Kubernetes' own order of versions: v2, v1, v2beta1, v1beta2, v1alpha1. */
function byVersion(one: string, other: string): number {
  const [first, second] = [one, other].map((version) => {
    const [, major = '', stage, number = ''] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
    return (stage === undefined ? 2e6 : stage === 'beta' ? 1e6 : 0) + Number(major) * 1e3 + Number(number);
  });
  return (first ?? 0) - (second ?? 0);
}

function minorOf(minor: string): number {
  return Number(minor.split('.')[1]);
}
