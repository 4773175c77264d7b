/** A rule of nightshift.yaml as one that the scan and the executor know. */

import { absent, type Proposal, type Recheck } from '../../actions/contracts.ts';
import { type Metadata, metadataOf, namespaces, persistentVolumeClaims, pods, secrets } from '../../cluster/kinds.ts';
import { timeOf } from '../../health-check/age.ts';
import { controllerOf, hasEnded } from '../../health-check/pod-state.ts';
import { oneLine } from '../../health-check/wire.ts';
import { glob } from '../../report/glob.ts';
import type { UserRule } from '../../runtime/configuration.ts';
import { NotReadable, type Pass, type Read, type Reducer, refKey, refTo, type Wire } from '../../scan/contracts.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';
import { proposed, type Rule, type RuleOptions, ruleOptions } from '../contracts.ts';
import { isLive, unreadable } from '../live-object.ts';
import { type Condition, conditionOf, NotTold, type Subject } from './condition.ts';
import { type Count, joined, type NotTolds } from './not-tolds.ts';
import { type Selector, selectorOf } from './selector.ts';
import { type Fields, visibleObject } from './values.ts';

/** The objects of the rule's own kind, and the namespaces where it picks among them by their labels. */
type RuleReads = { readonly objects: Read; readonly namespaces?: Read<Metadata> };

/** A rule that is right, ready to be asked. */
interface Asked {
  readonly rule: UserRule;
  readonly read: Read;
  readonly condition: Condition;
  /** Undefined: in all namespaces, and what is in none. */
  readonly inNamespace: ((namespace: string) => boolean) | undefined;
  readonly ofNamespace: Selector | undefined;
  readonly ofObject: Selector | undefined;
}

/** What it looks at. Secrets: of their own right, and never more than metadata and type (values.ts). */
export const readOf = ({ resource: { group, version, resource, kind } }: UserRule): Read => ({
  group,
  resource,
  kind,
  versions: [version],
  ...(isOf(secrets, { group, resource }) && { sensitive: true }),
});

export const isOf = (read: Read, { group, resource }: Pick<Read, 'group' | 'resource'>): boolean =>
  read.group === group && read.resource === resource;

/** So many are judged together: a page is not kept for it. */
const atOnce = 50;

/** More than so many objects that each take too long are not waited for. */
const patience = 10;

/**
 * Throws ConditionMistake and SelectorError.
 * @param notTolds takes down of which objects the condition could not be told; they are kept
 */
export const ruleOf = (rule: UserRule, notTolds: NotTolds): Rule => {
  const { id, minimumAgeHours, action, selector, namespaceSelector } = rule;
  const read = readOf(rule);
  const globs = rule.namespaces?.map(glob);
  const asked: Asked = {
    rule,
    read,
    condition: conditionOf(rule.when),
    inNamespace: globs && ((namespace) => globs.some((matches) => matches(namespace))),
    ofNamespace: namespaceSelector === undefined ? undefined : selectorOf(namespaceSelector),
    ofObject: selector === undefined ? undefined : selectorOf(selector),
  };
  // Of a pod the phase is looked at, whatever the condition says.
  const metadataOnly = asked.condition.metadataOnly && !isOf(pods, read);
  const made: Rule<RuleReads, RuleOptions> = {
    id,
    title: oneLine(rule.reason),
    why: 'A rule of nightshift.yaml says so.',
    upstream: 'nightshift.yaml',
    reads: {
      objects: metadataOnly ? metadataOf(read) : read,
      ...(asked.ofNamespace && { namespaces: metadataOf(namespaces) }),
    },
    options: ruleOptions({ enabled: true, minimumAgeHours }),
    target: read,
    does: action,
    start: (pass) => reducerOf(asked, pass, notTolds),
    ...(action === 'delete' && { recheck: (fresh: unknown, again: Recheck) => recheck(asked, fresh, again) }),
  };
  return made as Rule;
};

const reducerOf = (asked: Asked, pass: Pass<Proposal, RuleOptions, unknown>, notTolds: NotTolds): Reducer<RuleReads, unknown> => {
  const { rule, read, ofNamespace } = asked;
  const proposals: Proposal[] = [];
  const selected = new Set<string>();
  /** By namespace: which of them are selected is known in the end. */
  const noted = new Map<string, Count>();
  let slow = 0;
  notTolds.forget(rule.id);
  let waiting: Fields[] = [];
  const note = (object: Fields, { message, tooSlow }: NotTold): void => {
    const notTold: Count = { count: 1, object: refKeyOf(read, object), message };
    const namespace = metadataIn(object).namespace ?? '';
    if (ofNamespace) noted.set(namespace, joined(noted.get(namespace), notTold));
    else notTolds.add(rule.id, notTold);
    if (tooSlow) slow += 1;
    if (slow > patience) throw givenUp(message);
  };
  const judge = (): void => {
    const judged = waiting;
    waiting = [];
    for (const [index, told] of areTrue(asked, judged, pass.now).entries()) {
      const object = judged[index] ?? {};
      if (told instanceof NotTold) note(object, told);
      const proposal = told === true ? proposalOf(asked, object) : undefined;
      if (proposal && ofNamespace) proposals.push(proposal);
      else if (proposal) pass.emit(proposal);
    }
  };
  const see = {
    objects(object: unknown): void {
      if (!isRecord(object) || !isInScope(asked, object)) return;
      if (waiting.push(object) >= atOnce) judge();
    },
  };
  if (!ofNamespace) return { see, finish: judge };
  return {
    see: {
      ...see,
      namespaces({ metadata }: Wire<Metadata>): void {
        if (metadata?.name && ofNamespace(metadata.labels)) selected.add(metadata.name);
      },
    },
    finish(): void {
      judge();
      for (const proposal of proposals) if (selected.has(proposal.object.namespace ?? '')) pass.emit(proposal);
      for (const [namespace, notTold] of noted) if (selected.has(namespace)) notTolds.add(rule.id, notTold);
    },
  };
};

