/** What undo asks of the cluster and says of an object: docs/cleanup.md has what comes back and what does not. */
import * as z from 'zod';
import type { Fields } from '../../backup-verification/restorability/fields.ts';

export type { Fields } from '../../backup-verification/restorability/fields.ts';

/** The cluster as it is now. */
export interface Live {
  /**
   * A GET of one object: `absent` (of contracts.ts) only after a 404 of a kind that is served; throws for anything else. `namespace` is that of
   * the object that refers to it, and counts only where the kind has one.
   */
  get(apiVersion: string, kind: string, namespace: string | undefined, name: string): Promise<unknown>;
}

/** What whoever asks for an undo may choose. It lies in the plan, under `options.undo`. */
export const undoOptions = z.strictObject({
  restoreJobs: z.boolean().default(false).describe('Jobs come back too, suspended: resumed, they run again from the start'),
});
export type UndoOptions = z.infer<typeof undoOptions>;

export interface PrepareOptions extends UndoOptions {
  /**
   * What the same undo creates before this object, by refKey: in the dry run it is not there yet and counts as if it were. Left away at the
   * write itself, where only what is there counts.
   */
  readonly alsoRestored?: ReadonlySet<string>;
}

/** A manifest that can be sent, with what is different from before, for people; or why it is not to be sent. */
export type Prepared = { readonly manifest: Fields; readonly notes: readonly string[] } | { readonly refused: string };

/** What the preparation of one kind is given beside the manifest without its server-set fields. */
export interface Preparing {
  /** As it was journaled, status and all. */
  readonly former: Fields;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly options: PrepareOptions;
  readonly live: Live;
}
export type PrepareKind = (manifest: Fields, preparing: Preparing) => Prepared | Promise<Prepared>;
