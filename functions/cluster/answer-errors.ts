/** What a status other than 200 means, in words for the person who has to mend it. */
import { clean } from './clean.ts';
import { ClusterError } from './cluster-error.ts';
import type { Answer } from './exchange.ts';

/** Kubernetes' Status; https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly metadata?: { readonly continue?: string };
}

/** The Status that a refusal carries, or undefined where it is plain text, as those of aggregated groups are. */
export function statusOf(text: string): Status | undefined {
  try {
    const body: (Status & { readonly kind?: unknown }) | null = JSON.parse(text);
    return body?.kind === 'Status' ? body : undefined;
  } catch {
    return undefined;
  }
}

/** The server's own words: one line, at most 300 characters. */
export function serverMessage({ status, text }: Answer): string {
  const message = clean(statusOf(text)?.message ?? text)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return message === '' ? `status ${status}` : message.length > 300 ? `${message.slice(0, 299)}…` : message;
}

/** How long the server asks to wait (ms): seconds or a date; https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfter({ headers }: Pick<Answer, 'headers'>): number | undefined {
  const given = headers['retry-after'];
  if (given === undefined) return undefined;
  const wait = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isNaN(wait) ? undefined : wait;
}

/** Whether a 403 says that the server has seen no credentials. */
export const isForNobody = (said: string): boolean => said.includes('system:anonymous');

/** The error for that; `shown` is what was shown, where it can be told. */
export function anonymousError(host: string, shown = ''): ClusterError {
  const remedy = 'the kubeconfig’s context names no user, or one without credentials: give it a token or a client certificate';
  return new ClusterError('unauthorized', `${host} takes us for nobody (system:anonymous)${shown && `: we show ${shown}`}`, remedy);
}

/** The error for an answer that was refused. */
export function answerError(answer: Answer, host: string, path: string): ClusterError {
  const { status } = answer;
  const said = serverMessage(answer);
  if (status === 401) {
    return new ClusterError(
      'unauthorized',
      `${host} does not accept the credentials (401)`,
      'are the token or certificate expired, or of another cluster? On EKS: has the role an access entry (aws eks list-access-entries)?',
    );
  }
  if (status === 403) {
    if (isForNobody(said)) return anonymousError(host);
    return new ClusterError(
      'forbidden',
      `${host} forbids GET ${path}: ${said}`,
      'bind the ClusterRoles of infra/in-cluster to this identity',
    );
  }
  if (status === 429 || status >= 500) {
    return new ClusterError(
      'server-error',
      `${host} answered GET ${path} with ${status}, again and again: ${said}`,
      'look at the API server’s load and log (kubectl get --raw "/readyz?verbose") and run again',
    );
  }
  return new ClusterError(
    'not-kubernetes',
    `${host} answered GET ${path} with ${status}: ${said}`,
    'is this the address of a Kubernetes API server?',
  );
}
