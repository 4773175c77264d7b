import * as z from 'zod';
import { apiServices, namespaces } from '../../cluster/kinds.ts';
import { defineCheck, refTo } from '../../scan/contracts.ts';
import { inWords, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { listOf, oneLine, some } from '../wire.ts';

/** The conditions of the namespace controller that say what holds a namespace, the telling one first: k8s.io/api/core/v1/types.go */
const telling = [
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceFinalizersRemaining',
  'NamespaceContentRemaining',
];

const remedyFor = (holding: ReadonlySet<string>, name: string): string => {
  if (holding.has('NamespaceDeletionDiscoveryFailure') || holding.has('NamespaceDeletionGroupVersionParsingFailure')) {
    return 'kubectl get apiservices: repair or delete the one that is not Available; the namespace then goes by itself';
  }
  if (holding.has('NamespaceFinalizersRemaining')) {
    return `see why the controller that owns the finalizer does not finish (was it removed first?); what is left: kubectl api-resources --verbs=list --namespaced -o name | xargs -n 1 kubectl get -n ${name} --ignore-not-found`;
  }
  return `kubectl get namespace ${name} -o yaml`;
};

/** The APIServices of the groups that a discovery failure names: `metrics.k8s.io/v1beta1: stale GroupVersion discovery: ...`. */
const apiServicesIn = (message: string | null | undefined): string[] => {
  const groups = oneLine(message, 1000).matchAll(/\b([a-z0-9-]+(?:\.[a-z0-9-]+)+)\/(v\d+(?:(?:alpha|beta)\d+)?)\b/g);
  return [...new Set([...groups].map(([, group, version]) => `${version}.${group}`))];
};

export default defineCheck({
  id: 'namespace-terminating',
  title: 'Namespaces that do not go away',
  why: 'Nothing can be created in it again under its name, and what it holds keeps costing; often an API service is broken for all.',
  upstream: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/',
  reads: { namespaces },
  // itemInclusionChecks of velero pkg/backup/item_backupper.go.
  notInBackups: 'Velero leaves out what is being deleted',
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(15).describe('Leave namespaces alone that have been going away for less than this'),
  }),
  start({ options, now, emit, link }) {
    return {
      see: {
        namespaces({ metadata, spec, status }) {
          const since = timeOf(metadata?.deletionTimestamp);
          if (!isOlder(since, minutes(options.graceMinutes), now) || since === undefined) return;
          const object = refTo(namespaces, metadata);
          const holding = listOf(status?.conditions).filter(({ status: value }) => value === 'True');
          const types = new Set(holding.map(({ type }) => type ?? ''));
          const reasons = holding
            .toSorted((a, b) => telling.indexOf(a.type ?? '') - telling.indexOf(b.type ?? ''))
            .map(({ type, message }) => oneLine(message) || type);
          // `kubernetes` is the namespace controller's own, and always the last to go.
          const finalizers = [...listOf(spec?.finalizers).filter((name) => name !== 'kubernetes'), ...listOf(metadata?.finalizers)];
          if (finalizers.length > 0)
            reasons.push(`the namespace itself has the finalizer${finalizers.length > 1 ? 's' : ''} ${some(finalizers, 5)}`);
          const why = reasons.length > 0 ? reasons.join('; ') : 'its controller says nothing of why';
          emit({
            object,
            severity: 'warning',
            message: `has been going away for ${inWords(now - since)}: ${why}`,
            remedy: remedyFor(types, object.name),
            ...startedAt(since),
            details: { conditions: [...types].toSorted().join(', ') },
          });
          const failure = holding.find(({ type }) => type === 'NamespaceDeletionDiscoveryFailure');
          for (const name of apiServicesIn(failure?.message)) {
            link({ effect: object, cause: refTo(apiServices, { name }), because: 'what is in it cannot be listed' });
          }
        },
      },
    };
  },
});
