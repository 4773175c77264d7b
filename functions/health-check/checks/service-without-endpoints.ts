import type { V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import * as z from 'zod';
import { deployments, endpointSlices, pods, services, statefulSets } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refKey, refTo, type Severity, type Wire } from '../../scan/contracts.ts';
import { isOlder, minutes, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { hasEnded, isReady } from '../pod-state.ts';
import { listOf } from '../wire.ts';

type Labels = Readonly<Record<string, string | null | undefined>>;
interface Service {
  readonly object: Ref;
  readonly selector: Labels;
  readonly isHeadless: boolean;
}
/** Something in a namespace that a Service's selector may match. */
interface Selectable {
  readonly object: Ref;
  readonly labels: Labels;
}

const selects = (selector: Labels, labels: Labels): boolean => Object.entries(selector).every(([key, value]) => labels[key] === value);

const keyOf = (namespace: string | null | undefined, name: string | null | undefined): string => `${namespace}/${name}`;

/** By namespace. */
const addTo = (all: Map<string, Selectable[]>, selectable: Selectable): void => {
  const namespace = selectable.object.namespace ?? '';
  const known = all.get(namespace);
  if (known) known.push(selectable);
  else all.set(namespace, [selectable]);
};

/** The endpoints that slices show of a Service; readiness as the EndpointSlice API says: null means true. */
interface Endpoints {
  ready: boolean;
  /** Some still answer while they go away; kube-proxy sends to them if nothing else is left. */
  leaving: boolean;
  readonly unready: Ref[];
}

export default defineCheck({
  id: 'service-without-endpoints',
  title: 'Services without a ready endpoint',
  why: 'Every connection to such a Service fails.',
  upstream: 'https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/',
  reads: {
    services,
    endpointSlices,
    pods: { ...pods, optional: true },
    deployments: { ...deployments, optional: true },
    statefulSets: { ...statefulSets, optional: true },
  },
  options: z.strictObject({ graceMinutes: z.number().min(0).default(5).describe('Leave Services younger than this alone') }),
  start({ options, now, emit, link }) {
    const selecting = new Map<string, Service>();
    const endpoints = new Map<string, Endpoints>();
    const unreadyPods = new Map<string, Selectable[]>();
    const scaledToZero = new Map<string, Selectable[]>();

    const noteZero = (read: typeof deployments | typeof statefulSets, { metadata, spec }: Wire<V1Deployment | V1StatefulSet>): void => {
      if (spec?.replicas !== 0) return;
      addTo(scaledToZero, { object: refTo(read, metadata), labels: spec.template?.metadata?.labels ?? {} });
    };

    /** Its pods that are not ready: those that the slices show, and those that have no address yet. */
    const behind = ({ object, selector }: Service, key: string): readonly Ref[] => {
      const matching = unreadyPods.get(object.namespace ?? '') ?? [];
      const all = [
        ...(endpoints.get(key)?.unready ?? []),
        ...matching.filter(({ labels }) => selects(selector, labels)).map((pod) => pod.object),
      ];
      return [...new Map(all.map((pod) => [refKey(pod), pod])).values()];
    };

    const judge = (
      service: Service,
      key: string,
    ): { readonly severity: Severity; readonly message: string; readonly pods: readonly Ref[] } => {
      const unready = behind(service, key);
      if (endpoints.get(key)?.leaving) return { severity: 'critical', message: 'all of its endpoints are going away', pods: unready };
      if (unready.length > 0) return { severity: 'critical', message: 'none of its endpoints is ready', pods: unready };
      const zero = (scaledToZero.get(service.object.namespace ?? '') ?? []).find(({ labels }) => selects(service.selector, labels));
      if (zero)
        return { severity: 'info', message: `it has no endpoint: ${zero.object.kind} ${zero.object.name} is scaled to zero`, pods: [] };
      // Operators make headless Services for what may have no pods.
      return { severity: service.isHeadless ? 'warning' : 'critical', message: 'its selector matches no pod', pods: [] };
    };

    return {
      see: {
        services({ metadata, spec }) {
          if (!spec?.selector || Object.keys(spec.selector).length === 0 || spec.type === 'ExternalName') return;
          if (!isOlder(timeOf(metadata?.creationTimestamp), minutes(options.graceMinutes), now)) return;
          const object = refTo(services, metadata);
          selecting.set(keyOf(object.namespace, object.name), { object, selector: spec.selector, isHeadless: spec.clusterIP === 'None' });
        },
        endpointSlices({ metadata, endpoints: shown }) {
          const key = keyOf(metadata?.namespace, metadata?.labels?.['kubernetes.io/service-name']);
          const of = endpoints.get(key) ?? { ready: false, leaving: false, unready: [] };
          for (const { conditions, targetRef } of listOf(shown)) {
            if (conditions?.ready !== false) of.ready = true;
            else if (conditions.terminating && conditions.serving) of.leaving = true;
            if (conditions?.ready === false && targetRef?.kind === 'Pod') of.unready.push(refTo(pods, targetRef));
          }
          endpoints.set(key, of.ready ? { ...of, unready: [] } : of);
        },
        pods(pod) {
          if (isReady(pod) || hasEnded(pod)) return;
          addTo(unreadyPods, { object: refTo(pods, pod.metadata), labels: pod.metadata?.labels ?? {} });
        },
        deployments: (deployment) => noteZero(deployments, deployment),
        statefulSets: (statefulSet) => noteZero(statefulSets, statefulSet),
      },
      finish() {
        for (const [key, service] of selecting) {
          if (endpoints.get(key)?.ready) continue;
          const { object } = service;
          const { severity, message, pods: unready } = judge(service, key);
          const remedy =
            unready.length > 0
              ? kubectl(object, `describe service ${object.name}`)
              : kubectl(
                  object,
                  `get pods --show-labels, and compare with its selector: ${kubectl(object, `get service ${object.name} -o jsonpath={.spec.selector}`)}`,
                );
          emit({ object, severity, message, remedy, details: { notReady: unready.length } });
          for (const pod of unready) link({ effect: object, cause: pod, because: 'the endpoint behind it is not ready' });
        }
      },
    };
  },
});
