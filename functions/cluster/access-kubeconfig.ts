/**
 * The way to a cluster by a kubeconfig. Certificates, tokens and their files are read here; client-node, which costs a second and 100 MB,
 * is loaded only for what logs in by a program or goes through a proxy.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Finding, Ref } from '../scan/contracts.ts';
import type { ApiAccess, Credentials } from './api-client.ts';
import { codeOf } from './connection-errors.ts';
import { type ChosenContext, chooseContext, unusable } from './kubeconfig.ts';

/** A kubeconfig and how far it may go. */
export interface KubeconfigText {
  readonly text: string;
  /** What it is, for errors: `the kubeconfig /home/me/.kube/config`. */
  readonly from: string;
  readonly context?: string | undefined;
  /** On the command line: the folder that relative paths start from, and the right to read files and start plugins. Absent: neither. */
  readonly directory?: string;
  /** What findings are about. */
  readonly cluster: Ref;
}

/** How to reach the cluster, and what to say of it. */
export interface KubeconfigAccess {
  readonly access: ApiAccess;
  readonly findings: readonly Finding[];
}

/** client-go reads token files anew after this time, in ms. */
const tokenFileKept = 60_000;

/** Makes the access of a context. Throws ClusterError (`configuration`, `unknown-context`, `credentials`), never with a credential in it. */
export async function kubeconfigAccess({ text, from, context, directory, cluster }: KubeconfigText): Promise<KubeconfigAccess> {
  const chosen = chooseContext(text, from, context);
  const { server, 'tls-server-name': servername, 'insecure-skip-tls-verify': insecure } = chosen.cluster;
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw unusable(
      `${from}: the server ${server.replace(/\/\/[^/@]*@/, '//')} is no https address`,
      'Nightshift asks over TLS only: https://host:port',
    );
  }
  if (new URL(server).username !== '') throw unusable(`${from}: the server’s address holds a user`, 'give the user under users');
  if (directory === undefined) refuseFilesAndPlugins(chosen, from);
  const read = fileReader(from, directory);
  const ca = await read.content(chosen.cluster['certificate-authority-data'], chosen.cluster['certificate-authority']);
  // Node takes anything for an authority, and then trusts no server.
  if (ca !== undefined && !ca.includes('-----BEGIN ')) {
    throw unusable(`${from}: its certificate-authority holds no PEM certificate`, 'certificate-authority-data is base64 of a PEM file');
  }
  const access: ApiAccess = {
    server,
    tls: { rejectUnauthorized: insecure !== true, ...(ca !== undefined && { ca }), ...(servername && { servername }) },
    credentials: await plainCredentials(chosen, read),
  };
  const findings = insecure === true ? [unverified(cluster)] : [];
  if (!chosen.user.exec && !chosen.user['auth-provider'] && !chosen.cluster['proxy-url']) return { access, findings };
  const { loginAccess } = await import('./kubeconfig-login.ts');
  return { access: await loginAccess(access, chosen, from, directory), findings };
}

function refuseFilesAndPlugins({ cluster, user }: ChosenContext, from: string): void {
  const files = [
    ...(['client-certificate', 'client-key', 'tokenFile'] as const).filter((key) => user[key]),
    ...(cluster['certificate-authority'] ? ['certificate-authority'] : []),
  ];
  if (files.length > 0) {
    const remedy =
      'a function has only the text: put the content in as certificate-authority-data, client-certificate-data, client-key-data, token (kubectl config view --raw --flatten does so for certificates)';
    throw unusable(`${from} names files (${files.join(', ')}), which a function does not have`, remedy);
  }
  const plugin = user.exec
    ? `the plugin ${user.exec.command}`
    : user['auth-provider']
      ? `the provider ${user['auth-provider'].name}`
      : undefined;
  if (plugin !== undefined) {
    const remedy = `for EKS write eks: ${eksOfPlugin(cluster, user)} instead of kubeconfig; elsewhere give a ServiceAccount’s token or a client certificate`;
    throw unusable(`${from} logs in by ${plugin}: plugins run on the command line only, not in a function`, remedy);
  }
}

