/**
 * A cluster in memory that can be read and written to as the real one is, behind the executor's Writer: preconditions, dry runs, finalizers, what
 * the server sets when something is created, and the garbage collector. Of Kubernetes' own rules as few as plan, apply and undo rest on.
 */
import { absent, type Resource } from '../../functions/actions/contracts.ts';
import type { Place, Said, Writer } from '../../functions/actions/writer.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { now } from '../health-check/objects.ts';
import type { Fields, Made } from './references/objects.ts';

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** https://www.rfc-editor.org/rfc/rfc7386 */
const merged = (object: Fields, patch: Fields): Fields => {
  const result: Record<string, unknown> = { ...object };
  for (const [key, value] of Object.entries(patch)) {
    const former = result[key];
    if (value === null) delete result[key];
    else result[key] = isFields(value) ? merged(isFields(former) ? former : {}, value) : value;
  }
  return result;
};

const isMade = (value: unknown): value is Made =>
  isFields(value) && typeof value.kind === 'string' && isFields(value.metadata) && typeof value.metadata.name === 'string';

const refusal = (status: number, message: string, notThere = false): Said => ({
  warnings: [],
  taken: false,
  status,
  message,
  notThere,
  withoutRight: false,
});
const taken = (body: unknown): Said => ({ warnings: [], taken: true, body });

const keyOf = (kind: string, namespace: unknown, name: string): string => `${kind} ${namespace ?? ''}/${name}`;
export const keyOfObject = ({ kind, metadata }: Made): string => keyOf(kind, metadata.namespace, metadata.name);
/** Kinds whose group tells nothing here: no two of one kind are in a random cluster but custom ones, which nobody writes to. */
const keyOfPlace = ({ resource: { kind }, namespace, name }: Place): string => keyOf(kind, namespace, name);

const clusterScoped = new Set(['Namespace', 'Node', 'PersistentVolume']);
/** Their status is a subresource: what is created has none. */
const withStatus = new Set(['Job', 'Pod', 'PersistentVolume', 'PersistentVolumeClaim']);

export class LiveCluster {
  readonly objects: Map<string, Made>;
  /** What was written to, and was no dry run, by what it was: `delete Job shop/job-1`. */
  readonly writes: string[] = [];
  private next = 1000;

  constructor(objects: readonly Made[]) {
    this.objects = new Map(objects.map((object) => [keyOfObject(object), object]));
  }

  all(): readonly Made[] {
    return [...this.objects.values()];
  }

  /** As anybody else would. */
  change(key: string, patch: Fields): void {
    const object = this.objects.get(key);
    if (object)
      this.store(
        merged(object, { ...patch, metadata: { ...(isFields(patch.metadata) && patch.metadata), resourceVersion: String(this.next++) } }),
      );
  }

  /** The same name again, as another object. */
  replace(key: string): void {
    this.change(key, { metadata: { uid: `uid-${this.next++}` } });
  }

  private store(object: unknown): Made {
    if (!isMade(object)) throw new TypeError('no object');
    this.objects.set(keyOfObject(object), object);
    return object;
  }

  writer(): Writer {
    const find = (kind: string, namespace: string | undefined, name: string): unknown =>
      this.objects.get(keyOf(kind, clusterScoped.has(kind) ? undefined : namespace, name)) ?? absent;
    return {
      host: 'memory',
      now: () => now,
      get: async ({ resource, namespace, name }) => find(resource.kind, namespace, name),
      getRead: async ({ kind }, name, namespace) => find(kind, namespace, name),
      getOfKind: async (_, kind, namespace, name) => find(kind, namespace, name),
      delete: async (place, { preconditions, propagationPolicy }, how) =>
        this.remove(place, preconditions, propagationPolicy, how?.dryRun === true),
      patch: async (place, version, patch, how) => this.patch(place, version, patch, how?.dryRun === true),
      create: async (place, object, how) => this.create(place, object, how?.dryRun === true),
      deleteBodyArrives: async () => 'yes',
      clusterUid: async () => {
        const system = this.objects.get('Namespace /kube-system');
        if (typeof system?.metadata.uid !== 'string') throw new ClusterError('unreachable', 'no kube-system', 'this is a test');
        return system.metadata.uid;
      },
      postReview: async () => {
        throw new Error('not asked for in these tests');
      },
      onRetryAfter: () => undefined,
      close: () => undefined,
    };
  }

