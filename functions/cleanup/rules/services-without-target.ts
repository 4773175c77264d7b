import type { Proposal } from '../../actions/contracts.ts';
import { endpointSlices, services } from '../../cluster/kinds.ts';
import { inWords, timeOf } from '../../health-check/age.ts';
import { lastChange } from '../../health-check/last-change.ts';
import { listOf } from '../../health-check/wire.ts';
import { NotApplicable } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { customMentions, noteMentions } from '../custom-mentions.ts';
import { type Requirement, requirementsOfMap } from '../label-selector.ts';
import { overCustomResources } from '../over-custom-resources.ts';
import { podTargetReads, podTargets } from '../pod-targets.ts';
import { serviceReferenceReads, serviceReferences } from '../service-references.ts';
import { declaredSince, isOwned, latest } from '../since.ts';

interface Candidate {
  readonly requirements: readonly Requirement[];
  readonly since: number | undefined;
  readonly proposal: Omit<Proposal, 'since' | 'reason'>;
}
/** All slices of one Service together: with two address families one of them may well be empty. */
interface Slices {
  hasEndpoint: boolean;
  changed: number | undefined;
}

const changeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

const rule = defineRule({
  id: 'services-without-target',
  title: 'Services that lead nowhere',
  why: 'They take addresses, load balancers that cost money, and the time of whoever looks for what they once led to.',
  upstream: 'https://kubernetes.io/docs/concepts/services-networking/service/',
  reads: { endpointSlices, ...podTargetReads, ...serviceReferenceReads },
  options: ruleOptions({ enabled: true, minimumAgeHours: 168 }),
  target: services,
  does: 'report',
  start({ now, emit, shared }) {
    const targets = shared(podTargets);
    const references = serviceReferences();
    const mentions = shared(customMentions);
    const candidates: Candidate[] = [];
    const slices = new Map<string, Slices>();
    return {
      see: {
        ...targets.see,
        ...references.see,
        statefulSets(statefulSet) {
          targets.see.statefulSets(statefulSet);
          references.see.statefulSets(statefulSet);
        },
        endpointSlices({ metadata, endpoints }) {
          const key = `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`;
          const known = slices.get(key) ?? { hasEndpoint: false, changed: undefined };
          slices.set(key, known);
          known.hasEndpoint ||= listOf(endpoints).length > 0;
          const triggered = timeOf(metadata?.annotations?.[changeAnnotation]);
          known.changed = latest(known.changed, timeOf(metadata?.creationTimestamp), lastChange(metadata, 'spec'), triggered);
        },
        services(service) {
          references.see.services(service);
          const { metadata, spec } = service;
          // Without a selector somebody else writes its endpoints, and may do so again.
          if (!spec?.selector || Object.keys(spec.selector).length === 0 || spec.type === 'ExternalName') return;
          const known = proposed(services, metadata);
          if (!known || isOwned(metadata)) return;
          candidates.push({
            requirements: requirementsOfMap(spec.selector),
            since: declaredSince(metadata),
            proposal: {
              ...known,
              facts: {
                type: spec.type ?? 'ClusterIP',
                selector: Object.entries(spec.selector)
                  .map((label) => label.join('='))
                  .join(', '),
              },
              risk: 'medium',
            },
          });
        },
      },
      finish() {
        if (candidates.length > 0 && slices.size === 0)
          throw new NotApplicable('there are no EndpointSlices, not even that of the API server');
        for (const { requirements, since: declared, proposal } of candidates) {
          const { namespace, name } = proposal.object;
          const shown = slices.get(`${namespace}/${name}`);
          if (shown?.hasEndpoint || references.isUsed(namespace, name) || targets.isAny(namespace, requirements)) continue;
          if (mentions.isServiceMeant(namespace, name, proposal.metadata.labels ?? {}) || mentions.isOperated(namespace, requirements))
            continue;
          const since = latest(declared, shown?.changed);
          const long = since === undefined ? '' : ` for ${inWords(now - since)}`;
          emit({ ...proposal, reason: `no endpoint${long}: no pod and nothing that makes pods matches its selector`, since });
        }
      },
    };
  },
});

export default overCustomResources(rule, noteMentions);
