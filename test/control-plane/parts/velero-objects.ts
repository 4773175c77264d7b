/** Velero's custom resources on a control plane: asking for work, and waiting for what Velero makes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expectGood } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';

/** Where Velero's custom resources live. */
export const veleroNamespace = 'velero';

/** A custom resource of velero.io/v1 as the server holds it; what Velero found out is in `status`. */
export interface VeleroObject extends KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly phase?: string;
    readonly errors?: number | readonly string[];
    readonly warnings?: number;
    readonly [field: string]: unknown;
  };
}

const kinds = {
  backups: 'Backup',
  restores: 'Restore',
  schedules: 'Schedule',
  deletebackuprequests: 'DeleteBackupRequest',
  backupstoragelocations: 'BackupStorageLocation',
  backuprepositories: 'BackupRepository',
  podvolumebackups: 'PodVolumeBackup',
} as const;

/** The kinds of velero.io/v1 that tests ask for, by the name in their path. */
export type VeleroResource = keyof typeof kinds;

/** What a test asks of Velero through its custom resources. */
export interface VeleroObjects {
  /** Creates a Backup and waits until it has ended, well or not. The spec is Velero's own; everything unless told. */
  backup(name: string, spec?: object): Promise<VeleroObject>;
  /** Creates a Restore and waits until it has ended, well or not. */
  restore(name: string, spec: object): Promise<VeleroObject>;
  /**
   * Creates a Schedule (`{ schedule: '0 1 * * *', template: { ... } }`) that last ran two days ago, so that Velero makes a backup of it at
   * once; waits for that backup's end and gives it.
   */
  schedule(name: string, spec: object): Promise<VeleroObject>;
  /** Asks for a backup's deletion, bucket and all, and waits for nothing; the request has the backup's name. */
  requestDeletion(backup: string): Promise<VeleroObject>;
  /** Creates a custom resource of velero.io/v1 in Velero's namespace, and waits for nothing. */
  create(resource: VeleroResource, name: string, spec: object, status?: object): Promise<VeleroObject>;
  get(resource: VeleroResource, name: string): Promise<VeleroObject | undefined>;
  list(resource: VeleroResource): Promise<readonly VeleroObject[]>;
  /** Asks until `there` holds and gives the object; fails after two minutes with what was last seen and the end of the log. */
  until(resource: VeleroResource, name: string, there: (object: VeleroObject | undefined) => boolean): Promise<VeleroObject | undefined>;
}

/** The phases in which Velero has ended its work on a Backup or Restore. */
export const endPhases: readonly string[] = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation'];

/** `excuse` throws where waiting is in vain, and tells what Velero said last. */
export function veleroObjects(plane: ControlPlane, excuse: () => string): VeleroObjects {
  const path = (resource: string, name = '') =>
    `/apis/velero.io/v1/namespaces/${veleroNamespace}/${resource}${name === '' ? '' : `/${name}`}`;

  const get: VeleroObjects['get'] = async (resource, name) => {
    const answer = await plane.request('GET', path(resource, name));
    return answer.status === 404 ? undefined : (expectGood(`GET ${resource}/${name}`, answer) as VeleroObject);
  };
  const list: VeleroObjects['list'] = async (resource) => {
    const body = expectGood(`GET ${resource}`, await plane.request('GET', path(resource)));
    return (body as { readonly items: readonly VeleroObject[] }).items;
  };
  const create: VeleroObjects['create'] = async (resource, name, spec, status) => {
    const metadata = { name, namespace: veleroNamespace };
    const object = { apiVersion: 'velero.io/v1', kind: kinds[resource], metadata, spec, ...(status !== undefined && { status }) };
    return expectGood(`create ${resource}/${name}`, await plane.request('POST', path(resource), object)) as VeleroObject;
  };
  const until: VeleroObjects['until'] = async (resource, name, there) => {
    const deadline = performance.now() + 120_000;
    for (;;) {
      const object = await get(resource, name);
      if (there(object)) return object;
      const said = excuse();
      if (performance.now() > deadline) {
        throw new Error(`${resource}/${name} is not so within two minutes: ${JSON.stringify(object?.status ?? object)}\n${said}`);
      }
      await sleep(100);
    }
  };
  const untilEnded = async (resource: VeleroResource, name: string): Promise<VeleroObject> => {
    const object = await until(resource, name, (found) => endPhases.includes(found?.status?.phase ?? ''));
    if (object === undefined) throw new Error(`${resource}/${name} is gone`);
    return object;
  };
  return {
    get,
    list,
    create,
    until,
    async backup(name, spec = {}) {
      await create('backups', name, spec);
      return untilEnded('backups', name);
    },
    async restore(name, spec) {
      await create('restores', name, spec);
      return untilEnded('restores', name);
    },
    async schedule(name, spec) {
      await create('schedules', name, spec, { lastBackup: new Date(Date.now() - 48 * 3_600_000).toISOString() });
      const created = Date.now();
      await until('schedules', name, (schedule) => Date.parse(String(schedule?.status?.lastBackup)) >= created - 1_000);
      const made = (await list('backups')).filter(({ metadata }) => metadata.labels?.['velero.io/schedule-name'] === name);
      return untilEnded(
        'backups',
        made
          .map(({ metadata }) => metadata.name)
          .toSorted()
          .at(-1) ?? '',
      );
    },
    async requestDeletion(backup) {
      return create('deletebackuprequests', backup, { backupName: backup });
    },
  };
}
