/** A cluster of ConfigMaps in memory behind a Writer, that keeps preconditions as a server does and goes wrong as it is told. */
import { absent } from '../../functions/actions/contracts.ts';
import type { Said, Writer } from '../../functions/actions/writer.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';

export interface FakeObject {
  uid: string;
  resourceVersion: string;
  finalizers?: readonly string[];
  deletionTimestamp?: string;
}

/** What goes wrong with one write: its answer is lost or is a 5xx, before or after the deed; a conflict for no reason; the process is killed. */
export type Mishap =
  | 'none'
  | 'lost-before'
  | 'lost-after'
  | 'broken-before'
  | 'broken-after'
  | 'conflict'
  | 'killed-before'
  | 'killed-after';
/** What somebody else does right before a write. */
export type Meddling = 'none' | 'change' | 'replace' | 'delete';

export class FakeCluster {
  readonly objects = new Map<string, FakeObject>();
  /** The uids whose deletion was carried out for us, each time. */
  readonly deleted: string[] = [];
  /** The preconditions of each write. */
  readonly asked: { readonly name: string; readonly uid: string; readonly resourceVersion: string; readonly dryRun: boolean }[] = [];
  /** Taken one by one, by the writes that are no dry run. */
  mishaps: Mishap[] = [];
  meddling: Meddling[] = [];
  killed = false;
  private next = 1000;

  add(name: string, more: Partial<FakeObject> = {}): FakeObject {
    const object = { uid: `uid-${this.next}`, resourceVersion: String(this.next++), ...more };
    this.objects.set(name, object);
    return object;
  }

  meddle(name: string, how: Meddling): void {
    const object = this.objects.get(name);
    if (how === 'delete') this.objects.delete(name);
    if (how === 'replace') this.add(name);
    if (how === 'change' && object) object.resourceVersion = String(this.next++);
  }

  writer(): Writer {
    const dead = () => {
      if (this.killed) throw new ClusterError('unreachable', 'killed', 'this is a test');
    };
    const live = (name: string): unknown => {
      const object = this.objects.get(name);
      return object ? { kind: 'ConfigMap', metadata: { name, ...object } } : absent;
    };
    return {
      host: 'fake',
      now: () => Date.now(),
      get: async ({ name }) => {
        dead();
        return live(name);
      },
      getRead: async () => absent,
      getOfKind: async () => absent,
      delete: async ({ name }, { preconditions }, how) => {
        dead();
        this.asked.push({ name, ...preconditions, dryRun: how?.dryRun === true });
        if (how?.dryRun) return this.remove(name, preconditions, true);
        this.meddle(name, this.meddling.shift() ?? 'none');
        return this.withMishap(() => this.remove(name, preconditions, false));
      },
      patch: async () => assert(),
      create: async () => assert(),
      deleteBodyArrives: async () => 'yes',
      clusterUid: async () => 'cluster',
      postReview: async () => assert(),
      onRetryAfter: () => undefined,
      close: () => undefined,
    };
  }

  private withMishap(deed: () => Said): Said {
    const mishap = this.mishaps.shift() ?? 'none';
    if (mishap === 'killed-before') this.killed = true;
    if (mishap === 'conflict') return refusal(409, 'try again');
    if (mishap.startsWith('broken')) {
      if (mishap === 'broken-after') deed();
      return refusal(500, 'broken');
    }
    const said = mishap.endsWith('before') ? undefined : deed();
    if (mishap === 'killed-after') this.killed = true;
    if (mishap === 'none' && said) return said;
    throw new ClusterError('connection-lost', 'the connection was cut', 'this is a test');
  }

  private remove(name: string, { uid, resourceVersion }: { uid: string; resourceVersion: string }, dryRun: boolean): Said {
    const object = this.objects.get(name);
    if (!object) return { ...refusal(404, 'not found'), notThere: true };
    if (object.uid !== uid || object.resourceVersion !== resourceVersion) return refusal(409, 'the precondition does not hold');
    if (dryRun) return { warnings: [], taken: true, body: { kind: 'Status' } };
    this.deleted.push(uid);
    if (!object.finalizers) {
      this.objects.delete(name);
      return { warnings: [], taken: true, body: { kind: 'Status', details: { uid } } };
    }
    object.deletionTimestamp = new Date().toISOString();
    object.resourceVersion = String(this.next++);
    return { warnings: [], taken: true, body: { kind: 'ConfigMap', metadata: { name, ...object } } };
  }
}

const refusal = (status: number, message: string) =>
  ({ warnings: [], taken: false, status, message, notThere: false, withoutRight: false }) as const;

function assert(): never {
  throw new Error('not asked for in these tests');
}
