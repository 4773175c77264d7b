/** A kubeconfig's text, checked and reduced to what one context means. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { ClusterError } from './cluster-error.ts';

const text = z.string().nullish();
const list = <Entry extends z.ZodType>(entry: Entry) => z.array(entry).nullish();

const clusterEntry = z.looseObject({
  server: z.string({ error: 'the cluster has no server' }),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
});
const userEntry = z.looseObject({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-groups': list(z.string()),
  'as-uid': text,
  exec: z
    .looseObject({
      command: z.string(),
      args: list(z.string()),
      apiVersion: text,
      env: list(z.looseObject({ name: z.string(), value: z.string() })),
    })
    .nullish(),
  'auth-provider': z.looseObject({ name: text }).nullish(),
});
const contextEntry = z.looseObject({ cluster: z.string(), user: text });
const anyEntries = list(z.looseObject({ name: z.string() }));
const kubeconfig = z.looseObject({ 'current-context': text, contexts: anyEntries, clusters: anyEntries, users: anyEntries });
/** The text's outermost shape; what an entry holds is checked when its context is chosen. */
export type Kubeconfig = z.infer<typeof kubeconfig>;

/** One context with the entries that it names; a context without a user has an empty one. */
export interface ChosenContext {
  readonly context: string;
  readonly cluster: z.infer<typeof clusterEntry>;
  readonly user: z.infer<typeof userEntry>;
}

/** The text, parsed; `from` names it in errors. Throws ClusterError, never with a value of the text. */
export function parseKubeconfig(kubeconfigText: string, from: string): Kubeconfig {
  const parsed = parse(kubeconfigText, from);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    const what = parsed === null || parsed === undefined ? 'is empty' : `holds a ${Array.isArray(parsed) ? 'list' : typeof parsed}`;
    throw unusable(`${from} ${what}`, 'a kubeconfig has contexts, clusters and users (kubectl config view)');
  }
  return checked(kubeconfig, parsed, from, '');
}

/** The names of its contexts, and the current one's where it has one. */
export function contextNames(kubeconfigText: string, from: string): { readonly names: readonly string[]; readonly current?: string } {
  const { contexts, 'current-context': current } = parseKubeconfig(kubeconfigText, from);
  return { names: (contexts ?? []).map(({ name }) => name), ...(current && { current }) };
}

/**
 * Reads the text and chooses a context, by default the current one. `from` names it in errors. Throws ClusterError: `unknown-context` naming
 * the known ones, `configuration` for what cannot be used, with the line where one can be told; never with a value of the text.
 */
export function chooseContext(kubeconfigText: string, from: string, wanted: string | undefined): ChosenContext {
  const config = parseKubeconfig(kubeconfigText, from);
  const context = wanted ?? config['current-context'] ?? '';
  const known = (config.contexts ?? []).map(({ name }) => name);
  if (context === '' || !known.includes(context)) throw unknownContext(from, context, known);
  const chosen = checked(contextEntry, entry(config, 'context', context, from), from, `the context ${context}: `);
  const cluster = entry(config, 'cluster', chosen.cluster, from);
  const user = chosen.user ? entry(config, 'user', chosen.user, from) : {};
  return {
    context,
    cluster: checked(clusterEntry, cluster, from, `the cluster ${chosen.cluster}: `),
    user: checked(userEntry, user, from, `the user ${chosen.user}: `),
  };
}

function entry(config: Kubeconfig, key: 'context' | 'cluster' | 'user', name: string, from: string): unknown {
  const found = config[`${key}s`]?.find((each) => each.name === name);
  if (found !== undefined) return found[key] ?? {};
  const names = (config[`${key}s`] ?? []).map((each) => each.name).join(', ') || 'none';
  throw unusable(`${from} names the ${key} ${name}, which it does not hold`, `it holds ${names}: add it, or name another in the context`);
}

function unknownContext(from: string, context: string, known: readonly string[]): ClusterError {
  if (known.length === 0)
    return unusable(`${from} holds no context`, 'a kubeconfig has contexts, clusters and users (kubectl config view)');
  const what = context === '' ? `${from} has no current context` : `${from} has no context ${context}`;
  return new ClusterError('unknown-context', `${what}; it has ${known.join(', ')}`, 'name one of them as the context');
}

function parse(kubeconfigText: string, from: string): unknown {
  const lines = new LineCounter();
  // Pretty errors and the library's own words would quote the text, and with it a token.
  const document = parseDocument(kubeconfigText, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw unusable(`${from} is not valid YAML: line ${line}, column ${col} (${error.code})`, 'mend it there, or fetch it anew');
  }
  try {
    return document.toJS();
  } catch {
    throw unusable(`${from} is not valid YAML: an alias in it cannot be resolved`, 'mend it, or fetch it anew');
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, from: string, what: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.');
  throw unusable(
    `${from}: ${what}${path ? `${path}: ` : ''}${issue?.message}`,
    'a kubeconfig has contexts, clusters and users (kubectl config view)',
  );
}

/** The error for a kubeconfig that cannot be used. */
export function unusable(message: string, remedy: string): ClusterError {
  return new ClusterError('configuration', message, remedy);
}
