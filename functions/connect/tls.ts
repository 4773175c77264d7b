/** Step: the server's certificate, and whether it is to be trusted. */
import { once } from 'node:events';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { type ApiAccess, apiClient, connectTimeout } from '../cluster/api-client.ts';
import { clean } from '../cluster/clean.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import { connectionError, ExchangeTimeout } from '../cluster/connection-errors.ts';
import type { Certificate } from '../cluster/exchange.ts';
import type { Way } from '../cluster/open-cluster.ts';
import { daysLeft, leftText } from './days-left.ts';
import { failed, type Said, type Seen } from './step.ts';

/** As the check api-server-certificate warns. */
const warningDays = 30;

/** Shakes hands without trusting, so that a certificate that is refused can be told of too. Throws ClusterError where no hands were shaken. */
export async function serverCertificate({ access }: Way, signal: AbortSignal): Promise<Seen<true>> {
  if (access.proxy) return throughProxy(access, signal);
  const url = new URL(access.server);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const { tls } = await access.credentials(false);
  let socket: TLSSocket | undefined;
  try {
    signal.throwIfAborted();
    const servername = access.tls.servername ?? (isIP(host) === 0 ? host : undefined);
    socket = connect({
      host,
      port: Number(url.port) || 443,
      ...access.tls,
      ...tls,
      ...(servername !== undefined && { servername }),
      rejectUnauthorized: false,
    });
    const opened = socket;
    // What is destroyed may still say so.
    opened.on('error', () => undefined);
    opened.setTimeout(connectTimeout, () => opened.destroy(new ExchangeTimeout(`no TLS within ${connectTimeout / 1000} s`, true)));
    await once(opened, 'secureConnect', { signal });
    return said(opened, access, servername ?? host, url.host);
  } catch (error) {
    throw connectionError(error, url.host, signal);
  } finally {
    socket?.destroy();
  }
}

function said(socket: TLSSocket, access: ApiAccess, name: string, server: string): Seen<true> {
  const certificate = socket.getPeerCertificate();
  const facts = [namesOf(certificate), validText(new Date(certificate.valid_to)), socket.getProtocol() ?? ''].filter(Boolean);
  const verified = access.tls.ca ? 'the authority that the configuration gives' : 'an authority that this machine trusts';
  const signer = `signed by ${clean(String(certificate.issuer?.CN ?? certificate.issuer?.O ?? 'an unnamed authority'))}`;
  if (socket.authorized)
    return withDaysLeft({ state: 'ok', message: `${signer}, verified against ${verified}`, facts }, certificate.valid_to);
  if (access.tls.rejectUnauthorized === false) {
    return {
      state: 'warning',
      message: `${signer}, not verified (insecure-skip-tls-verify)`,
      facts,
      remedy: 'give certificate-authority-data and take insecure-skip-tls-verify out: whoever is between can read the credentials',
      value: true,
    };
  }
  // Node keeps the code alone; what the names are the certificate tells.
  const code = String(socket.authorizationError);
  const mismatch = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? checkServerIdentity(name, certificate) : undefined;
  const error = mismatch ?? Object.assign(new Error(code), { code });
  return { ...failed(connectionError(error, server)), facts: [signer, ...facts] };
}

const namesOf = ({ subjectaltname: names, subject }: PeerCertificate): string => `for ${clean(names ?? String(subject?.CN ?? 'no name'))}`;

const validText = (end: Date): string => `valid until ${end.toISOString().slice(0, 10)} (${leftText(end)})`;

function withDaysLeft(seen: Said & { readonly state: 'ok' }, end: string): Seen<true> {
  if (daysLeft(new Date(end)) > warningDays) return { ...seen, value: true };
  const remedy = 'renew it before it ends: kubeadm certs renew apiserver; a managed control plane’s provider renews it, so ask there';
  return { ...seen, state: 'warning', remedy, value: true };
}

/** The tunnel is the client's agent's: what the handshake gave is told by a request. */
async function throughProxy(access: ApiAccess, signal: AbortSignal): Promise<Seen<true>> {
  const client = apiClient(access, { attempts: 1 });
  try {
    const { certificate } = await client.get('/version', { anyStatus: true, certificate: true, signal });
    return certificate ? proxied(certificate, access) : through;
  } catch (error) {
    // Said after hands were shaken; what to do about it the steps after this one say.
    if (isClusterError(error) && error.kind === 'unauthorized') return through;
    throw error;
  } finally {
    client.close();
  }
}

const through: Seen<true> = { state: 'ok', message: 'verified, through the proxy', value: true };

function proxied({ issuer, subject, validTo }: Certificate, access: ApiAccess): Seen<true> {
  const facts = [`for ${clean(subject)}`, validText(new Date(validTo))];
  const unverified = access.tls.rejectUnauthorized === false;
  const message = `signed by ${clean(issuer)}, ${unverified ? 'not verified (insecure-skip-tls-verify)' : 'verified'}, through the proxy`;
  return unverified ? { state: 'warning', message, facts, value: true } : withDaysLeft({ state: 'ok', message, facts }, validTo);
}
