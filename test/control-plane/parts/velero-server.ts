/**
 * A real Velero server for a test, outside the cluster as everything here: it writes genuine backups of a control plane into the
 * emulator's S3, deletes and syncs them, and restores them. No kubelet and no node agent: no data of volumes is moved, but volumes of EBS are
 * snapshotted in the emulator's EC2.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Emulator, environmentWithoutAws } from '../../deployed/parts/emulator.ts';
import { buildPart } from './build.ts';
import { removeTemporaryDirectory, startChild, temporaryDirectory } from './child-process.ts';
import type { ControlPlane } from './control-plane.ts';
import { installVelero } from './velero-install.ts';
import { type VeleroObjects, veleroNamespace, veleroObjects } from './velero-objects.ts';

/** What startVelero must be told. */
export interface VeleroOptions {
  readonly plane: ControlPlane;
  readonly emulator: Emulator;
  /** The BackupStorageLocation `default`: a bucket that is there. */
  readonly bucket: string;
  readonly prefix?: string;
  /** Where Velero finds S3, if not at the emulator itself: a proxy before it. */
  readonly endpoint?: string;
  /** Laid after our own, e.g. `--garbage-collection-frequency=5s`. */
  readonly flags?: readonly string[];
}

/** A running Velero. */
export interface Velero extends VeleroObjects {
  /** The end of the server's log. */
  lastLines(count?: number): string;
  /** SIGKILL: what it was writing stays as it lies. */
  kill(): Promise<void>;
  /** SIGTERM, as a rollout does it; SIGKILL when that takes over ten seconds. */
  stop(): Promise<void>;
}

/**
 * Installs Velero's definitions, namespace, credentials and locations where they are not there yet, starts a server and waits until
 * the location is Available. The bucket's backups are brought into the cluster at the start, then once a minute. Several servers can run at
 * once, and one after another on the same control plane.
 */
export async function startVelero(options: VeleroOptions): Promise<Velero> {
  const [binary, plugin] = await Promise.all([buildPart('velero'), buildPart('velero-plugin-for-aws')]);
  const directory = temporaryDirectory('velero');
  await installVelero(options, binary, directory);
  const [command = binary, ...before] = [...ownProcesses(), binary];
  const child = startChild('velero', command, [...before, ...(await serverFlags(options, plugin, directory))], {
    log: join(directory, 'velero.log'),
    background: true,
    environment: {
      ...environmentWithoutAws(),
      // The location names S3's address; for EC2, where volumes are snapshotted, the plugin has no other way.
      AWS_ENDPOINT_URL_EC2: options.emulator.endpoint,
      // Its temporary files, credentials and plugins' sockets go with the directory.
      HOME: directory,
      TMPDIR: directory,
      VELERO_NAMESPACE: veleroNamespace,
    },
  });
  const end = async (signal: NodeJS.Signals, ms: number) => {
    // The server itself, so that unshare sees it end and leaves no zombie; without unshare its plugins would outlive a SIGKILL.
    if (before.length === 0 && signal === 'SIGKILL') spawnSync('pkill', ['-KILL', '-P', String(child.pid)]);
    if (child.running()) process.kill(before.length === 0 ? child.pid : onlyChildOf(child.pid), signal);
    for (const deadline = performance.now() + ms; child.running() && performance.now() < deadline; ) await sleep(50);
  };
  const kill = async () => {
    await end('SIGKILL', 5_000);
    await child.stop();
    removeTemporaryDirectory(directory);
  };
  const lastLines = (count = 40) => withoutRoutine(child.lastLines(1000)).slice(-count).join('\n');
  const velero: Velero = {
    ...veleroObjects(options.plane, () => {
      if (!child.running()) throw new Error(`velero ended:\n${child.lastLines(40)}`);
      return lastLines();
    }),
    lastLines,
    kill,
    async stop() {
      await end('SIGTERM', 10_000);
      await kill();
    },
  };
  try {
    // An Available from an earlier server's time proves nothing of this one; the time has whole seconds.
    const started = Math.floor(Date.now() / 1000) * 1000;
    await velero.until('backupstoragelocations', 'default', (location) => {
      const { phase, lastValidationTime } = location?.status ?? {};
      return phase === 'Available' && Date.parse(String(lastValidationTime)) >= started;
    });
    return velero;
  } catch (error) {
    await kill();
    throw error;
  }
}

async function serverFlags({ plane, flags = [] }: VeleroOptions, plugin: string, directory: string): Promise<string[]> {
  // Every executable in it is taken for a plugin.
  const plugins = join(directory, 'plugins');
  mkdirSync(plugins);
  copyFileSync(plugin, join(plugins, 'velero-plugin-for-aws'));
  return [
    'server',
    `--kubeconfig=${await plane.kubeconfig()}`,
    `--namespace=${veleroNamespace}`,
    `--plugin-dir=${plugins}`,
    '--metrics-address=127.0.0.1:0',
    '--profiler-address=',
    '--backup-sync-period=1s',
    '--store-validation-frequency=1s',
    '--item-operation-sync-frequency=1s',
    '--client-qps=500',
    '--client-burst=1000',
    ...flags,
  ];
}

/**
 * Puts the server and its plugins into a process namespace of their own, which the kernel ends with its first process: so they end with this
 * process even after kill -9. Nothing where that is not allowed.
 */
function ownProcesses(): readonly string[] {
  const always = ['--pid', '--fork', '--kill-child'];
  const ways = [
    ['unshare', ...always, '--'],
    ['unshare', '--user', '--map-current-user', ...always, '--'],
  ];
  return ways.find(([command = '', ...args]) => spawnSync(command, [...args, 'true']).status === 0) ?? [];
}

/** The server behind unshare. */
function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

/** Its location is looked at every ten seconds, in four lines. */
function withoutRoutine(log: string): string[] {
  return log.split('\n').filter((line) => !/controller=backup-(storage-location|sync) /.test(line));
}
