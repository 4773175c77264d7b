/** A seeded cluster with Velero, its bucket, and what can befall a backup there: all that tests of backups share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Emulator, startEmulator } from '../../deployed/parts/emulator.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Asked, type FaultyProxy, silent, startFaultyProxy } from './faulty-proxy.ts';
import { createVeleroBucket, type VeleroBucket } from './velero-bucket.ts';
import { seedControllers, seedForVelero } from './velero-seed.ts';
import { flagsForRemovedVersion } from './velero-seed-faults.ts';
import { startVelero, type Velero } from './velero-server.ts';

/** A cluster and its Velero. */
export interface VeleroCluster {
  readonly plane: ControlPlane;
  readonly velero: Velero;
}

export interface VeleroScene {
  readonly emulator: Emulator;
  readonly plane: ControlPlane;
  readonly bucket: VeleroBucket;
  /** The location's, in the bucket. */
  readonly prefix: string;
  /** Between Velero and S3. */
  readonly proxy: FaultyProxy;
  /** The Velero that runs now. */
  velero(): Velero;
  /** Kills Velero at the moment at which it sends a request to S3 that `when` holds for, which never arrives; then a new one runs. */
  killedAt(when: (asked: Asked) => boolean, ask: (velero: Velero) => Promise<unknown>): Promise<void>;
  /** Stops Velero; another one then runs, with these flags beside. */
  restarted(flags: readonly string[]): Promise<Velero>;
  /** Another cluster, empty, whose Velero has the same location and has synced these backups. */
  elsewhere(backups: readonly string[]): Promise<VeleroCluster>;
  stop(): Promise<void>;
}

/** Starts it, with the seeds of velero-seed.ts; its API server can hold those of velero-seed-faults.ts too. */
export async function startVeleroScene(): Promise<VeleroScene> {
  const ends: (() => unknown)[] = [];
  const ending = async <T>(started: Promise<T>, end: (part: T) => unknown): Promise<T> => {
    const part = await started;
    ends.push(() => end(part));
    return part;
  };
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const emulator = await ending(startEmulator(), (part) => part.stop());
    const cluster = (apiServerFlags: readonly string[]) =>
      ending(startControlPlane({ controllers: seedControllers, serviceAccountAdmission: true, apiServerFlags }), (part) => part.stop());
    const plane = await cluster(flagsForRemovedVersion);
    const bucket = await createVeleroBucket(emulator, 'velero');
    await seedForVelero(plane, emulator);
    const proxy = await ending(startFaultyProxy(emulator.endpoint), (part) => part.stop());
    const prefix = 'prod';
    const start = (flags: readonly string[] = []) =>
      startVelero({ plane, emulator, bucket: bucket.name, prefix, endpoint: proxy.url, flags });
    let velero = await start();
    ends.push(() => velero.stop());
    return {
      emulator,
      plane,
      bucket,
      prefix,
      proxy,
      velero: () => velero,
      async killedAt(when, ask) {
        const held = proxy.plant({ when }, silent);
        await ask(velero);
        for (const deadline = performance.now() + 60_000; held.struck.length === 0; await sleep(20)) {
          if (performance.now() > deadline) throw new Error(`Velero did not ask so within a minute:\n${velero.lastLines()}`);
        }
        await velero.kill();
        held.remove();
        velero = await start();
      },
      async restarted(flags) {
        await velero.stop();
        velero = await start(flags);
        return velero;
      },
      async elsewhere(backups) {
        const other = await cluster([]);
        const options = { plane: other, emulator, bucket: bucket.name, prefix };
        const its = await ending(startVelero(options), (part) => part.stop());
        for (const name of backups) await its.until('backups', name, (found) => found !== undefined);
        return { plane: other, velero: its };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
