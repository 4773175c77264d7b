/** Kubeconfig files for the tests' users. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from './api-client.ts';

/** Writes a kubeconfig with everything embedded (JSON, which is YAML) and gives its path. */
export async function writeKubeconfig(directory: string, server: string, certificateAuthority: string, user: User): Promise<string> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const credentials =
    'clientCertificate' in user
      ? { 'client-certificate-data': base64(user.clientCertificate), 'client-key-data': base64(user.clientKey) }
      : user;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } }],
    users: [{ name: 'test', user: credentials }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  const path = join(directory, `kubeconfig-${randomUUID().slice(0, 8)}.yaml`);
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return path;
}
