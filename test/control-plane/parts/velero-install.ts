/** What `velero install` would put into a cluster, as far as a server that runs outside of it needs it. */
import { execFileSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from './objects.ts';
import { veleroNamespace } from './velero-objects.ts';
import type { VeleroOptions } from './velero-server.ts';

/** Brings definitions, namespace, secrets and locations where they are not there yet; `home` is where the command may write. */
export async function installVelero({ plane, emulator, bucket, prefix, endpoint }: VeleroOptions, binary: string, home: string) {
  const { region } = emulator;
  if ((await plane.request('GET', '/apis/velero.io/v1/backups')).status !== 200) await installDefinitions(plane, binary, home);
  await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: veleroNamespace } });
  const inside = (apiVersion: string, kind: string, name: string, rest: object) =>
    plane.apply({ apiVersion, kind, metadata: { name, namespace: veleroNamespace }, ...rest });
  const credentials = '[default]\naws_access_key_id=testing\naws_secret_access_key=testing\n';
  await inside('v1', 'Secret', 'cloud-credentials', { stringData: { cloud: credentials } });
  await inside('v1', 'Secret', 'velero-repo-credentials', { stringData: { 'repository-password': 'a-password-of-the-tests' } });
  const credential = { name: 'cloud-credentials', key: 'cloud' };
  await inside('velero.io/v1', 'BackupStorageLocation', 'default', {
    spec: {
      default: true,
      provider: 'aws',
      credential,
      objectStorage: { bucket, ...(prefix !== undefined && { prefix }) },
      config: { region, s3ForcePathStyle: 'true', s3Url: endpoint ?? emulator.endpoint },
    },
    // As an earlier server would have left it. Velero looks for backups to sync at its start and then once a minute, and in an Available
    // location only: so the first look is not lost.
    status: { phase: 'Available' },
  });
  await inside('velero.io/v1', 'VolumeSnapshotLocation', 'default', { spec: { provider: 'aws', credential, config: { region } } });
  // A restore asks it for the image of its init containers; nobody runs it here.
  const labels = { app: 'velero' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'velero', image: 'velero/velero:v1.18.3' }] } };
  await inside('apps/v1', 'Deployment', 'velero', { spec: { replicas: 0, selector: { matchLabels: labels }, template } });
}

async function installDefinitions(plane: VeleroOptions['plane'], binary: string, home: string): Promise<void> {
  const environment = { ...process.env, HOME: home };
  const text = execFileSync(binary, ['install', '--crds-only', '--dry-run', '-o', 'yaml'], { encoding: 'utf8', env: environment });
  for (const document of parseAllDocuments(text)) {
    const { items } = document.toJS() as { readonly items: readonly KubernetesObject[] };
    await Promise.all(items.map((object) => plane.apply(object)));
  }
}
