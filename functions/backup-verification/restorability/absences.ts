/** What something in a backup needs and the backup lacks, collected while the archive passes, and said at its end: one finding a missing thing. */
import { some } from '../../health-check/wire.ts';
import type { Read, Ref, Severity } from '../../scan/contracts.ts';
import { refKey } from '../../scan/contracts.ts';
import type { ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import { canonicalPath, groupResource } from '../../velero/archive/archive-path.ts';
import type { ClusterFacts } from '../../velero/cluster-facts.ts';
import { holdsNamespace, type KindNames } from '../../velero/source/held-kinds.ts';
import { isNotWhole } from '../content/not-whole.ts';
import type { CheckPass, OpenedBackup } from '../contracts.ts';
import { holdsEvery, type LeftOut, leftOut } from './backup-claim.ts';
import { placeOf } from './fields.ts';
import { type Effect, gravityOf, standingOf } from './gravity.ts';
import type { Workload } from './references.ts';

/** Of what needs a thing, this many are named in the finding. */
export const mostMembers = 20;
/** Missing things of one check that get a finding each; the others share one. */
const mostFindings = 30;

/** Something needs a thing. */
export interface Need {
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly by: Ref;
  /** Where it says so: `volume config`. */
  readonly how: string;
  readonly effect: Effect;
  readonly worked: boolean;
  /** What needs it is made by something else that most likely needs it too. */
  readonly isControlled: boolean;
}

/** The same in whatever order needs came. */
export interface Wanted {
  readonly namespace?: string | undefined;
  readonly name: string;
  /** The first ones in alphabetical order. */
  readonly by: readonly { readonly object: Ref; readonly how: string }[];
  readonly count: number;
  readonly effect: Effect;
  readonly worked: boolean;
}

const effects: readonly Effect[] = ['blocking', 'degraded', 'recreated', 'idle'];
const graver = (one: Effect, other: Effect): Effect => (effects.indexOf(one) <= effects.indexOf(other) ? one : other);

/** Tens of thousands of things may be needed, nearly all of them by one thing alone: what is kept of each is little. */
interface Tally {
  readonly by: { readonly object: Ref; readonly how: string }[];
  count: number;
}
interface Collected {
  readonly namespace?: string | undefined;
  readonly name: string;
  own: Tally | undefined;
  controlled: Tally | undefined;
  effect: Effect;
  worked: boolean;
}

function counted(tally: Tally | undefined, object: Ref, how: string): Tally {
  if (!tally) return { by: [{ object, how }], count: 1 };
  count(tally, object, how);
  return tally;
}

function count(tally: Tally, object: Ref, how: string): void {
  tally.count += 1;
  const key = refKey(object);
  const last = tally.by.at(-1);
  if (last && tally.by.length >= mostMembers && key >= refKey(last.object)) return;
  const at = tally.by.findIndex((each) => key < refKey(each.object));
  tally.by.splice(at < 0 ? tally.by.length : at, 0, { object, how });
  if (tally.by.length > mostMembers) tally.by.pop();
}

/** Collects needs by the thing that is needed. */
export const collectNeeds = () => {
  const collected = new Map<string, Collected>();
  return {
    add({ namespace, name, by, how, effect, worked, isControlled }: Need): void {
      const key = placeOf({ namespace, name });
      const known: Collected = collected.get(key) ?? { namespace, name, own: undefined, controlled: undefined, effect, worked };
      collected.set(key, known);
      known.effect = graver(known.effect, effect);
      known.worked ||= worked;
      if (isControlled) known.controlled = counted(known.controlled, by, how);
      else known.own = counted(known.own, by, how);
    },
    /** What is needed, in alphabetical order. Of a Deployment and its pods only the Deployment is named. */
    all: (): readonly Wanted[] =>
      [...collected.entries()]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([, { namespace, name, own, controlled, effect, worked }]) => {
          const { by = [], count: total = 0 } = own ?? controlled ?? {};
          return { namespace, name, by, count: total, effect, worked };
        }),
  };
};

/** A workload's need. */
export const needOf = (
  { object, isControlled, isIdle, worked }: Workload,
  named: { readonly namespace?: string | undefined; readonly name: string; readonly how: string; readonly isWeak: boolean },
): Need => ({
  ...named,
  by: object,
  effect: isIdle ? 'idle' : named.isWeak ? 'degraded' : 'blocking',
  worked,
  isControlled,
});

