/** Certificate authorities and certificates for the tests, made by openssl: Node signs no certificates. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority that lies as NAME.crt and NAME.key in a directory. */
export interface Authority {
  readonly certificate: string;
  readonly certificateFile: string;
  /** Signs a new key's certificate; `days` below 1 gives one that has already expired. */
  sign(subject: { commonName: string; organization?: string; days?: number; names?: readonly string[] }): KeyPair;
}

/** A new elliptic private key as PEM, in the one form that kube-apiserver takes for service accounts too. */
export function privateKey(): string {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}

/** Makes an authority of its own for each purpose: what signs clients must not vouch for servers. */
export function makeAuthority(directory: string, name: string): Authority {
  const certificateFile = join(directory, `${name}.crt`);
  const keyFile = join(directory, `${name}.key`);
  writeFileSync(keyFile, privateKey(), { mode: 0o600 });
  // openssl's own defaults make it a certificate authority.
  openssl(['req', '-x509', '-new', '-key', keyFile, '-out', certificateFile, '-days', '3650', '-subj', `/CN=nightshift-${name}`]);
  return {
    certificate: readFileSync(certificateFile, 'utf8'),
    certificateFile,
    sign: ({ commonName, organization, days = 365, names = [] }) => {
      const base = join(directory, randomUUID());
      const key = privateKey();
      writeFileSync(`${base}.key`, key, { mode: 0o600 });
      const subject = `${organization === undefined ? '' : `/O=${subjectValue(organization)}`}/CN=${subjectValue(commonName)}`;
      openssl(['req', '-new', '-key', `${base}.key`, '-out', `${base}.csr`, '-subj', subject]);
      const usage = names.length > 0 ? `serverAuth\nsubjectAltName=${names.join(',')}` : 'clientAuth';
      writeFileSync(`${base}.ext`, `keyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}\n`);
      const issuer = ['-CA', certificateFile, '-CAkey', keyFile, '-set_serial', `0x${randomUUID().replaceAll('-', '')}`];
      openssl(['x509', '-req', '-in', `${base}.csr`, ...issuer, '-days', String(days), '-extfile', `${base}.ext`, '-out', `${base}.crt`]);
      return { certificate: readFileSync(`${base}.crt`, 'utf8'), key };
    },
  };
}

// A slash parts the fields of openssl's -subj, and names like system:node/x hold one.
function subjectValue(value: string): string {
  return value.replaceAll(/[\\/+]/g, (character) => `\\${character}`);
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