const givenUp = (message: string): NotReadable =>
  new NotReadable(
    `its condition was given up: of more than ${patience} objects ${message}`,
    'budget',
    'make the condition of the rule in nightshift.yaml simpler: a pattern without nested repetitions, no lists within lists',
  );

/** What is told without the condition: kind, namespace and labels of the object itself. */
const isInScope = ({ read, inNamespace, ofNamespace, ofObject }: Asked, { kind, metadata }: Fields): boolean => {
  // Lists of the API server's own kinds leave it out; where it is said it has to be the one that the rule names.
  if (kind !== undefined && kind !== read.kind && kind !== 'PartialObjectMetadata') return false;
  if (!isRecord(metadata)) return false;
  const { namespace, labels } = metadata;
  if (inNamespace && !(typeof namespace === 'string' && inNamespace(namespace))) return false;
  if (ofNamespace && typeof namespace !== 'string') return false;
  return !ofObject || ofObject(isRecord(labels) ? (labels as Record<string, string>) : {});
};

const metadataIn = (object: Fields): NonNullable<Wire<Metadata>['metadata']> => (isRecord(object.metadata) ? object.metadata : {});
const refKeyOf = (read: Read, object: Fields): string => refKey(refTo(read, metadataIn(object)));

const areTrue = ({ read, condition }: Asked, objects: readonly Fields[], now: number): readonly (boolean | NotTold)[] =>
  condition.areTrue(objects.map((object) => subjectOf(read, condition.metadataOnly ? { metadata: object.metadata } : object, now)));

const subjectOf = (read: Read, object: Fields, now: number): Subject => {
  const { apiVersion } = refTo(read, null);
  const metadata = metadataIn(object);
  const created = timeOf(metadata.creationTimestamp);
  const { apiVersion: ownerVersion, kind, name } = controllerOf({ metadata }) ?? {};
  return {
    object: visibleObject(object, { apiVersion, kind: read.kind }),
    now,
    age: created === undefined ? undefined : Math.max(0, now - created),
    owner: kind && name ? { apiVersion: ownerVersion ?? '', kind, name } : undefined,
  };
};

const lost: Readonly<Record<string, readonly string[]>> = {
  '/pods': ['its logs'],
  '/persistentvolumeclaims': ['the data on its disk, where its reclaim policy is Delete'],
  'batch/jobs': ['its run and the logs of its pods'],
};

const proposalOf = ({ rule, read }: Asked, object: Fields): Proposal | undefined => {
  const metadata = metadataIn(object);
  const known = proposed(read, metadata);
  if (!known) return undefined;
  const irretrievable = lost[`${read.group}/${read.resource}`];
  const runs = rule.action === 'delete' ? whyPodRuns(read, object) : undefined;
  return {
    ...known,
    reason: oneLine(rule.reason, 200),
    since: timeOf(metadata.creationTimestamp),
    facts: {
      condition: oneLine(rule.when, 160),
      ...(typeof metadata.creationTimestamp === 'string' && { created: metadata.creationTimestamp }),
      ...(rule.selector !== undefined && { selector: rule.selector }),
      ...(rule.namespaceSelector !== undefined && { namespaceSelector: rule.namespaceSelector }),
    },
    risk: isOf(persistentVolumeClaims, read) || isOf(secrets, read) ? 'high' : 'medium',
    ...(irretrievable && { lost: irretrievable }),
    ...(runs && { reportOnly: runs }),
  };
};

/** Deleting a running pod asks no PodDisruptionBudget. */
const whyPodRuns = (read: Read, object: Fields): string | undefined =>
  isOf(pods, read) && !hasEnded(object) ? 'it has not ended, and a running pod is never deleted: evict it' : undefined;

/** Throws NotTold and what `again.get` throws: either keeps the object. */
const recheck = async (asked: Asked, fresh: unknown, again: Recheck): Promise<string | undefined> => {
  const { read, ofNamespace } = asked;
  if (!isLive(read, fresh) || !isRecord(fresh)) return unreadable;
  if (!isInScope(asked, fresh)) return 'the selectors of the rule do not select it any more';
  const { namespace = '' } = metadataIn(fresh);
  if (ofNamespace) {
    const live = await again.get(namespaces, namespace ?? '');
    if (live === absent) return 'its namespace is gone';
    if (!isLive(namespaces, live) || !ofNamespace(live.metadata?.labels)) return 'the labels of its namespace are others now';
  }
  const runs = whyPodRuns(read, fresh);
  if (runs !== undefined) return runs;
  const [told] = areTrue(asked, [fresh], again.now);
  if (told instanceof NotTold) throw told;
  return told === true ? undefined : 'the condition of the rule no longer holds';
};
