/** All that keeps one object, asked when a plan is made and again of the fresh object before each write. */
import { clean } from '../../cluster/clean.ts';
import type { Action, GuardedMetadata, Held, PlannedAction } from '../contracts.ts';
import { declaredElsewhere } from './declared-elsewhere.ts';
import { foreignFinalizer } from './foreign-finalizers.ts';
import { guardedMetadata } from './guarded-metadata.ts';
import { keptByKey, keptByNamespace } from './keep-keys.ts';
import { tooYoung } from './minimum-age.ts';
import type { Namespaces } from './namespaces.ts';
import { neverDeleted } from './never-deleted.ts';
import { protectedNamespace } from './protected-namespaces.ts';
import type { GuardSettings } from './settings.ts';
import { terminating } from './terminating.ts';

/** What is to be done, and what the guards have to know beside the object. */
export interface Guarded {
  readonly kind: Action['kind'];
  readonly object: Pick<Action['object'], 'apiVersion' | 'kind'>;
  /** The plural by which it is written to. */
  readonly resource: string;
  /** As the proposal has it. */
  readonly since: number | undefined;
  /** Of the rule's options; what is no number keeps everything. */
  readonly minimumAgeHours: unknown;
  /** The server's clock in ms. */
  readonly now: number;
  readonly settings: GuardSettings;
  /** Undefined: they could not be read, and what is in any of them is kept. */
  readonly namespaces: Namespaces | undefined;
}

/** The first guard that holds, the one that says most before the one that time alone will lift; undefined where none does. */
export const held = (metadata: GuardedMetadata, guarded: Guarded): Held | undefined => {
  const { settings, namespaces } = guarded;
  const found =
    neverDeleted(guarded) ??
    protectedNamespace(metadata, settings) ??
    keptByKey(metadata, guarded.object.kind)?.held ??
    declaredElsewhere(metadata) ??
    keptByNamespace(metadata, namespaces) ??
    terminating(metadata, namespaces) ??
    foreignFinalizer(metadata) ??
    tooYoung(guarded.since, guarded.minimumAgeHours, guarded.now);
  return found && { guard: found.guard, because: clean(found.because) };
};

/**
 * The same for what is only reported, where nothing is written that could do harm: those who asked that it stays need not hear of it, and what
 * is younger than its rule's age is left alone.
 */
export const heldFromReport = (metadata: GuardedMetadata, guarded: Guarded): Held | undefined => {
  const kept = keptByKey(metadata, guarded.object.kind);
  const asked = kept?.says === 'asked' ? kept.held : keptInNamespace(metadata, guarded.namespaces);
  const found = asked ?? tooYoung(guarded.since, guarded.minimumAgeHours, guarded.now);
  return found && { guard: found.guard, because: clean(found.because) };
};

/** A Namespace that was not seen keeps nothing out of a report. */
const keptInNamespace = (metadata: GuardedMetadata, namespaces: Namespaces | undefined): Held | undefined =>
  metadata.namespace !== undefined && namespaces?.has(metadata.namespace) ? keptByNamespace(metadata, namespaces) : undefined;

/** What the guards have to know at the moment of a write. */
export interface AtWrite extends Pick<Guarded, 'now' | 'settings' | 'namespaces'> {
  /** Of the plan, by rule id. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** `held` of a planned action's object as it is now, not for an undo; what does not look like an object is kept. */
export const heldNow = (action: PlannedAction, fresh: unknown, { options, ...known }: AtWrite): Held | undefined => {
  const metadata = guardedMetadata(fresh);
  if (!metadata) return { guard: 'not-understood', because: 'its metadata is not what an object has' };
  const ofRule = Object.hasOwn(options, action.rule) ? options[action.rule] : undefined;
  const since = action.since === undefined ? undefined : Date.parse(action.since);
  return held(metadata, {
    ...known,
    kind: action.kind,
    object: action.object,
    resource: action.resource.resource,
    since,
    minimumAgeHours: minimumAgeOf(ofRule),
  });
};

/** Of a rule's options, whatever else they have. */
export const minimumAgeOf = (options: unknown): unknown =>
  typeof options === 'object' && options !== null && 'minimumAgeHours' in options ? options.minimumAgeHours : undefined;
