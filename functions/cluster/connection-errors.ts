/** Node's codes for what goes wrong on a connection, in words for the person who has to mend it. */
import { ClusterError, type ClusterErrorKind } from './cluster-error.ts';

/** Thrown by the exchange itself, beside what Node throws. */
export class ExchangeTimeout extends Error {
  override readonly name = 'ExchangeTimeout';
  /** Whether no connection came to be at all. */
  readonly connecting: boolean;
  constructor(message: string, connecting: boolean) {
    super(message);
    this.connecting = connecting;
  }
}

/** A proxy opened no tunnel in time. */
export class ProxyTimeout extends Error {
  override readonly name = 'ProxyTimeout';
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    super('the proxy opened no tunnel');
    this.milliseconds = milliseconds;
  }
}

/** The answer's body ended before it was whole; asking again is right. */
export class CutAnswer extends Error {
  override readonly name = 'CutAnswer';
}

/** The answer is larger than whoever asked can take; asking for less is right. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'CERT_CHAIN_TOO_LONG',
]);
const noName = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA', 'EAI_FAIL']);
const nobodyThere = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTDOWN', 'ENETDOWN']);
const cut = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_EOF_STATE', 'UND_ERR_SOCKET']);

/** The code of an error of Node; where several addresses were tried, that of the first. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What an error of one exchange with `host` (host:port) means. What is a ClusterError already stays itself. */
export function connectionError(error: unknown, host: string, signal?: AbortSignal): ClusterError {
  if (error instanceof ClusterError) return error;
  const made = (kind: ClusterErrorKind, message: string, remedy: string) => new ClusterError(kind, message, remedy, { cause: error });
  if (signal?.aborted) return made('aborted', `the request to ${host} was given up`, 'give the run more time');
  if (error instanceof ExchangeTimeout) {
    const remedy = error.connecting
      ? 'is the address right, and may this machine reach it? (a firewall, a security group, a private endpoint, a VPN that is down)'
      : 'the API server is overloaded, or something between drops the connection: look at its load and run again';
    return made('timeout', `${host}: ${error.message}`, remedy);
  }
  // hpagent (proxy-url) has no error of its own for it.
  if (error instanceof ProxyTimeout || (error instanceof Error && error.message === 'Proxy timeout')) {
    const within = error instanceof ProxyTimeout ? ` within ${error.milliseconds / 1000} s` : ' in time';
    return made('timeout', `the proxy on the way to ${host} opens no tunnel${within}`, ofProxy);
  }
  if (error instanceof AnswerTooLarge) {
    return made('too-large', `${host}: ${error.message}`, 'an object of many megabytes is a mistake: look which it is, and what it holds');
  }
  const code = codeOf(error) ?? '';
  if (noName.has(code)) {
    const where = asked(error, host);
    const ofServer = 'is the name right? A deleted cluster’s name vanishes; a private name needs the VPN’s or VPC’s own DNS';
    const remedy = where === host ? ofServer : ofProxy;
    return made('dns', `the name ${where === host ? host.replace(/:\d+$/, '') : where} has no address (${code})`, remedy);
  }
  if (nobodyThere.has(code)) {
    const where = asked(error, host);
    const remedy = where === host ? 'is the API server running, and are its address and port right?' : ofProxy;
    return made('unreachable', `nobody answers at ${where} (${code})`, remedy);
  }
  const refusal = proxyRefusal(error, code);
  if (refusal !== undefined) return made('unreachable', `the proxy on the way to ${host} ${refusal}`, ofProxy);
  if (code === 'ETIMEDOUT') {
    return made(
      'timeout',
      `${host} did not answer (${code})`,
      'may this machine reach it? (a firewall, a security group, a private endpoint)',
    );
  }
  return certificateError(error, code, host, made) ?? otherError(error, code, host, made);
}

const ofProxy = 'is the proxy right (proxy-url in the kubeconfig, HTTPS_PROXY), or does NO_PROXY lack this server?';

