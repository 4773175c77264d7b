/** Which rights the enabled operations need of a cluster, out of the declarations of their checks. */
import { withoutQuery } from '../cluster/roles.ts';
import type { OperationName } from '../report/model.ts';
import type { OperationOptions } from '../runtime/configuration.ts';
import { checksOff, type Operation } from '../runtime/operation.ts';
import type { Read } from '../scan/contracts.ts';
import { readsOf } from '../scan/reads-of.ts';

/** One right, with the checks that want it. */
export type NeededRight = {
  readonly neededBy: readonly string[];
  /** Without it everything runs, if with less to say. */
  readonly optional: boolean;
} & (
  | {
      readonly verb: 'list';
      readonly read: Read;
      /** Discloses payloads: granted by choice, apart from the rest. */
      readonly sensitive: boolean;
    }
  | { readonly verb: 'get'; readonly path: string }
);

/** The rights of all checks that are not turned off, each once; a list of the whole cluster stands for those of one namespace. */
export function neededRights(
  operations: readonly Operation[],
  optionsOf: (operation: OperationName) => OperationOptions,
): readonly NeededRight[] {
  const ofCluster = operations.filter(({ needs }) => needs === 'api');
  const wanted = ofCluster.flatMap((operation) => {
    const options = optionsOf(operation.name);
    const off = checksOff(operation, options, {});
    const { off: _, ...byCheck }: Record<string, unknown> = options.checks ?? {};
    return operation.checks
      .filter(({ id }) => off[id] === undefined)
      .map((check) => ({ id: check.id, reads: readsOf(check, byCheck[check.id]), probes: check.probes ?? [] }));
  });
  const lists = wanted.flatMap(({ id, reads }) => reads.map((read) => ({ id, read })));
  const everywhere = new Set(lists.filter(({ read }) => read.namespace === undefined).map(({ read }) => nameOf(read)));
  const byRead = Map.groupBy(lists, ({ read }) => `${nameOf(read)} ${everywhere.has(nameOf(read)) ? '' : read.namespace}`);
  const paths = wanted.flatMap(({ id, probes }) =>
    probes.filter((path) => path.startsWith('/')).map((path) => ({ id, path: withoutQuery(path) })),
  );
  return [
    ...[...byRead.values()].flatMap((same) => listRight(same, everywhere)),
    ...[...Map.groupBy(paths, ({ path }) => path)].map(
      ([path, same]): NeededRight => ({ verb: 'get', path, neededBy: idsOf(same), optional: false }),
    ),
  ];
}

/** `cronjobs.batch`. */
export const nameOf = ({ group, resource }: Read): string => (group === '' ? resource : `${resource}.${group}`);

const idsOf = (wanted: readonly { readonly id: string }[]): readonly string[] => [...new Set(wanted.map(({ id }) => id))];

function listRight(same: readonly { readonly id: string; readonly read: Read }[], everywhere: ReadonlySet<string>): NeededRight[] {
  const [first] = same;
  if (first === undefined) return [];
  const { group, resource, kind, versions, namespace } = first.read;
  const read: Read = {
    group,
    resource,
    kind,
    versions: [versions[0], ...new Set(same.flatMap((each) => each.read.versions))],
    ...(namespace !== undefined && !everywhere.has(nameOf(first.read)) && { namespace }),
  };
  const optional = same.every((each) => each.read.optional === true);
  const sensitive = same.some((each) => each.read.sensitive === true);
  return [{ verb: 'list', read, neededBy: idsOf(same), optional: optional || sensitive, sensitive }];
}