  private held(place: Place, { uid, resourceVersion }: { readonly uid: string; readonly resourceVersion: string }): Made | Said {
    const object = this.objects.get(keyOfPlace(place));
    if (!object) return refusal(404, 'not found', true);
    if (object.metadata.uid !== uid || object.metadata.resourceVersion !== resourceVersion)
      return refusal(409, 'the precondition does not hold');
    return object;
  }

  private remove(place: Place, version: { readonly uid: string; readonly resourceVersion: string }, policy: string, dryRun: boolean): Said {
    const object = this.held(place, version);
    if (!isMade(object)) return object;
    const key = keyOfPlace(place);
    if (dryRun) return taken({ kind: 'Status' });
    this.writes.push(`delete ${key}`);
    this.objects.delete(key);
    if (policy === 'Background') this.collectGarbage(version.uid);
    return taken({ kind: 'Status', details: { uid: version.uid } });
  }

  private collectGarbage(owner: string): void {
    for (const [key, { metadata }] of this.objects) {
      const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences.filter(isFields) : [];
      if (owners.length > 0 && owners.every(({ uid }) => uid === owner)) this.objects.delete(key);
    }
  }

  private patch(place: Place, version: { readonly uid: string; readonly resourceVersion: string }, patch: Fields, dryRun: boolean): Said {
    const object = this.held(place, version);
    if (!isMade(object)) return object;
    const changed = merged(object, patch);
    if (dryRun) return taken(changed);
    this.writes.push(`patch ${keyOfPlace(place)}`);
    return taken(this.store(merged(changed, { metadata: { resourceVersion: String(this.next++) } })));
  }

  /** pkg/registry: status is dropped, metadata is the server's; batch/job/strategy.go makes a Job's selector and labels of its new uid. */
  private create({ resource, namespace, name }: Place, given: object, dryRun: boolean): Said {
    if (!isMade(given) || given.metadata.name !== name) return refusal(422, 'no object');
    for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'])
      if (given.metadata[field] !== undefined && field === 'resourceVersion') return refusal(400, 'resourceVersion should not be set');
    const key = keyOf(resource.kind, namespace, name);
    if (this.objects.has(key)) return refusal(409, 'already exists');
    const namespaceIs = this.objects.get(keyOf('Namespace', undefined, namespace ?? ''));
    if (namespace !== undefined && (!namespaceIs || namespaceIs.metadata.deletionTimestamp !== undefined))
      return refusal(403, 'its namespace is not there');
    const uid = `uid-${this.next++}`;
    const created = withServerFields(resource, given, uid, String(this.next++));
    if ('refused' in created) return refusal(422, String(created.refused));
    if (dryRun) return taken(created);
    this.writes.push(`create ${key}`);
    return taken(this.store(created));
  }
}

const uidLabel = 'batch.kubernetes.io/controller-uid';

const withServerFields = ({ kind }: Resource, given: Made, uid: string, resourceVersion: string): Fields => {
  const { status, ...rest } = given;
  const object = merged(withStatus.has(kind) ? rest : given, {
    metadata: { uid, resourceVersion, creationTimestamp: new Date(now).toISOString() },
  });
  if (kind !== 'Job') return object;
  const { selector, template } = isFields(object.spec) ? object.spec : {};
  const labels = isFields(template) && isFields(template.metadata) && isFields(template.metadata.labels) ? template.metadata.labels : {};
  if (selector !== undefined || labels[uidLabel] !== undefined)
    return { refused: 'field is immutable: the selector is not auto-generated' };
  const own = { [uidLabel]: uid };
  return merged(object, { metadata: { labels: own }, spec: { selector: { matchLabels: own }, template: { metadata: { labels: own } } } });
};
