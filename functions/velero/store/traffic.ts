/** What reading a location takes. */
import { Readable } from 'node:stream';

/** Requests that were sent, tries that failed among them, and bytes of bodies that came. */
export interface Traffic {
  requests: number;
  bytes: number;
}

/** The response, what is read of its body being counted. Paused, as a listener alone would set it flowing before anybody reads. */
export function countBody<Response>(response: Response, traffic: Traffic): Response {
  if (!hasBody(response)) return response;
  response.body.pause().on('data', (chunk: Uint8Array) => {
    traffic.bytes += chunk.length;
  });
  return response;
}

const hasBody = (response: unknown): response is { body: Readable } =>
  typeof response === 'object' && response !== null && 'body' in response && response.body instanceof Readable;
