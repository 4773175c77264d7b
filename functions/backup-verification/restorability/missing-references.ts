/** What workloads name in their pod templates and a backup lacks: the same way for each kind that they can name. */
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import type { ArchiveReducer, CheckPass, OpenedBackup } from '../contracts.ts';
import { collectNeeds, type Missing, type MissingKind, needOf, sawWhole, sayMissing, type Wanted } from './absences.ts';
import { type BaselineKind, isBuiltIn, isFilledIn, platformOf } from './baseline.ts';
import { placeOf } from './fields.ts';
import { type ReferredKind, workloadOf } from './references.ts';
import { isRestored } from './restored.ts';

export interface ReferredThings extends MissingKind {
  readonly kind: ReferredKind & BaselineKind;
  /** What comes of its absence: `its pods wait in ContainerCreating`. */
  readonly consequence: string;
  readonly remedy: (wanted: Wanted) => string;
  /** Of the cluster, by name; where it is not asked, nobody knows. */
  readonly present?: (name: string) => Missing['inCluster'];
}

/** A reducer of a check on one kind: collects who needs what, and what is there. */
export function missingReferences(opened: OpenedBackup, pass: CheckPass, things: ReferredThings): ArchiveReducer {
  const needs = collectNeeds();
  const present = new Set<string>();
  const platform = platformOf(opened);
  const own = groupResource(things);
  return {
    see(object: ArchivedObject) {
      if (groupResource(object) === own && isRestored(object)) present.add(placeOf(object));
      const workload = workloadOf(object);
      if (!workload) return;
      for (const { kind, name, how, isWeak } of workload.references) {
        if (kind !== things.kind) continue;
        const named = things.namespaced ? { namespace: workload.namespace, name } : { name };
        if (!isBuiltIn(things.kind, named, platform)) needs.add(needOf(workload, { ...named, how, isWeak }));
      }
    },
    finish(end) {
      if (!sawWhole(end, opened, pass)) return;
      const missing = needs.all().filter((wanted) => !present.has(placeOf(wanted)));
      const { consequence, remedy } = things;
      sayMissing(
        opened,
        pass,
        things,
        missing.map((wanted) => {
          const isMade = isFilledIn(things.kind, wanted);
          return {
            ...wanted,
            ...(isMade && { effect: 'recreated' as const }),
            inCluster: things.present?.(wanted.name) ?? 'unasked',
            consequence: isMade ? 'its pods wait until the controller that puts it into every namespace runs' : consequence,
            remedy: isMade ? 'have the mesh or platform that makes it running in the cluster that is restored into' : remedy(wanted),
          };
        }),
      );
    },
  };
}
