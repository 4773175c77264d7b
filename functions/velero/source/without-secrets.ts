/** Secrets lie whole in a backup: what they hold goes no further than this. */

import { isRecord } from '../archive/archived-object.ts';

type Body = Readonly<Record<string, unknown>>;

/** Annotations of others may repeat the whole object (kubectl's, kapp's and Rancher's last applied one): ours alone are kept. */
const keptAnnotations = /^nightshift\.dev\//;

const emptied = (data: unknown): Body => (isRecord(data) ? Object.fromEntries(Object.keys(data).map((key) => [key, ''])) : {});

/** Of a Secret what it is called and carries for labels, its type and its keys; all else is left out, known or not. */
export function withoutSecrets(body: Body): Body {
  if (String(body.kind).toLowerCase() !== 'secret') return body;
  const { apiVersion, kind, metadata, type, data, stringData, immutable } = body;
  return {
    apiVersion,
    kind,
    ...(isRecord(metadata) && { metadata: { ...metadata, annotations: ownAnnotations(metadata.annotations) } }),
    ...(typeof type === 'string' && { type }),
    ...(typeof immutable === 'boolean' && { immutable }),
    ...(data !== undefined && { data: emptied(data) }),
    ...(stringData !== undefined && { stringData: emptied(stringData) }),
  };
}

const ownAnnotations = (annotations: unknown): Body =>
  isRecord(annotations) ? Object.fromEntries(Object.entries(annotations).filter(([key]) => keptAnnotations.test(key))) : {};