/**
 * What a kubeconfig for EKS says of the cluster, as nightshift.yaml writes it: `aws eks update-kubeconfig` gives the plugin name, region and
 * role; https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html
 */
function eksOfPlugin({ server }: ChosenContext['cluster'], { exec }: ChosenContext['user']): string {
  const command = exec?.command.split('/').at(-1);
  const args = command === 'aws' || command === 'aws-iam-authenticator' ? (exec?.args ?? []) : [];
  const given = (...flags: readonly string[]) => {
    const index = args.findIndex((argument) => flags.includes(argument.split('=', 1)[0] ?? ''));
    const found = args[index];
    return found?.includes('=') ? found.slice(found.indexOf('=') + 1) : found && args[index + 1];
  };
  const environment = new Map(exec?.env?.map(({ name, value }) => [name, value]));
  const ofServer = /\.([a-z0-9-]+)\.eks\.[a-z.]+(?::\d+)?\/?$/.exec(server)?.[1];
  const region = given('--region') ?? environment.get('AWS_REGION') ?? environment.get('AWS_DEFAULT_REGION') ?? ofServer;
  const role = given('--role-arn', '--role', '-r');
  const parts = [
    `name: ${given('--cluster-name', '--cluster-id', '-i') ?? 'NAME'}`,
    `region: ${region ?? 'REGION'}`,
    role && `role: ${role}`,
  ];
  return `{ ${parts.filter(Boolean).join(', ')} }`;
}

interface FileReader {
  file(path: string): Promise<Buffer>;
  /** Base64 goes before a file, as with kubectl; undefined where neither is given. */
  content(base64: string | null | undefined, path: string | null | undefined): Promise<Buffer | undefined>;
}

function fileReader(from: string, directory: string | undefined): FileReader {
  const file = async (path: string) => {
    try {
      return await readFile(directory === undefined || isAbsolute(path) ? path : join(directory, path));
    } catch (error) {
      throw unusable(`${from}: the file ${path} cannot be read (${codeOf(error)})`, 'put it there, or fetch the kubeconfig anew');
    }
  };
  return {
    file,
    content: async (base64, path) => (base64 ? Buffer.from(base64, 'base64') : path ? file(path) : undefined),
  };
}

/** Certificates and tokens that lie there; a token file is read anew after a minute or when its token was refused. */
async function plainCredentials({ user }: ChosenContext, read: FileReader): Promise<ApiAccess['credentials']> {
  const cert = await read.content(user['client-certificate-data'], user['client-certificate']);
  const key = await read.content(user['client-key-data'], user['client-key']);
  const tls: NonNullable<Credentials['tls']> = { ...(cert && { cert }), ...(key && { key }) };
  const impersonation = {
    ...(user.as && { 'impersonate-user': user.as }),
    ...(user['as-groups']?.length && { 'impersonate-group': user['as-groups'] }),
    ...(user['as-uid'] && { 'impersonate-uid': user['as-uid'] }),
  };
  const { tokenFile } = user;
  let token = user.token?.trim();
  let readAt = Number.NEGATIVE_INFINITY;
  const authorization = async (renew: boolean) => {
    if (tokenFile && (renew || performance.now() - readAt >= tokenFileKept)) {
      token = (await read.file(tokenFile)).toString('utf8').trim();
      readAt = performance.now();
    }
    if (token) return { authorization: `Bearer ${token}` };
    return user.username ? { authorization: `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}` } : {};
  };
  await authorization(false);
  return async (renew) => ({ headers: { ...(await authorization(renew)), ...impersonation }, tls });
}

function unverified(cluster: Ref): Finding {
  return {
    object: cluster,
    subject: 'tls',
    severity: 'warning',
    message: 'its certificate is not verified (insecure-skip-tls-verify): whoever is between can read and forge what it says',
    remedy: 'put the authority’s certificate into the kubeconfig as certificate-authority-data and take insecure-skip-tls-verify out',
  };
}