/** What the cluster has of a kind without namespaces, where it was asked. */
export function presentInCluster(cluster: ClusterFacts, read: Read<{ readonly metadata?: { readonly name?: string } }>) {
  const listed = cluster.of(read);
  if (listed.state !== 'read') return (): 'unasked' => 'unasked';
  const names = new Set(listed.objects.map(({ metadata }) => metadata?.name));
  return (name: string): 'has' | 'lacks' => (names.has(name) ? 'has' : 'lacks');
}

/** Something that is needed and missing. */
export interface Missing extends Wanted {
  readonly inCluster: 'has' | 'lacks' | 'unasked';
  /** What comes of it, after a colon: `their pods wait in ContainerCreating`. */
  readonly consequence: string;
  /** The next step, where the kind as a whole is not left out. */
  readonly remedy: string;
  /** Which part of the message says where it should be; the path of the missing object unless told. */
  readonly place?: string;
  /** Where it belongs, if not where all of its kind do. */
  readonly scope?: 'namespace' | 'cluster';
  /** The cluster lacked it too when it was backed up; told by what the backup holds of its kind, unless given. */
  readonly wasLacking?: boolean;
}

/** `namespaced` tells which filters hold for it; `scope` where it belongs, where that is another thing. */
export interface MissingKind extends KindNames {
  /** What it is in words, where it is not its kind: `Helm release`. */
  readonly called?: string;
  readonly scope?: 'namespace' | 'cluster';
  /** Velero brings it along with what needs it, whatever its labels. */
  readonly comesAlong?: true;
}

const pathOf = ({ resource, group }: KindNames, { namespace, name }: Wanted): string =>
  canonicalPath({ resource, group, ...(namespace !== undefined && { namespace }), name });

const called = ({ called: told, kind }: MissingKind): string => told ?? kind;

