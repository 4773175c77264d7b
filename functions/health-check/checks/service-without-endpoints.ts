import type { V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import * as z from 'zod';
import { daemonSets, deployments, endpointSlices, pods, services, statefulSets } from '../../cluster/kinds.ts';
import { defineCheck, NotApplicable, type Ref, refKey, refTo, type Severity, type Wire } from '../../scan/contracts.ts';
import { isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { leaseOf } from '../control-plane.ts';
import { endpointsByService } from '../endpoints.ts';
import { kubectl } from '../kubectl.ts';
import { hasEnded, isReady, unreadySince } from '../pod-state.ts';
import { type Labels, labelIndex } from '../selected.ts';

interface Service {
  readonly object: Ref;
  readonly selector: Labels;
  readonly isHeadless: boolean;
}
interface Trouble {
  readonly severity: Severity;
  readonly message: string;
  /** Its pods that are not ready. */
  readonly behind: readonly Ref[];
  /** In ms; undefined where nothing tells. */
  readonly since: number | undefined;
  /** Its controller makes at least one for each. */
  readonly hasNoSlice?: true;
}

/** What may be scaled to zero. */
const workloads = ['deployments', 'statefulSets', 'daemonSets'];

const noPod = (object: Ref): string => {
  const selector = kubectl(object, `get service ${object.name} -o jsonpath={.spec.selector}`);
  return kubectl(object, `get pods --show-labels, and compare with its selector: ${selector}`);
};

/** The latest of the times that are known: nothing was as it is before that. */
const latest = (times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((last, time) => (time !== undefined && (last === undefined || time > last) ? time : last), undefined);

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
    daemonSets: { ...daemonSets, optional: true },
  },
  // Endpoints come and go with the readiness of their pods.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z
      .number()
      .min(0)
      .default(5)
      .describe('Leave Services alone that are younger than this, or have been without a ready endpoint for less'),
  }),
  start({ options, now, emit, link, isWhole }) {
    const selecting: Service[] = [];
    const endpoints = endpointsByService();
    const unready = labelIndex();
    const scaledToZero = labelIndex();

    const noteZero = (read: typeof deployments | typeof statefulSets, { metadata, spec }: Wire<V1Deployment | V1StatefulSet>): void => {
      if (spec?.replicas === 0) scaledToZero.add({ object: refTo(read, metadata), labels: spec.template?.metadata?.labels ?? {} });
    };

    const troubleOf = ({ object, selector, isHeadless }: Service): Trouble => {
      const shown = endpoints.of(object);
      // Pods that are pending have no address, and so are in no slice.
      const matching = unready.selected(object.namespace, selector);
      const all = [...(shown?.unready ?? []), ...matching.map((pod) => pod.object)];
      const behind = [...new Map(all.map((pod) => [refKey(pod), pod])).values()];
      const since = latest([shown?.changed, ...matching.map((pod) => pod.since)]);
      if (shown?.leaving) return { severity: 'critical', message: 'all of its endpoints are going away', behind, since };
      if (behind.length > 0) return { severity: 'critical', message: 'none of its endpoints is ready', behind, since };
      const [zero] = scaledToZero.selected(object.namespace, selector);
      if (zero) {
        const { kind, name } = zero.object;
        const why = kind === 'DaemonSet' ? `no node is to run DaemonSet ${name}` : `${kind} ${name} is scaled to zero`;
        return { severity: 'info', message: `it has no endpoint: ${why}`, behind, since };
      }
      // Charts and operators make headless Services for what may have no pods, as a managed control plane's; their clients look for pods. And
      // where not all workloads were seen it may be scaled to zero.
      const severity = isHeadless ? 'info' : workloads.every(isWhole) ? 'critical' : 'warning';
      // A Service without endpoints has an empty slice: reconciler.go of k8s.io/endpointslice.
      if (!shown) {
        const message = 'it has no EndpointSlice, not even an empty one: its controller has not looked at it';
        return { severity, message, behind, since, hasNoSlice: true };
      }
      if (!isWhole('pods')) return { severity, message: 'it has no endpoint', behind, since };
      return { severity, message: 'it has no endpoint: no pod that could be one matches its selector', behind, since };
    };

    return {
      see: {
        services({ metadata, spec }) {
          if (metadata?.deletionTimestamp || !spec?.selector || Object.keys(spec.selector).length === 0 || spec.type === 'ExternalName')
            return;
          if (!isOlder(timeOf(metadata?.creationTimestamp), minutes(options.graceMinutes), now)) return;
          selecting.push({ object: refTo(services, metadata), selector: spec.selector, isHeadless: spec.clusterIP === 'None' });
        },
        endpointSlices: endpoints.note,
        pods(pod) {
          if (isReady(pod) || hasEnded(pod)) return;
          unready.add({ object: refTo(pods, pod.metadata), labels: pod.metadata?.labels ?? {}, since: unreadySince(pod) });
        },
        deployments: (deployment) => noteZero(deployments, deployment),
        statefulSets: (statefulSet) => noteZero(statefulSets, statefulSet),
        daemonSets({ metadata, spec, status }) {
          if (status?.desiredNumberScheduled !== 0) return;
          scaledToZero.add({ object: refTo(daemonSets, metadata), labels: spec?.template?.metadata?.labels ?? {} });
        },
      },
      finish() {
        if (selecting.length > 0 && endpoints.isEmpty())
          throw new NotApplicable('there are no EndpointSlices, not even that of the API server');
        for (const service of selecting) {
          const { object } = service;
          if (endpoints.of(object)?.ready) continue;
          const { severity, message, behind, since, hasNoSlice } = troubleOf(service);
          if (since !== undefined && !isOlder(since, minutes(options.graceMinutes), now)) continue;
          const remedy = behind.length > 0 ? kubectl(object, `describe service ${object.name}`) : noPod(object);
          emit({ object, severity, message, remedy, ...startedAt(since), details: { notReady: behind.length } });
          if (hasNoSlice)
            link({ effect: object, cause: leaseOf('kube-controller-manager'), because: 'the controller manager makes EndpointSlices' });
          for (const pod of behind) link({ effect: object, cause: pod, because: 'the endpoint behind it is not ready' });
        }
      },
    };
  },
});
