import * as z from 'zod';
import { apiServices, services } from '../../cluster/kinds.ts';
import { defineCheck, refTo } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { because, conditionOf } from '../wire.ts';

export default defineCheck({
  id: 'api-service-unavailable',
  title: 'API services that do not answer',
  why: 'Nothing can be read or written in its group, autoscalers lose their metrics, and no namespace that is deleted goes away.',
  upstream: 'https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/',
  reads: { apiServices },
  // It goes with the pods behind it.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(5).describe('Leave API services alone that have not answered for less than this'),
  }),
  start({ options, now, emit, link }) {
    return {
      see: {
        apiServices({ metadata, spec, status }) {
          const available = conditionOf(status?.conditions, 'Available');
          // Without a service it is the API server's own.
          if (!spec?.service || available?.status !== 'False') return;
          const since = timeOf(available.lastTransitionTime);
          if (!isOlder(since, minutes(options.graceMinutes), now)) return;
          const object = refTo(apiServices, metadata);
          emit({
            object,
            severity: 'warning',
            message: `does not answer${forHowLong(since, now)}${because(available.message ?? available.reason)}`,
            remedy:
              available.reason === 'ServiceNotFound'
                ? `if what served it was removed: kubectl delete apiservice ${object.name}`
                : `kubectl describe service -n ${spec.service.namespace} ${spec.service.name}`,
            ...startedAt(since),
          });
          link({ effect: object, cause: refTo(services, spec.service), because: 'it is served by this Service' });
        },
      },
    };
  },
});