const named = ({ kind, namespace, name }: Ref): string => `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;

const neededBy = ({ by, count: total }: Wanted): string => {
  const [first] = by;
  const rest = total - 1;
  if (first === undefined) return 'something needs';
  return `${named(first.object)} (${first.how})${rest > 0 ? ` and ${rest} more need` : ' needs'}`;
};

const whoNeeds = ({ by, count: total }: Wanted): string =>
  `${by[0] ? named(by[0].object) : '?'}${total > 1 ? ` and ${total - 1} more` : ''}`;

/** False, and said as unknown, where the archive was not read to its end: then nothing may be called missing. */
export const sawWhole = (end: ArchiveEnd, opened: OpenedBackup, pass: CheckPass): boolean => !isNotWhole(end, opened, pass);

const causes: Readonly<Record<LeftOut, string>> = {
  no: '',
  'by-filter': 'the backup’s filters leave',
  'by-selector': 'the backup’s label selector leaves',
  'by-velero': 'Velero left',
};
const filterRemedy = (kind: MissingKind, { metadata }: OpenedBackup): string =>
  `have ${groupResource(kind)} backed up by ${owner(metadata)}, or keep them where the restore can have them (Git, a chart)`;
const veleroRemedy = (_: MissingKind, { metadata }: OpenedBackup): string =>
  `set includedClusterScopedResources: ["*"] in ${owner(metadata)}: without it Velero 1.17 and later leave out what has no namespace`;
const owner = ({ schedule, namespace, name }: OpenedBackup['metadata']): string =>
  schedule === undefined ? `Backup ${namespace}/${name}` : `the template of Schedule ${namespace}/${schedule}`;

/** What is to be done where a kind as a whole is left out. */
const remedies: Readonly<Record<Exclude<LeftOut, 'no'>, (kind: MissingKind, opened: OpenedBackup) => string>> = {
  'by-filter': filterRemedy,
  'by-selector': ({ resource }) =>
    `give the ${resource} the label that the backup selects by, or restore into a cluster that has them already`,
  'by-velero': veleroRemedy,
};

interface Graded {
  readonly severity: Severity;
  readonly each: Missing;
  /** The cluster lacked it too. */
  readonly wasLacking: boolean;
}
const order: readonly Severity[] = ['critical', 'warning', 'info'];
const byGravity = (one: Graded, other: Graded): number =>
  order.indexOf(one.severity) - order.indexOf(other.severity) || effects.indexOf(one.each.effect) - effects.indexOf(other.each.effect);

/** One finding for each that is missing; one for all where the kind as a whole is left out, which is one cause. */
export function sayMissing(opened: OpenedBackup, pass: CheckPass, kind: MissingKind, missing: readonly Missing[]): void {
  const { spec } = opened.metadata;
  const told = leftOut(spec, kind);
  const out = told === 'by-selector' && kind.comesAlong ? 'no' : told;
  const standing = standingOf(opened);
  const graded = missing.flatMap((each): readonly Graded[] => {
    const { namespace } = each;
    const scope = each.scope ?? kind.scope ?? (kind.namespaced ? 'namespace' : 'cluster');
    const isFiltered = out === 'by-filter' || out === 'by-selector' || (namespace !== undefined && !holdsNamespace(namespace, spec));
    const wasLacking = each.wasLacking ?? holdsEvery(opened.metadata, kind, namespace);
    const severity = gravityOf(standing, { ...each, scope, isFiltered, wasLacking });
    return severity === undefined ? [] : [{ severity, each, wasLacking }];
  });
  const sorted = graded.toSorted(byGravity);
  const single = out === 'no' ? sorted.slice(0, mostFindings) : [];
  for (const one of single) sayOne(opened, pass, kind, one);
  const rest = sorted.slice(single.length);
  const [gravest] = rest;
  if (gravest) saySeveral(opened, pass, { kind, out, rest, gravest });
}

/** What tells a fault of the backup from one that it took over from the cluster. */
const asBefore = ({ each: { effect, worked }, wasLacking }: Graded): string => {
  if (effect === 'blocking' && !worked) return ', as it was not ready either when it was backed up';
  return effect === 'degraded' && wasLacking ? ', as before: the cluster had none either when it was backed up' : '';
};

function sayOne({ backup }: OpenedBackup, pass: CheckPass, kind: MissingKind, graded: Graded): void {
  const { severity, each } = graded;
  const { by, count: total, consequence, remedy, inCluster, place = pathOf(kind, each) } = each;
  pass.emit({
    object: pass.about(backup),
    backup: backup.name,
    subject: `${called(kind)} ${placeOf(each)}`,
    severity,
    message: `${neededBy(each)} ${called(kind)} ${placeOf(each)}, and the backup has no ${place}${aside(inCluster)}: ${consequence}${asBefore(graded)}`,
    remedy,
    members: by.map(({ object }) => object),
    details: { backup: backup.name, neededBy: total, comparedWith: comparedWith(inCluster) },
  });
}

interface Several {
  readonly kind: MissingKind;
  readonly out: LeftOut;
  readonly rest: readonly Graded[];
  readonly gravest: Graded;
}

function saySeveral(opened: OpenedBackup, pass: CheckPass, { kind, out, rest, gravest }: Several): void {
  const { backup } = opened;
  const { consequence, remedy, inCluster } = gravest.each;
  const names = some(rest.map(({ each }) => `${placeOf(each)} by ${whoNeeds(each)}`));
  const cause = causes[out];
  const resource = groupResource(kind);
  const are = rest.length === 1 ? '1 that is' : `${rest.length} that are`;
  pass.emit({
    object: pass.about(backup),
    backup: backup.name,
    subject: `${out === 'no' ? 'more' : 'left out'}: ${called(kind)}`,
    severity: gravest.severity,
    message:
      out === 'no'
        ? `${rest.length} more of ${resource} are needed and not in the backup, ${names}: ${consequence}`
        : `${cause} out ${resource}, also ${are} needed: ${names}${aside(inCluster)}: ${consequence}`,
    remedy: out === 'no' ? remedy : remedies[out](kind, opened),
    members: rest.flatMap(({ each }) => each.by.slice(0, 1).map(({ object }) => object)).slice(0, mostMembers),
    details: { backup: backup.name, missing: rest.length, comparedWith: comparedWith(inCluster) },
  });
}

const aside = (inCluster: Missing['inCluster']): string =>
  inCluster === 'has' ? ' (the cluster has it today, an empty one would not)' : inCluster === 'lacks' ? ' (nor has the cluster)' : '';
const comparedWith = (inCluster: Missing['inCluster']): string =>
  inCluster === 'unasked' ? 'the backup and what every cluster has' : 'the backup, what every cluster has, and the cluster as it is';
