/** What can be told of the credentials themselves: the kind and the end, never a part of them. */
import { X509Certificate } from 'node:crypto';
import type { Credentials } from '../cluster/api-client.ts';
import { clean } from '../cluster/clean.ts';
import { leftText } from './days-left.ts';

/** How the caller shows who it is. */
export interface OwnCredentials {
  /** `a client certificate of night (O nightshift:readers), valid until 2027-01-01 (364 days left)`. */
  readonly text: string;
  /** By the machine's clock; undefined where it is not written in them. */
  readonly ends: Date | undefined;
  readonly kind: 'certificate' | 'token' | 'password' | 'none';
}

/** Looks at them; what cannot be read is said to be so. */
export function ownCredentials({ headers, tls }: Credentials): OwnCredentials {
  const authorization = headers.authorization ?? '';
  const token = typeof authorization === 'string' ? /^Bearer (.+)$/.exec(authorization)?.[1] : undefined;
  // A token goes before a certificate only where the server asks it first; both are shown by what is given.
  if (token !== undefined) return ofToken(token);
  if (authorization !== '') return { kind: 'password', text: 'a user name and a password', ends: undefined };
  const cert = [tls?.cert ?? []].flat()[0];
  if (cert !== undefined) return ofCertificate(cert);
  if (tls?.pfx !== undefined) return { kind: 'certificate', text: 'a client certificate', ends: undefined };
  return { kind: 'none', text: 'no credentials', ends: undefined };
}

function ofCertificate(pem: string | Buffer): OwnCredentials {
  try {
    const { subject, validTo } = new X509Certificate(pem);
    const ends = new Date(validTo);
    const name = clean(subject.replaceAll('\n', ', '));
    return { kind: 'certificate', text: `a client certificate of ${name}, ${validity(ends)}`, ends };
  } catch {
    return { kind: 'certificate', text: 'a client certificate that cannot be read', ends: undefined };
  }
}

/** The end of a ServiceAccount's or OpenID Connect's token is written in it; https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4 */
function ofToken(token: string): OwnCredentials {
  const ends = endOfJwt(token);
  return { kind: 'token', text: ends ? `a token, ${validity(ends)}` : 'a token', ends };
}

function endOfJwt(token: string): Date | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const end = typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) * 1000 : Number.NaN;
    return Number.isNaN(end) ? undefined : new Date(end);
  } catch {
    return undefined;
  }
}

const validity = (end: Date): string =>
  Number.isNaN(end.getTime()) ? 'whose end cannot be read' : `valid until ${end.toISOString().slice(0, 10)} (${leftText(end)})`;
