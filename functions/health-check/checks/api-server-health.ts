import * as z from 'zod';
import { defineCheck, type ProbeAnswer, type Severity } from '../../scan/contracts.ts';
import { apiServer, failedChecks } from '../control-plane.ts';
import { oneLine } from '../wire.ts';

const probes = ['/readyz?verbose', '/livez?verbose', '/version'] as const;

/** Does the answer name a Kubernetes version, as https://kubernetes.io/docs/reference/using-api/ says? */
const tellsVersion = ({ status, body }: ProbeAnswer): boolean => {
  if (status !== 200) return false;
  try {
    return typeof JSON.parse(body).gitVersion === 'string';
  } catch {
    return false;
  }
};

export default defineCheck({
  id: 'api-server-health',
  title: 'What the API server says of itself',
  why: 'An API server that is not ready answers late, wrongly or not at all: nothing in the cluster can change or heal.',
  upstream: 'https://kubernetes.io/docs/reference/using-api/health-checks/',
  reads: {},
  probes,
  // Each run hears one of several replicas.
  flaps: true,
  options: z.strictObject({}),
  start({ emit, probe }) {
    const report = (subject: string, message: string, path: string, severity: Severity = 'critical') =>
      emit({ object: apiServer, subject, severity, message, remedy: `kubectl get --raw '${path}'`, details: { path } });

    return {
      see: {},
      async finish() {
        const [ready, live, version] = await Promise.all(probes.map((path) => probe(path)));
        const told = new Set<string>();
        for (const [path, answer] of [
          ['/readyz?verbose', ready],
          ['/livez?verbose', live],
        ] as const) {
          if (!answer) continue;
          const failed = failedChecks(answer.body);
          for (const name of failed) {
            if (told.has(name)) continue;
            told.add(name);
            // What /readyz says while a replica goes, until the load balancer has noticed: k8s.io/apiserver/pkg/server/healthz.go
            if (name === 'shutdown') report(name, 'the replica that answered is shutting down, as at an upgrade or restart', path, 'info');
            else report(name, `its own check ${name} fails (${path.split('?')[0]})`, path);
          }
          if (failed.length === 0 && answer.status !== 200) {
            const endpoint = path.split('?')[0] ?? path;
            report(endpoint, `${endpoint} answers with status ${answer.status}: ${oneLine(answer.body, 120) || 'nothing more'}`, path);
          }
        }
        if (version && !tellsVersion(version))
          report('/version', `/version answers with status ${version.status} and names no version`, '/version');
      },
    };
  },
});
