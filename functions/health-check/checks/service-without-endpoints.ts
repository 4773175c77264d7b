import * as z from 'zod';
import { endpointSlices, pods, services } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refTo } from '../../scan/contracts.ts';

export default defineCheck({
  id: 'service-without-endpoints',
  title: 'Services without a ready endpoint',
  why: 'Every connection to such a Service fails.',
  upstream: 'https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/',
  reads: { services, endpointSlices },
  options: z.strictObject({ graceMinutes: z.number().min(0).default(5).describe('Leave Services younger than this alone') }),
  start({ options, now, emit, link }) {
    const selecting = new Map<string, { object: Ref; createdAt: string }>();
    const ready = new Set<string>();
    const unready = new Map<string, Ref[]>();
    return {
      see: {
        services({ metadata, spec }) {
          if (!spec?.selector || Object.keys(spec.selector).length === 0 || spec.type === 'ExternalName') return;
          const object = refTo(services, metadata);
          selecting.set(`${object.namespace}/${object.name}`, { object, createdAt: metadata?.creationTimestamp ?? '' });
        },
        endpointSlices({ metadata, endpoints }) {
          const service = `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`;
          for (const { conditions, targetRef } of endpoints ?? []) {
            if (conditions?.ready !== false) ready.add(service);
            else if (targetRef?.kind === 'Pod') unready.set(service, [...(unready.get(service) ?? []), refTo(pods, targetRef)]);
          }
        },
      },
      finish() {
        for (const [key, { object, createdAt }] of selecting) {
          if (ready.has(key) || now - Date.parse(createdAt) < options.graceMinutes * 60_000) continue;
          const behind = unready.get(key) ?? [];
          emit({
            object,
            severity: 'critical',
            message: behind.length > 0 ? 'none of its endpoints is ready' : 'its selector matches no pod',
            remedy: `kubectl -n ${object.namespace} describe service ${object.name}`,
            details: { notReady: behind.length },
          });
          for (const pod of behind) link({ effect: object, cause: pod, because: 'the endpoint behind it is not ready' });
        }
      },
    };
  },
});
