/**
 * What EKS has before its API server: a webhook that takes a token, which is a presigned GetCallerIdentity, and tells whose it is. EKS asks
 * STS; here the signature is made again from the secret, by the rules of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** Whom the webhook knows. */
export interface TokenWebhookOptions {
  /** The only cluster that a token may be for. */
  readonly cluster: string;
  readonly region: string;
  /** By access key: the secret, and who the API server is told it is. */
  readonly identities: Readonly<Record<string, { readonly secret: string; readonly username: string; readonly groups: readonly string[] }>>;
}

/** A running webhook. */
export interface TokenWebhook {
  /** For `startControlPlane({ tokenWebhook })`. */
  readonly url: string;
  /** Why tokens were refused, in order; never the token. */
  readonly refused: readonly string[];
  /** How many tokens were taken. */
  readonly accepted: () => number;
  stop(): void;
}

type Identity = TokenWebhookOptions['identities'][string];

/** Answers TokenReviews (authentication.k8s.io/v1) on a loopback port. */
export async function startTokenWebhook(options: TokenWebhookOptions): Promise<TokenWebhook> {
  const refused: string[] = [];
  let accepted = 0;
  const server = createServer(async (request, response) => {
    const review = (await json(request)) as { readonly spec?: { readonly token?: string } };
    const answer = identify(review.spec?.token ?? '', options);
    if (typeof answer === 'string') refused.push(answer);
    else accepted += 1;
    const status =
      typeof answer === 'string'
        ? { authenticated: false, error: answer }
        : { authenticated: true, user: { username: answer.username, groups: answer.groups } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/authenticate`,
    refused,
    accepted: () => accepted,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Whose token it is, or why it is refused. */
function identify(token: string, { cluster, region, identities }: TokenWebhookOptions): Identity | string {
  if (!token.startsWith('k8s-aws-v1.')) return 'it is no EKS token';
  const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8'));
  const parameter = (name: string) => url.searchParams.get(name) ?? '';
  if (url.protocol !== 'https:' || url.host !== `sts.${region}.amazonaws.com`)
    return `it asks ${url.protocol}//${url.host}, not the regional STS`;
  if (parameter('Action') !== 'GetCallerIdentity') return `it asks for ${parameter('Action')}`;
  if (parameter('X-Amz-SignedHeaders') !== 'host;x-k8s-aws-id') return `it signs the headers ${parameter('X-Amz-SignedHeaders')}`;
  const [accessKey = '', day = '', ...scope] = parameter('X-Amz-Credential').split('/');
  if (scope.join('/') !== `${region}/sts/aws4_request`) return `it is scoped to ${scope.join('/')}`;
  const age = Date.now() - Date.parse(parameter('X-Amz-Date').replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (!(age > -60_000 && age < 15 * 60_000)) return `it is ${Math.round(age / 1000)} s old; EKS takes 15 minutes`;
  const identity = identities[accessKey];
  if (!identity) return 'its access key is unknown';
  const expected = signature(url, { cluster, region, day, secret: identity.secret });
  const given = Buffer.from(parameter('X-Amz-Signature'));
  if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
    return `its signature is not one for ${cluster} by this access key`;
  }
  return identity;
}

interface Signing {
  readonly cluster: string;
  readonly region: string;
  readonly day: string;
  readonly secret: string;
}

function signature(url: URL, { cluster, region, day, secret }: Signing): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = ['GET', '/', query, `host:${url.host}`, `x-k8s-aws-id:${cluster}`, '', 'host;x-k8s-aws-id', sha256('')].join('\n');
  const scope = `${day}/${region}/sts/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', url.searchParams.get('X-Amz-Date'), scope, sha256(canonical)].join('\n');
  const key = [day, region, 'sts', 'aws4_request'].reduce<Buffer | string>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
