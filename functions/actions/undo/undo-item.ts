/** One item of a journal, backwards: what is to be done, or why nothing is. */
import { fieldsAt, textAt, textsOf } from '../../backup-verification/restorability/fields.ts';
import { isClusterError } from '../../cluster/cluster-error.ts';
import { refKey } from '../../scan/contracts.ts';
import { type Action, absent, type PlannedAction, type Resource } from '../contracts.ts';
import { isManifestOf, type JournalItem, manifestDigest } from '../journal.ts';
import { wordsOf } from '../look.ts';
import type { Fields, Live, UndoOptions } from './contracts.ts';
import { volumeFor, volumeRef } from './kinds/volumes.ts';
import { keyOf } from './order.ts';
import { prepareForCreate } from './prepare-for-create.ts';
import { patchBack, releaseOf } from './undo-patches.ts';

/** An action of the undo; one that is planned has with it what is needed to carry it out. */
export interface Draft {
  readonly action: Action;
  readonly resource: Resource;
  readonly carriedOut?: Omit<PlannedAction, keyof Action>;
}

/** What is known when an item is looked at. */
export interface Undoing {
  readonly journal: string;
  readonly live: Live;
  readonly options: UndoOptions;
  /** What comes back before it, by refKey. */
  readonly comes: ReadonlySet<string>;
}

const written = new Set<unknown>(['deleted', 'pending-finalizers', 'patched', 'unknown']);

/** Whether there may be something to take back: it was written to, or it is not known whether. */
export const mayHaveBeenWritten = ({ outcome, begunAt }: JournalItem): boolean =>
  outcome ? written.has(outcome.result) : begunAt !== undefined;

/** Where an undo is in the list of actions: kept, and by what it is kept. */
export const keptAs = (action: Action, because: string): Action => ({ ...action, state: 'held', heldBy: { guard: 'undo', because } });

/** Throws only where the run is aborted: what could not be looked up is held. */
export async function draftsOf(item: JournalItem, undoing: Undoing): Promise<readonly Draft[]> {
  const { action } = item;
  const undo: Action = {
    id: `undo/${action.id}`,
    kind: action.kind === 'patch' ? 'patch' : 'create',
    object: action.object,
    rule: action.rule,
    reason: reasonOf(item),
    risk: action.kind === 'patch' || runsPods(action.resource) ? 'medium' : 'low',
    state: 'planned',
  };
  const held = (because: string): readonly Draft[] => [{ action: keptAs(undo, because), resource: action.resource }];
  try {
    if (!item.manifest) return held('the journal holds no manifest of it');
    if (!isManifestOf(action.object, item.manifest)) return held('the manifest in the journal is not its own');
    // Before it is looked for: without its definition that is no question.
    const first = action.kind === 'patch' ? undefined : comesFirst(action, undoing.comes);
    if (first !== undefined) return held(first);
    const { apiVersion, kind, namespace, name } = action.object;
    const there = await undoing.live.get(apiVersion, kind, namespace, name);
    if (action.kind === 'patch') {
      const back = patchBack(item, item.manifest, there);
      return 'because' in back
        ? held(back.because)
        : [planned({ ...undo, object: back.object }, { resource: action.resource, patch: back.patch })];
    }
    const still = stillThere(item, there);
    return still === undefined ? await recreated(item, item.manifest, undo, undoing) : held(still);
  } catch (error) {
    if (isClusterError(error) && error.kind === 'aborted') throw error;
    return held(`it could not be looked up: ${wordsOf(error)}`);
  }
}

const planned = (action: Action, carriedOut: Omit<PlannedAction, keyof Action>): Draft => ({
  action,
  resource: carriedOut.resource,
  carriedOut,
});

async function recreated(item: JournalItem, manifest: Fields, undo: Action, undoing: Undoing): Promise<readonly Draft[]> {
  const { action } = item;
  const held = (because: string): Draft => ({ action: keptAs(undo, because), resource: action.resource });
  const release = await releaseFor(item, manifest, undo, undoing);
  const alsoRestored = release ? new Set([...undoing.comes, keyOf(release.action.object)]) : undoing.comes;
  const prepared = await prepareForCreate(manifest, undoing.live, { ...undoing.options, alsoRestored });
  if ('refused' in prepared) return [held(prepared.refused)];
  const notes = prepared.notes.join('; ');
  const create = planned(
    { ...undo, ...(notes !== '' && { facts: { notes } }) },
    { resource: action.resource, manifest: { journal: undoing.journal, action: action.id, digest: manifestDigest(manifest) } },
  );
  return release ? [release, create] : [create];
}

/** A claim's own volume that was kept has to forget the former claim's uid, or it stays Released. */
async function releaseFor(item: JournalItem, manifest: Fields, undo: Action, { live }: Undoing): Promise<Draft | undefined> {
  const { group, resource } = item.action.resource;
  const volume = textAt(fieldsAt(manifest, 'spec'), 'volumeName');
  if (group !== '' || resource !== 'persistentvolumeclaims' || volume === undefined) return undefined;
  const { namespace, name, uid } = item.action.object;
  const state = await volumeFor({ volume, namespace, name, uid }, live);
  if (!('is' in state) || state.is !== 'of the former claim') return undefined;
  const release = releaseOf(state.live);
  return planned(
    {
      ...undo,
      id: `${undo.id}/volume`,
      kind: 'patch',
      object: { ...volumeRef(volume), ...release.version },
      reason: `kept for the claim ${namespace}/${name}`,
      risk: 'medium',
    },
    { resource: release.resource, patch: release.patch },
  );
}

/** Why it cannot be created now, where it is there; undefined: it is gone. */
function stillThere({ action }: JournalItem, there: unknown): string | undefined {
  if (there === absent) return undefined;
  const metadata = fieldsAt(there, 'metadata');
  if (textAt(metadata, 'uid') !== action.object.uid) return 'it exists again, with another uid';
  if (metadata.deletionTimestamp == null) return 'it was not deleted';
  const finalizers = textsOf(metadata.finalizers).join(', ');
  return `it is not gone yet${finalizers && `: it waits for ${finalizers}`}`;
}

/** What it is in, or what defines it, is not there yet, and neither can be tried before. */
function comesFirst(
  { object: { namespace }, resource: { group, resource } }: PlannedAction,
  comes: ReadonlySet<string>,
): string | undefined {
  const then = 'comes back first: undo once more after that';
  if (namespace !== undefined && comes.has(refKey({ apiVersion: 'v1', kind: 'Namespace', name: namespace })))
    return `its namespace ${namespace} ${then}`;
  const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `${resource}.${group}` };
  return comes.has(refKey(definition)) ? `its definition ${definition.name} ${then}` : undefined;
}

const runsPods = ({ group, resource }: Resource): boolean =>
  group === 'apps' || group === 'batch' || (group === '' && (resource === 'pods' || resource === 'replicationcontrollers'));

function reasonOf({ action, outcome }: JournalItem): string {
  const done = action.kind === 'patch' ? 'patched' : 'deleted';
  return outcome && outcome.result !== 'unknown' ? `was ${done} at ${outcome.at}` : `was to be ${done}, and it is not known whether it was`;
}
