/**
 * The first try of a plain get or listing, signed and sent without the SDK's middleware, which takes five times as long and 300 KB for each.
 * Whatever comes of it but a good answer is the SDK's to understand, and to try again.
 */
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HttpRequest, type HttpResponse } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { BuildMiddleware } from '@smithy/types';
import { plainListing } from './s3-listing.ts';
import { countBody, type Traffic } from './traffic.ts';

/** The command's output, or what the SDK is to take for the answer to its own first try: a response, or a rejection. */
export type FirstTry =
  | { readonly output: object; readonly answer?: undefined }
  | { readonly answer: () => Promise<{ readonly response: HttpResponse }>; readonly output?: undefined };

/** Undefined: nothing was sent, for this is no such command, or whoever may sign is not known. Never throws. */
export type TryFirst = (command: unknown, signal: AbortSignal) => Promise<FirstTry | undefined>;

export function firstTries(client: S3Client, bucket: string, traffic: Traffic): TryFirst {
  let known: Promise<Way | undefined> | undefined;
  const signed = async (asked: Asked): Promise<HttpRequest | undefined> => {
    try {
      known ??= wayTo(client, bucket);
      const way = await known;
      return way && (await signedRequest(way, asked, client.config.systemClockOffset));
    } catch {
      // The SDK says it in its own words; the next request tries again.
      known = undefined;
      return undefined;
    }
  };
  return async (command, signal) => {
    const asked = askedBy(command);
    const request = asked && (await signed(asked));
    if (!request) return undefined;
    traffic.requests += 1;
    try {
      const { response } = await client.config.requestHandler.handle(request, { abortSignal: signal });
      countBody(response, traffic);
      if (response.statusCode !== 200 && response.statusCode !== 206) return { answer: async () => ({ response }) };
      return asked.isListing ? await listing(response) : { output: gotten(response) };
    } catch (error) {
      return { answer: () => Promise.reject(error) };
    }
  };
}

/** Below the bucket. */
interface Asked {
  readonly isListing: boolean;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
}

/** Undefined for what asks for more than is known here. */
function askedBy(command: unknown): Asked | undefined {
  if (command instanceof ListObjectsV2Command) {
    const { Bucket: _, Prefix: prefix = '', ContinuationToken: token, ...more } = command.input;
    if (Object.keys(more).length > 0) return undefined;
    const query = { 'list-type': '2', prefix, ...(token !== undefined && { 'continuation-token': token }) };
    return { isListing: true, path: '', query, headers: {} };
  }
  if (command instanceof GetObjectCommand) {
    const { Bucket: _, Key: key, IfMatch: etag, Range: range, ...more } = command.input;
    if (!key || Object.keys(more).length > 0) return undefined;
    const headers = { ...(etag !== undefined && { 'if-match': etag }), ...(range !== undefined && { range }) };
    return { isListing: false, path: key.split('/').map(escaped).join('/'), query: { 'x-id': 'GetObject' }, headers };
  }
  return undefined;
}

/** As S3 reads it: what RFC 3986 reserves too. */
const escaped = (part: string): string =>
  encodeURIComponent(part).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** To a bucket, as the SDK would go: its endpoint, and who signs. */
interface Way {
  readonly request: HttpRequest;
  /** With a slash at its end. */
  readonly path: string;
  readonly signer: SignatureV4;
}

/** Lets the SDK build a request that is never sent. Undefined where it would not be signed in the usual way: S3 Express, access points of several regions. */
async function wayTo(client: S3Client, bucket: string): Promise<Way | undefined> {
  const { config } = client;
  const command = new GetObjectCommand({ Bucket: bucket, Key: 'k' });
  let way: Way | undefined;
  const noted: BuildMiddleware<GetObjectCommandInput, GetObjectCommandOutput> = (_, context) => async (args) => {
    const [scheme] = context.authSchemes ?? [];
    if (HttpRequest.isInstance(args.request) && scheme?.name === 'sigv4' && scheme.signingRegion && scheme.signingName) {
      const { signingRegion: region, signingName: service } = scheme;
      const signer = new SignatureV4({ service, region, credentials: config.credentials, sha256: config.sha256, uriEscapePath: false });
      way = { request: args.request, path: args.request.path.slice(0, -'k'.length), signer };
    }
    return { response: undefined, output: { $metadata: {} } };
  };
  command.middlewareStack.add(noted, { step: 'build', priority: 'low' });
  await client.send(command);
  return way;
}

async function signedRequest({ request, path, signer }: Way, asked: Asked, clockOffset: number): Promise<HttpRequest> {
  const { protocol, hostname, port, headers } = request;
  const unsigned = new HttpRequest({
    protocol,
    hostname,
    ...(port !== undefined && { port }),
    method: 'GET',
    path: path + asked.path,
    query: asked.query,
    headers: { ...headers, ...asked.headers },
  });
  return new HttpRequest(await signer.sign(unsigned, { signingDate: new Date(Date.now() + clockOffset) }));
}

function gotten({ body, headers }: HttpResponse): object {
  const length = headers['content-length'];
  return {
    Body: body,
    ...(length !== undefined && { ContentLength: Number(length) }),
    ContentRange: headers['content-range'],
    ETag: headers.etag,
  };
}

/** A page that does not come whole, or is no plain one, is given on as it came. */
async function listing(response: HttpResponse): Promise<FirstTry> {
  const chunks: Uint8Array[] = [];
  let cut: { readonly error: unknown } | undefined;
  try {
    for await (const chunk of response.body as Readable) chunks.push(chunk);
  } catch (error) {
    cut = { error };
  }
  const output = cut ? undefined : plainListing(Buffer.concat(chunks).toString());
  if (output) return { output };
  const again = async function* () {
    yield* chunks;
    if (cut) throw cut.error;
  };
  response.body = Readable.from(again());
  return { answer: async () => ({ response }) };
}
