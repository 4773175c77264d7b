/** The one call of EKS that Nightshift makes, which the emulator knows no real cluster for: DescribeCluster, at AWS_ENDPOINT_URL_EKS. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A cluster as EKS would describe it. */
export interface StubbedCluster {
  /** Of a real API server: https://127.0.0.1:PORT */
  readonly endpoint: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** As in DescribeCluster's `health.issues`. */
  readonly healthIssues?: readonly { readonly code: string; readonly message: string; readonly resourceIds: readonly string[] }[];
}

/** A running stub. */
export interface EksStub {
  /** For AWS_ENDPOINT_URL_EKS. */
  readonly endpoint: string;
  /** The names of the clusters that were asked for, in order. */
  readonly asked: readonly string[];
  stop(): void;
}

/** Serves these clusters by name; others do not exist. */
export async function startEksStub(clusters: Readonly<Record<string, StubbedCluster>>): Promise<EksStub> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const name = /^\/clusters\/([^/?]+)$/.exec(request.url ?? '')?.[1] ?? '';
    asked.push(name);
    const cluster = clusters[name];
    if (request.method !== 'GET' || !cluster) {
      response.writeHead(404, { 'content-type': 'application/json', 'x-amzn-errortype': 'ResourceNotFoundException' });
      response.end(JSON.stringify({ message: `No cluster found for name: ${name}.` }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ cluster: described(name, cluster) }));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function described(name: string, { endpoint, certificateAuthority, healthIssues }: StubbedCluster) {
  return {
    name,
    arn: `arn:aws:eks:eu-central-1:123456789012:cluster/${name}`,
    // Seconds since the epoch, as the protocol has times.
    createdAt: 1_767_225_600,
    version: '1.36',
    status: 'ACTIVE',
    endpoint,
    certificateAuthority: { data: Buffer.from(certificateAuthority).toString('base64') },
    health: { issues: healthIssues ?? [] },
  };
}
