import { annotationReads, annotationSelection, unseenAnnotations } from './annotations.ts';
import { budgetRemedy, consume } from './consume.ts';
import {
  type End,
  type Link,
  NotApplicable,
  NotReadable,
  type Observer,
  type ObserverEnd,
  type Pass,
  type ProbeAnswer,
  type Read,
  type Reads,
  type Reducer,
  refKey,
  refTo,
  type ScanResult,
  type ScanRun,
  type SharedKey,
  type Source,
} from './contracts.ts';
import { labelSelection } from './label-selection.ts';
import { climbs, ownerIndex } from './owners.ts';
import { type PlannedRead, planReads, type Reader } from './plan-reads.ts';
import { probesOf } from './probes.ts';
import { soundFinding, soundObjects, soundRef } from './sound-objects.ts';
import { withinBudget } from './within-budget.ts';
import { outOfReach } from './within-namespaces.ts';

/** One observer at work. `end` is set as soon as nothing more is to be learned from it. */
interface Running<Out> {
  readonly observer: Observer<Out>;
  readonly reads: Reads;
  reducer?: Reducer<Reads, unknown>;
  objects: number;
  end?: Omit<ObserverEnd, 'id' | 'objects'>;
  /** It threw at an object: how it ends for that, at best. */
  stumbled?: Omit<ObserverEnd, 'id' | 'objects'>;
}
type See = (object: unknown) => void;

const incomplete = (reason: string, remedy: string): Omit<ObserverEnd, 'id' | 'objects'> => ({ outcome: 'incomplete', reason, remedy });
const budgetSpent = () => incomplete('the time budget was spent', budgetRemedy);

/** What a throw of an observer means. A bug in one check must never stop the others. */
const endOfThrown = (error: unknown): Omit<ObserverEnd, 'id' | 'objects'> => {
  if (error instanceof NotApplicable) return { outcome: 'not-run', reason: error.message };
  if (error instanceof NotReadable) return incomplete(error.message, error.remedy);
  const message = error instanceof Error ? error.message : String(error);
  return incomplete(`the check failed: ${message}`, 'this is a fault of Nightshift: please report it with this message');
};

/** Why nothing that this source holds can tell it, or undefined where it may. */
const notApplicable = (
  { worksOnManifests, notInBackups }: Pick<Observer<unknown>, 'worksOnManifests' | 'notInBackups'>,
  source: Source,
  reads: readonly Read[],
): string | undefined => {
  if (source.stateless && !worksOnManifests) return source.stateless;
  if (source.kind === 'backup' && notInBackups) return notInBackups;
  const needed = reads.filter(({ optional }) => !optional);
  // Of one object its partner may be there, and of the other not.
  if (source.selection && new Set(needed.map(({ group, resource }) => `${group}/${resource}`)).size > 1) return source.selection;
  // Said here and not left to the source: a list that others read as well does not have this reader's namespace.
  const elsewhere = needed.map((read) => (read.namespace === undefined ? undefined : outOfReach(read, source.namespaces, true)));
  return elsewhere.find((each) => each !== undefined);
};

