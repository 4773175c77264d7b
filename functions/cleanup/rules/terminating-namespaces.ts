import type { V1NamespaceStatus } from '@kubernetes/client-node';
import { namespaces } from '../../cluster/kinds.ts';
import { inWords, timeOf } from '../../health-check/age.ts';
import { conditionOf, listOf, oneLine, some } from '../../health-check/wire.ts';
import type { Wire } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';

type Conditions = Wire<V1NamespaceStatus>['conditions'];

/** What the namespace controller says, by what it is told as: pkg/controller/namespace/deletion/status_condition_utils.go */
const told = {
  discovery: 'NamespaceDeletionDiscoveryFailure',
  versions: 'NamespaceDeletionGroupVersionParsingFailure',
  content: 'NamespaceDeletionContentFailure',
  finalizers: 'NamespaceFinalizersRemaining',
  remaining: 'NamespaceContentRemaining',
} as const;

const messageOf = (conditions: Conditions, type: string): string | undefined => {
  const condition = conditionOf(conditions, type);
  return condition?.status === 'True' ? oneLine(condition.message) || type : undefined;
};

/** `Some content in the namespace has finalizers remaining: a in 1 resource instances, b in 2 ...`: the finalizers. */
const finalizersIn = (message: string): readonly string[] =>
  [...message.matchAll(/(\S+) in \d+ resource instances/g)].flatMap(([, finalizer]) => finalizer ?? []);
/** `Some resources are remaining: configmaps. has 1 resource instances, widgets.example.com has 2 ...`: the kinds. */
const kindsIn = (message: string): readonly string[] =>
  [...message.matchAll(/(\S+) has \d+ resource instances/g)].flatMap(([, kind]) => kind?.replace(/\.$/, '') ?? []);

/** Why it stays, in one line: the finalizer that blocks it first, as it is what people look for. */
const blockedBy = (conditions: Conditions, own: readonly string[]): string => {
  const [finalizers, remaining] = [messageOf(conditions, told.finalizers), messageOf(conditions, told.remaining)];
  const reasons: string[] = [];
  if (own.length > 0) reasons.push(`it carries the finalizer${own.length > 1 ? 's' : ''} ${some(own, 5)}`);
  if (finalizers) reasons.push(`what is in it waits for ${some(finalizersIn(finalizers), 5) || 'finalizers'}`);
  if (remaining) reasons.push(`${some(kindsIn(remaining), 5) || 'something'} left in it`);
  for (const type of [told.discovery, told.versions, told.content]) reasons.push(messageOf(conditions, type) ?? '');
  return reasons.filter((reason) => reason !== '').join('; ') || 'its controller does not say why';
};

export default defineRule({
  id: 'terminating-namespaces',
  title: 'Namespaces that are stuck going away',
  why: 'What is in them keeps costing, and nothing can be made under their name. Their finalizers are named and never removed: what they wait for would be left behind outside the cluster.',
  upstream: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/',
  reads: { namespaces },
  notInBackups: 'Velero leaves out what is being deleted',
  options: ruleOptions({ enabled: true, minimumAgeHours: 1 }),
  target: namespaces,
  does: 'report',
  start({ now, emit }) {
    return {
      see: {
        namespaces({ metadata, spec, status }) {
          const since = timeOf(metadata?.deletionTimestamp);
          const known = proposed(namespaces, metadata);
          if (since === undefined || !known) return;
          // `kubernetes` is the namespace controller's own, and always the last to go.
          const own = [...listOf(spec?.finalizers).filter((name) => name !== 'kubernetes'), ...listOf(metadata?.finalizers)];
          const facts = Object.entries(told).flatMap(([name, type]) => {
            const message = messageOf(status?.conditions, type);
            return message === undefined ? [] : [[name, message] as const];
          });
          emit({
            ...known,
            reason: `has been going away for ${inWords(now - since)}: ${blockedBy(status?.conditions, own)}`,
            since,
            facts: { ...Object.fromEntries(facts), ...(own.length > 0 && { ownFinalizers: own.join(', ') }) },
            risk: 'high',
          });
        },
      },
    };
  },
});
