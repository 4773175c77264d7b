/** The contract of cleanup rules: they see objects as checks do, and propose instead of finding. One file a rule, in rules/. */
import * as z from 'zod';
import type { Actor, GuardedMetadata, ObjectVersion, Proposal, Recheck } from '../actions/contracts.ts';
import { managersOf } from '../actions/guards/declared-elsewhere.ts';
import { type Observer, type Read, type Reads, refTo, type Wire } from '../scan/contracts.ts';

/** What every rule's options have. */
export interface RuleOptions {
  readonly enabled: boolean;
  readonly minimumAgeHours: number;
}

/**
 * The schema of what every rule's options have; extend it for more. `enabled` false: the rule runs only where nightshift.yaml turns it on.
 * What is younger than `minimumAgeHours`, counted from the proposal's `since`, is held by the guard and not by the rule.
 */
export const ruleOptions = ({ enabled, minimumAgeHours }: RuleOptions) =>
  z.strictObject({
    enabled: z.boolean().default(enabled).describe('Whether the rule runs'),
    minimumAgeHours: z.number().min(0).default(minimumAgeHours).describe('What is younger is left alone'),
  });

/** A rule: an observer that proposes. */
export interface Rule<
  R extends Reads = Reads,
  // biome-ignore lint/suspicious/noExplicitAny: a list of rules mixes their options
  Options extends RuleOptions = any,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  Memory = any,
> extends Observer<Proposal, R, Options, Memory> {
  /** The kind whose objects it proposes; its write rights are made of it. */
  readonly target: Read;
  /** What applying it does; `report`: never applied in this release, only shown. */
  readonly does: 'delete' | 'patch' | 'report';
  /** Of what is deleted; Background unless told. */
  readonly propagationPolicy?: 'Background' | 'Foreground';
  /** Which proposals go one namespace at a time: each namespace then has the limits of its own. */
  readonly limitsByNamespace?: true;
  /**
   * Asked of the fresh object right before the write, with the same options: undefined where the rule still holds, else why it does not. What
   * it needs of other objects it asks for live. Not needed by rules that only report.
   */
  recheck?(fresh: unknown, again: Recheck): string | undefined | Promise<string | undefined>;
}

export const defineRule = <const R extends Reads, Options extends RuleOptions, Memory = never>(rule: Rule<R, Options, Memory>): Rule<R> =>
  rule as Rule<R>;

/** As the executor knows a rule; undefined for one that only reports. */
export const actorOf = ({ id, target, does, recheck }: Rule): Actor | undefined =>
  does === 'report' || !recheck ? undefined : { id, target, does, recheck };

type AnyMetadata = Wire<{
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  deletionTimestamp?: string;
  ownerReferences?: { apiVersion?: string; kind?: string; name?: string; uid?: string; controller?: boolean }[];
  managedFields?: object[];
}>;

/**
 * The object and what guards look at, for a proposal; undefined where it has no name. Without uid or resourceVersion (a manifest) it is still
 * told of, and never planned: a guard holds it, as nothing could be done safely.
 */
export const proposed = (
  read: Read,
  metadata: unknown,
): { readonly object: ObjectVersion; readonly metadata: GuardedMetadata } | undefined => {
  const { name, uid, resourceVersion, namespace, labels, annotations, ownerReferences, finalizers, deletionTimestamp, managedFields } =
    (metadata ?? {}) as AnyMetadata;
  const managers = managersOf(managedFields);
  if (!name) return undefined;
  return {
    object: { ...refTo(read, metadata as AnyMetadata), uid: uid ?? '', resourceVersion: resourceVersion ?? '' },
    metadata: {
      ...(namespace && { namespace }),
      ...(labels && { labels: withTexts(labels) }),
      ...(annotations && { annotations: withTexts(annotations) }),
      ...(ownerReferences && { ownerReferences: ownerReferences as NonNullable<GuardedMetadata['ownerReferences']> }),
      ...(finalizers && { finalizers: finalizers as readonly string[] }),
      ...(deletionTimestamp && { deletionTimestamp }),
      ...(managers.length > 0 && { managers }),
    },
  };
};

/** A last applied manifest may be as large as the object, and no guard reads it: that it is there is enough. */
const withTexts = (texts: Readonly<Record<string, string | null | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).map(([key, value]) => [key, key === 'kubectl.kubernetes.io/last-applied-configuration' ? '' : (value ?? '')]),
  );