const begin = <Out>(observer: Observer<Out>, source: Source, run: ScanRun): { running: Running<Out>; options: unknown } => {
  const parsed = observer.options.safeParse(run.options?.[observer.id] ?? {});
  if (!parsed.success) throw new TypeError(`options of ${observer.id}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
  const reads = typeof observer.reads === 'function' ? observer.reads(parsed.data) : observer.reads;
  const running: Running<Out> = { observer, reads, objects: 0 };
  const off = run.off?.[observer.id];
  const reason = off ?? notApplicable(observer, source, Object.values(reads));
  if (reason !== undefined) running.end = { outcome: 'not-run', reason };
  return { running, options: parsed.data };
};

/** Shows a batch to one reader. An object that it does not get along with keeps none of the others from it, but what it says is then not whole. */
const show = <Out>(running: Running<Out>, see: See, { read, namespace }: Shown, objects: readonly unknown[]): void => {
  for (const object of objects) {
    if (running.end) return;
    const { metadata } = object as { metadata?: Parameters<typeof refTo>[1] & { namespace?: string } };
    if (namespace !== undefined && metadata?.namespace !== namespace) continue;
    running.objects += 1;
    try {
      see(object);
    } catch (error) {
      const end = endOfThrown(error);
      if (error instanceof NotApplicable || error instanceof NotReadable) running.end = end;
      else running.stumbled ??= { ...end, reason: `${end.reason} (at ${refKey(refTo(read, metadata))})` };
    }
  }
};

/** What a reader is shown: of these objects those of one namespace, where it wants no others. */
interface Shown {
  readonly read: Read;
  readonly namespace: string | undefined;
}
type Show = (objects: readonly unknown[]) => void;

const showers = <Out>(planned: PlannedRead, byId: ReadonlyMap<string, Running<Out>>): readonly Show[] =>
  planned.readers.flatMap(({ observer, name, read }) => {
    const running = byId.get(observer);
    const see: See | undefined = running?.reducer?.see[name] as See | undefined;
    if (!running || !see) return [];
    const namespace = planned.read.namespace === undefined ? read.namespace : undefined;
    return [(objects: readonly unknown[]) => running.end || show(running, see, { read, namespace }, objects)];
  });

/** What the ends of its reads mean for an observer; undefined where all that it needs came whole. */
const endOfReads = (readers: readonly { readonly read: Read; readonly end: End }[]): Omit<ObserverEnd, 'id' | 'objects'> | undefined => {
  const needed = readers.filter(({ read }) => !read.optional).map(({ end }) => end);
  const failed = needed.filter((end) => end.state === 'failed');
  if (failed.length > 0) {
    const unique = (texts: readonly string[]) => [...new Set(texts)];
    return incomplete(unique(failed.map(({ message }) => message)).join('; '), unique(failed.map(({ remedy }) => remedy)).join('\n'));
  }
  const missing = readers
    .filter(({ read, end }) => !read.optional && !(read.whereServed && end.state === 'absent'))
    .map(({ end }) => end)
    .find((end) => end.state === 'absent' || end.state === 'off' || end.state === 'not-granted');
  return missing && 'reason' in missing ? { outcome: 'not-run', reason: missing.reason } : undefined;
};

const finish = async <Out>(running: Running<Out>, signal: AbortSignal): Promise<Omit<ObserverEnd, 'id' | 'objects'>> => {
  try {
    const done = await withinBudget(
      Promise.resolve(running.reducer?.finish?.()).then(() => true),
      signal,
    );
    return done ? { outcome: 'ran' } : budgetSpent();
  } catch (error) {
    return endOfThrown(error);
  }
};

/** Made once a scan and key. */
const sharing = (): Pass<unknown, unknown, unknown>['shared'] => {
  const made = new Map<unknown, unknown>();
  return <T>(key: SharedKey<T>): T => {
    if (!made.has(key)) made.set(key, key.make());
    return made.get(key) as T;
  };
};

/** Starts the observers that are to run; what they emit lands in `out` and `links`. */
const startAll = <Out>(
  source: Source,
  observers: readonly Observer<Out>[],
  run: ScanRun,
  sink: {
    readonly out: (Out & { readonly observer: string })[];
    readonly links: Link[];
    readonly owner: Pass<Out, unknown, unknown>['owner'];
    readonly isWhole: (observer: string, read: string) => boolean;
    readonly shared: Pass<Out, unknown, unknown>['shared'];
    readonly probe: (path: string) => Promise<ProbeAnswer>;
  },
): ReadonlyMap<string, Running<Out>> => {
  const byId = new Map<string, Running<Out>>();
  for (const observer of observers) {
    const { running, options } = begin(observer, source, run);
    byId.set(observer.id, running);
    if (running.end) continue;
    const pass: Pass<Out, unknown, unknown> = {
      options,
      now: source.now,
      memory: run.memory?.[observer.id],
      emit: (found) => sink.out.push({ ...soundFinding(found), observer: observer.id }),
      link: (link) => sink.links.push({ ...link, effect: soundRef(link.effect), cause: soundRef(link.cause) }),
      owner: sink.owner,
      isWhole: (read) => sink.isWhole(observer.id, read),
      shared: sink.shared,
      probe: async (path) => {
        if (!observer.probes?.includes(path)) throw new TypeError(`${observer.id} does not declare the probe ${path}`);
        return sink.probe(path);
      },
    };
    try {
      running.reducer = observer.start(pass) as Reducer<Reads, unknown>;
    } catch (error) {
      running.end = endOfThrown(error);
    }
  }
  return byId;
};

/** Lets every observer conclude whose reads came whole, and says how each ended. */
const finishAll = async <Out>(
  byId: ReadonlyMap<string, Running<Out>>,
  planned: readonly PlannedRead[],
  ends: ReadonlyMap<Read, End>,
  signal: AbortSignal,
): Promise<void> => {
  const readings = planned.flatMap(({ read, readers }) => {
    const end = ends.get(read);
    return end ? readers.map((reader) => ({ observer: reader.observer, read: reader.read, end })) : [];
  });
  const byObserver = Map.groupBy(readings, ({ observer }) => observer);
  await Promise.all(
    [...byId.values()].map(async (running) => {
      running.end ??= endOfReads(byObserver.get(running.observer.id) ?? []) ?? (await finish(running, signal));
      if (running.stumbled && running.end.outcome === 'ran') running.end = running.stumbled;
    }),
  );
};

/** What the observers that are to run read. */
const readersOf = <Out>(byId: ReadonlyMap<string, Running<Out>>): readonly Reader[] =>
  [...byId.values()]
    .filter(({ end }) => !end)
    .flatMap(({ observer, reads }) => Object.entries(reads).map(([name, read]): Reader => ({ observer: observer.id, name, read })));

/** What those that ran whole want to remember for the next run. */
const rememberAll = <Out>(byId: ReadonlyMap<string, Running<Out>>): Readonly<Record<string, unknown>> => {
  const memory: Record<string, unknown> = {};
  for (const running of byId.values()) {
    if (running.end?.outcome !== 'ran' || !running.reducer?.remember) continue;
    try {
      memory[running.observer.id] = running.reducer.remember();
    } catch (error) {
      running.end = endOfThrown(error);
    }
  }
  return memory;
};

/**
 * One pass over a source for all observers: each resource is listed once, each object is shown once to each that reads it, no page is kept,
 * and `finish()` runs only where every read that is needed came whole. Never throws for what a cluster or a check does; throws TypeError for
 * options that their check does not take (validate them earlier, for a better message).
 */
export const scan = async <Out>(source: Source, observers: readonly Observer<Out>[], run: ScanRun): Promise<ScanResult<Out>> => {
  const out: (Out & { readonly observer: string })[] = [];
  const links: Link[] = [];
  const owners = ownerIndex();
  const labels = labelSelection(run.labels ?? []);
  const annotations = annotationSelection();
  const probes = probesOf(source, run.signal);
  const whole = new Set<string>();
  const isWhole = (observer: string, read: string) => whole.has(`${observer} ${read}`);
  const byId = startAll(source, observers, run, { out, links, owner: owners.ownerOf, isWhole, shared: sharing(), probe: probes.ask });
  void probes.askAhead([...byId.values()].flatMap(({ observer, end }) => (end ? [] : (observer.probes ?? []))));
  const readers = readersOf(byId);
  const annotatedKinds = annotationReads(readers, run.annotatedKinds);
  const planned = planReads([...readers, ...annotatedKinds.map((read) => ({ observer: '', name: 'annotations', read }))]);
  const shows = new Map(planned.map((plan) => [plan.read, showers(plan, byId)]));
  let objects = 0;
  const ends = await consume(source, planned, run.signal, ({ read, objects: given }) => {
    const batch = soundObjects(given);
    objects += given.length;
    if (climbs(read)) for (const object of batch) owners.note(read, object);
    if (labels.wanted) for (const object of batch) labels.note(read, object);
    for (const object of batch) annotations.note(read, object);
    for (const showTo of shows.get(read) ?? []) showTo(batch);
    run.onProgress?.({ objects, resource: read.resource });
  });
  for (const { read, readers: each } of planned) {
    const state = ends.get(read)?.state;
    if (state === 'complete' || state === 'inconsistent') for (const { observer, name } of each) whole.add(`${observer} ${name}`);
  }
  await finishAll(byId, planned, ends, run.signal);
  const memory = rememberAll(byId);
  return {
    out,
    links,
    ends: [...ends.values()],
    observers: [...byId.values()].map(({ observer, objects: seen, end }) => ({
      id: observer.id,
      objects: seen,
      ...(end ?? budgetSpent()),
    })),
    memory,
    labelled: labels.result(),
    annotated: annotations.result(),
    annotationsUnseen: unseenAnnotations(annotatedKinds, [...ends.values()]),
    objects,
    ...source.traffic(),
  };
};
