import type { CoreV1Event } from '@kubernetes/client-node';
import * as z from 'zod';
import type { Proposal } from '../../actions/contracts.ts';
import { events } from '../../cluster/kinds.ts';
import { hours, inWords, isOlder, startedAt, timeOf } from '../../health-check/age.ts';
import { oneLine, textOf } from '../../health-check/wire.ts';
import type { Wire } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { isLive, unreadable } from '../live-object.ts';

type AnyEvent = Wire<CoreV1Event>;

const week = 168;
const options = ruleOptions({ enabled: false, minimumAgeHours: 24 }).extend({
  // An API server forgets events after an hour unless told otherwise: what is two hours old proves that this one keeps them longer.
  minimumAgeHours: z.number().min(2).default(24).describe('Events last seen less long ago are left alone'),
  warningMinimumAgeHours: z.number().min(week).default(week).describe('Likewise those that warn, never under 7 days'),
});

/** When it was last seen, in ms: the first of these that is set. Of one that cannot be read nothing is concluded from the others. */
const lastSeen = ({ metadata, series, lastTimestamp, eventTime, firstTimestamp }: AnyEvent): number | undefined =>
  timeOf(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata?.creationTimestamp);

/** How old it must be, in ms. Whatever is not Normal may warn. */
const keptFor = ({ type }: AnyEvent, { minimumAgeHours, warningMinimumAgeHours }: z.infer<typeof options>): number =>
  hours(type === 'Normal' ? minimumAgeHours : Math.max(minimumAgeHours, warningMinimumAgeHours));

const proposalOf = (event: AnyEvent, now: number): Proposal | undefined => {
  const named = proposed(events, event.metadata);
  const since = lastSeen(event);
  const { startedAt: seenAt } = startedAt(since);
  if (!named || since === undefined) return undefined;
  const { kind, namespace, name } = event.involvedObject ?? {};
  const said = [event.type, oneLine(event.reason)].flatMap((text) => textOf(text) ?? []).join(' ');
  return {
    ...named,
    reason: `last seen ${inWords(now - since)} ago${said && ` (${said})`}`,
    since,
    facts: {
      type: event.type ?? '',
      ...(seenAt !== undefined && { lastSeen: seenAt }),
      ...(kind && name && { about: `${kind} ${namespace ? `${namespace}/` : ''}${name}` }),
      // It is still there so long after it was last seen.
      serverKeepsHours: Math.floor((now - since) / hours(1)),
    },
    risk: 'low',
  };
};

export default defineRule({
  id: 'old-events',
  title: 'Events that are over',
  why: 'Some servers (k3s with kine, long --event-ttl) keep events for weeks, and they fill the store.',
  upstream: 'https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/',
  reads: { events },
  target: events,
  does: 'delete',
  limitsByNamespace: true,
  options,
  start({ options: own, now, emit }) {
    const found: Proposal[] = [];
    return {
      see: {
        events(event) {
          if (!isOlder(lastSeen(event), keptFor(event, own), now)) return;
          const proposal = proposalOf(event, now);
          if (proposal) found.push(proposal);
        },
      },
      finish() {
        for (const proposal of found) emit(proposal);
      },
    };
  },
  recheck(fresh, { now, options: given }) {
    if (!isLive(events, fresh)) return unreadable;
    return isOlder(lastSeen(fresh), keptFor(fresh, options.parse(given)), now) ? undefined : 'it was seen again';
  },
});