/** What a proxy said instead of opening a tunnel: Node's own words (HTTPS_PROXY), hpagent's and socks' (proxy-url). Node's name it with its user. */
function proxyRefusal(error: unknown, code: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.constructor.name === 'SocksClientError') return `opens no tunnel: ${error.message}`;
  const status = 'statusCode' in error ? error.statusCode : /^Bad response: (\d+)$/.exec(error.message)?.[1];
  if (code !== 'ERR_PROXY_TUNNEL' && !error.message.startsWith('Bad response: ')) return undefined;
  return status === undefined ? 'ends the connection' : `answers ${status} and opens no tunnel`;
}

/** Who was asked: the error names another than the server where a proxy is between. */
function asked(error: unknown, host: string): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return host;
  const server = new URL(`https://${host}`);
  if ('hostname' in first && first.hostname !== server.hostname) return `${first.hostname}, the proxy on the way to ${host},`;
  const isElsewhere = 'address' in first && 'port' in first && String(first.port) !== (server.port || '443');
  return isElsewhere ? `${first.address}:${first.port}, the proxy on the way to ${host},` : host;
}

type Made = (kind: ClusterErrorKind, message: string, remedy: string) => ClusterError;

function certificateError(error: unknown, code: string, host: string, made: Made): ClusterError | undefined {
  if (untrusted.has(code)) {
    const remedy =
      'give the authority that signed it (certificate-authority-data in the kubeconfig): after a rebuild of the cluster fetch the kubeconfig anew';
    return made('untrusted-certificate', `the certificate of ${host} is signed by no trusted authority (${code})`, remedy);
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const what = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    const remedy = 'renew it (kubeadm certs renew apiserver), and compare the clocks of this machine and the server';
    return made('expired-certificate', `the certificate of ${host} ${what} (${code})`, remedy);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const reason = error instanceof Error && 'reason' in error && typeof error.reason === 'string' ? `: ${error.reason}` : '';
    const remedy = 'use a name that the certificate holds as the server’s address, or set tls-server-name in the kubeconfig';
    return made('hostname-mismatch', `the certificate of ${host} was made for other names${reason}`, remedy);
  }
  return undefined;
}

function otherError(error: unknown, code: string, host: string, made: Made): ClusterError {
  if (error instanceof CutAnswer || cut.has(code)) {
    const remedy = 'the API server or a load balancer before it ends connections: look at its load and restarts and run again';
    return made('connection-lost', `the connection to ${host} was cut (${code || 'the answer was not whole'})`, remedy);
  }
  const message = error instanceof Error ? error.message : String(error);
  // OpenSSL’s own reason, also where Node’s code says no more than EPROTO.
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? code;
  if (/wrong version number|packet length too long|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|^HPE_/.test(reason)) {
    return made(
      'not-kubernetes',
      `${host} does not speak HTTPS (${reason})`,
      'are its address and port right? They are those of the API server',
    );
  }
  if (code === 'ERR_INVALID_CHAR') {
    const remedy = 'a token is one line of ASCII: look for a line break or a byte order mark in it, or fetch it anew';
    return made('configuration', `the credentials given for ${host} hold a character that no HTTP header carries (${code})`, remedy);
  }
  if (code.startsWith('ERR_OSSL_')) {
    const remedy = 'certificates and keys are PEM without a passphrase; in a kubeconfig’s …-data fields base64 of it';
    return made('configuration', `the certificates given for ${host} cannot be read (${code})`, remedy);
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') {
    return made(
      'tls',
      `TLS with ${host} failed: ${code || message}`,
      'is the client’s certificate one that this server’s authority signed?',
    );
  }
  return made('unreachable', `${host} could not be asked: ${code || message}`, 'look at the message and run again');
}

/** Whether asking again may help: never for a certificate or a name. */
export function isPassing(error: ClusterError): boolean {
  return error.kind === 'connection-lost' || error.kind === 'unreachable' || codeOf(error.cause) === 'EAI_AGAIN';
}
