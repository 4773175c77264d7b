import type { Read, Ref } from './contracts.ts';

interface Owned {
  readonly name?: string | null;
  readonly namespace?: string | null;
  readonly labels?: Readonly<Record<string, string | null>> | null;
  readonly ownerReferences?:
    | readonly ({
        readonly apiVersion?: string;
        readonly kind?: string;
        readonly name?: string;
        readonly controller?: boolean | null;
      } | null)[]
    | null;
}
const metadataOf = (object: unknown): Owned | undefined => (object as { metadata?: Owned } | null)?.metadata ?? undefined;

/** Longer chains than this are a mistake or a cycle. */
const longestChain = 8;
const climbed = new Set(['ReplicaSet', 'Job']);
/** Does this read hold links of an owner chain? */
export const climbs = ({ kind }: Read): boolean => climbed.has(kind);

/** The object's immediate controller. A Node controls only its static pods, and is no owner to group by. */
const controllerOf = (metadata: Owned | undefined): Ref | undefined => {
  const owners = Array.isArray(metadata?.ownerReferences) ? metadata.ownerReferences : [];
  const owner = owners.find((reference) => reference?.controller);
  if (!owner?.kind || !owner.name || owner.kind === 'Node') return undefined;
  return {
    apiVersion: owner.apiVersion ?? 'v1',
    kind: owner.kind,
    ...(metadata?.namespace ? { namespace: metadata.namespace } : {}),
    name: owner.name,
  };
};

/**
 * The Deployment of a ReplicaSet that was not seen (no right to list them, or deleted meanwhile), by the hash label that the Deployment
 * controller puts on both: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
 */
const deploymentByHash = (replicaSet: Ref, metadata: Owned | undefined): Ref | undefined => {
  const hash = metadata?.labels?.['pod-template-hash'];
  return replicaSet.kind === 'ReplicaSet' && hash && replicaSet.name.endsWith(`-${hash}`)
    ? { ...replicaSet, kind: 'Deployment', name: replicaSet.name.slice(0, -hash.length - 1) }
    : undefined;
};

const key = ({ kind, namespace, name }: Ref): string => `${kind}/${namespace ?? ''}/${name}`;

/** Remembers who controls each ReplicaSet and Job that passes, and climbs from a pod to its Deployment or CronJob. */
export const ownerIndex = () => {
  const controllers = new Map<string, Ref | undefined>();
  return {
    note({ kind }: Read, object: unknown): void {
      const metadata = metadataOf(object);
      if (metadata?.name) controllers.set(`${kind}/${metadata.namespace ?? ''}/${metadata.name}`, controllerOf(metadata));
    },
    /** The controller at the top of the chain; undefined where none controls the object. */
    ownerOf(object: { readonly metadata?: unknown } | null): Ref | undefined {
      const metadata = metadataOf(object);
      let owner = controllerOf(metadata);
      for (let step = 0; owner && step < longestChain; step += 1) {
        const above: Ref | undefined = controllers.has(key(owner)) ? controllers.get(key(owner)) : deploymentByHash(owner, metadata);
        if (!above) break;
        owner = above;
      }
      return owner;
    },
  };
};
