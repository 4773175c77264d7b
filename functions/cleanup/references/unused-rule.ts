/** The rules about objects that nothing refers to: one way of looking for all of them. They only report. */
import type { Proposal } from '../../actions/contracts.ts';
import { timeOf } from '../../health-check/age.ts';
import { NotApplicable, type NotReadable, type Read, type Reads } from '../../scan/contracts.ts';
import { proposed, type Rule, ruleOptions } from '../contracts.ts';
import { type KnownObject, knownBy } from './known-objects.ts';
import type { Referred, ReferredKind } from './reference-set.ts';
import { customReferrer, gathered, type Referrers } from './referrers.ts';
import { type Fields, fieldsOf, placeOf, textsOf } from './shape.ts';

/** What a rule says of an object that nothing refers to. */
export interface Said extends Pick<Proposal, 'facts' | 'risk' | 'lost' | 'frees'> {
  /** What else the reason says: what one has to know to decide. */
  readonly also?: string;
  /** Since when it has not been used, in ms, where something tells it; else its age is its creation’s. */
  readonly unusedSince?: number | undefined;
}

/** One kind whose unused objects are looked for. `Kept` is the little of an object that is needed at the end. */
export interface UnusedKind<Kept> {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly upstream: string;
  readonly kind: ReferredKind;
  readonly target: Read;
  readonly referrers: Referrers;
  /** What is read beside, for what is said. */
  readonly beside?: Reads;
  /** Finalizers that each object of the kind has. Any other is somebody's who is not done with it. */
  readonly usualFinalizers?: readonly string[];
  /** Begins a scan. `keep` gives undefined for what is never unused, by what it is itself. */
  begin(at: { readonly now: number }): {
    readonly see?: Readonly<Record<string, (object: unknown) => void>>;
    readonly keep: (object: Fields) => Kept | undefined;
    readonly say: (kept: Kept, referred: Referred) => Said;
  };
}

/** The custom resources of a cluster, or why they are not known. */
export type CustomReads = readonly Read[] | NotApplicable | NotReadable;

/** A rule that has to know the cluster's custom resources before it may run: `withCustomResources` gives them. */
export interface UnusedRule extends Rule {
  over(custom: CustomReads): Rule;
}
export const isUnusedRule = (rule: Rule): rule is UnusedRule => 'over' in rule && typeof rule.over === 'function';

interface Candidate<Kept> {
  readonly referred: Referred;
  readonly named: NonNullable<ReturnType<typeof proposed>>;
  readonly since: number | undefined;
  readonly kept: Kept;
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const labelsOf = (labels: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fieldsOf(labels)).flatMap(([key, value]): [string, string][] => (typeof value === 'string' ? [[key, value]] : [])),
  );

/** The object as others may refer to it; undefined where it is never unused: an owner, a finalizer or a program that is known needs it. */
const referredOf = <Kept>({ kind, usualFinalizers = [] }: UnusedKind<Kept>, object: unknown): Referred | undefined => {
  const { namespace, name, metadata } = placeOf(object);
  const { ownerReferences, finalizers, deletionTimestamp, annotations } = metadata;
  const isOwned = Array.isArray(ownerReferences) && ownerReferences.length > 0;
  const isHeld = textsOf(finalizers).some((finalizer) => !usualFinalizers.includes(finalizer));
  if (name === '' || namespace === '' || isOwned || isHeld || deletionTimestamp) return undefined;
  const labels = labelsOf(metadata.labels);
  const known: KnownObject = { kind, namespace, name, labels, annotations: fieldsOf(annotations), type: fieldsOf(object).type };
  return knownBy(known) === undefined ? { kind, namespace, name, labels } : undefined;
};

const seen = (referrers: Referrers, found: ReturnType<typeof gathered>) =>
  Object.fromEntries(
    Object.entries(referrers).map(([name, { note }]) => [
      name,
      // Once for all rules, and by name: a rule may read one resource for two things.
      (object: object) => found.references.once(object, () => note(object, found)),
    ]),
  );

const ruleOver = <Kept>(unused: UnusedKind<Kept>, custom: CustomReads): Rule => {
  const { id, title, why, upstream, kind, target, beside = {}, begin } = unused;
  const customReads = Array.isArray(custom) ? custom : [];
  const referrers: Referrers = {
    ...unused.referrers,
    ...Object.fromEntries(customReads.map((read: Read) => [`${read.resource}.${read.group}`, customReferrer(read)])),
  };
  return {
    id,
    title,
    why,
    upstream,
    reads: { ...Object.fromEntries(Object.entries(referrers).map(([name, { read }]) => [name, read])), ...beside, targets: target },
    notInBackups: 'a backup leaves out kinds that may refer to it, and nothing can be cleaned up there',
    target,
    does: 'report',
    options: ruleOptions({ enabled: true, minimumAgeHours: 168 }),
    start(pass) {
      if (custom instanceof Error) throw custom;
      const found = gathered(pass);
      const { see = {}, keep, say } = begin({ now: pass.now });
      const candidates: Candidate<Kept>[] = [];
      return {
        see: {
          ...seen(referrers, found),
          ...see,
          targets(object: unknown) {
            const referred = referredOf(unused, object);
            const named = proposed(target, fieldsOf(object).metadata);
            // What is referred to stays so: most need not be kept in memory.
            if (!referred || !named || found.references.holds(referred)) return;
            const kept = keep(fieldsOf(object));
            if (kept !== undefined) candidates.push({ referred, named, since: timeOf(placeOf(object).metadata.creationTimestamp), kept });
          },
        },
        finish() {
          found.templated.resolve(found.references);
          const all = found.references.whyAll(kind);
          if (all !== undefined) throw new NotApplicable(all);
          const order = ({ referred: { namespace, name } }: Candidate<Kept>) => `${namespace}/${name}`;
          for (const { referred, named, since, kept } of candidates.toSorted((one, other) => compare(order(one), order(other))))
            if (!found.references.holds(referred)) {
              const { also, unusedSince, ...said } = say(kept, referred);
              const reason = ['no pod, no pod template and no other object refers to it', ...(also === undefined ? [] : [also])].join('; ');
              pass.emit({ ...named, reason, since: unusedSince ?? since, ...said });
            }
        },
      };
    },
  };
};

/** A rule that does not run before `withCustomResources` told it what there is: what it does not read may refer to anything. */
export const unusedRule = <Kept>(unused: UnusedKind<Kept>): UnusedRule => ({
  ...ruleOver(unused, new NotApplicable('the custom resources that may refer to it are not known here')),
  over: (custom) => ruleOver(unused, custom),
});
