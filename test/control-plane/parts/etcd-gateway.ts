/** What the tests need of etcd's HTTP gateway: it speaks JSON, with keys and values in base64. */

/** etcd's HTTP gateway. */
export interface EtcdGateway {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  /** Writes all keys in one transaction. */
  putAll(entries: Iterable<readonly [key: string, value: string]>): Promise<void>;
  /** Forgets all revisions but the newest. */
  compact(): Promise<void>;
}

/** The gateway at `url`. */
export function etcdGateway(url: string): EtcdGateway {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd POST ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    putAll: async (entries) => {
      const success = [...entries].map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
      await post('/v3/kv/txn', { success });
    },
    compact: async () => {
      const answer = await post('/v3/kv/range', { key: base64('/'), limit: 1, keysOnly: true });
      await post('/v3/kv/compaction', { revision: revisionOf(answer), physical: true });
    },
  };
}

function revisionOf(answer: unknown): unknown {
  const revision = (answer as { header?: { revision?: unknown } }).header?.revision;
  if (revision === undefined) throw new Error(`etcd told no revision: ${JSON.stringify(answer)}`);
  return revision;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
