/**
 * The baseline of the scan's benchmark, a process of its own: lists the same resources in pages over one keep-alive agent and parses them,
 * nothing more. Arguments: server, CA file, token, lists at once, then the paths, each with ! before it where metadata is enough.
 */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { text } from 'node:stream/consumers';
import pLimit from 'p-limit';

const [server = '', authority = '', token = '', atOnce = '1', ...paths] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce), ca: readFileSync(authority) });

const page = (path: string, accept: string): Promise<{ items: unknown[] | null; metadata: { continue?: string } }> =>
  new Promise((resolve, reject) => {
    get(new URL(path, server), { agent, headers: { authorization: `Bearer ${token}`, accept } }, (response) => {
      text(response)
        .then((body) => {
          if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
          resolve(JSON.parse(body));
        })
        .catch(reject);
    }).on('error', reject);
  });

const list = async (path: string): Promise<number> => {
  const accept = path.startsWith('!') ? 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' : 'application/json';
  let count = 0;
  let token: string | undefined = '';
  do {
    const continued: string = token ? `&continue=${encodeURIComponent(token)}` : '';
    const { items, metadata } = await page(`${path.replace('!', '')}&limit=500${continued}`, accept);
    count += items?.length ?? 0;
    token = metadata.continue;
  } while (token);
  return count;
};

const limit = pLimit(Number(atOnce));
const counts = await Promise.all(paths.map((path) => limit(() => list(path))));
console.log(`${counts.reduce((sum, count) => sum + count, 0)} objects`);
agent.destroy();
