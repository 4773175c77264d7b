import type { CoreV1Event } from '@kubernetes/client-node';
import * as z from 'zod';
import { events, ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refKey, type Wire } from '../../scan/contracts.ts';
import { inWords, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { podOwners } from '../pod-owners.ts';
import { settledPods } from '../settled-pods.ts';
import { because, numberOf, textOf } from '../wire.ts';

type WarningEvent = Wire<CoreV1Event>;

/** When it was last seen. New-style events have eventTime and series, and a null lastTimestamp. */
const lastSeen = ({ metadata, series, lastTimestamp, eventTime }: WarningEvent): number | undefined =>
  timeOf(series?.lastObservedTime) ?? timeOf(lastTimestamp) ?? timeOf(eventTime) ?? timeOf(metadata?.creationTimestamp);
const firstSeen = ({ metadata, firstTimestamp, eventTime }: WarningEvent): number | undefined =>
  timeOf(firstTimestamp) ?? timeOf(eventTime) ?? timeOf(metadata?.creationTimestamp);
const timesSeen = ({ series, count }: WarningEvent): number => Math.max(1, numberOf(series?.count) ?? numberOf(count) ?? 1);

/** What is kept of the events of one reason about one object. */
interface Told {
  readonly object: Ref & { readonly uid?: string };
  readonly reason: string;
  /** The event's own: `default` for what has none. */
  readonly namespace: string;
  count: number;
  first: number;
  last: number;
  message: string;
}

/** What it is about; undefined for an event about nothing. */
const aboutOf = ({ involvedObject: about }: WarningEvent): Told['object'] | undefined => {
  const [kind, name, namespace, uid] = [about?.kind, about?.name, about?.namespace, about?.uid].map(textOf);
  if (!kind || !name) return undefined;
  return { apiVersion: textOf(about?.apiVersion) ?? 'v1', kind, ...(namespace && { namespace }), name, ...(uid && { uid }) };
};

const membersAtMost = 50;

/** Reasons that tell of a habit or a policy and not of health, and come by the hundred. Each is harmless, or has a check or a tool of its own. */
const harmless = [
  // More than three name servers: the kubelet takes the first three. pkg/kubelet/network/dns/dns.go
  'DNSConfigForming',
  'CheckLimitsForResolvConf',
  // At each start of a kubelet.
  'InvalidDiskCapacity',
  'CgroupV1',
  'PossibleMemoryBackedVolumesOnDisk',
  // What a policy engine would forbid.
  'PolicyViolation',
];

/** What is counted of it since `begin` (ms): of an event that began before, that time's share. */
const countSince = ({ count, first, last }: Told, begin: number): number =>
  first >= begin || last <= first ? count : Math.max(1, Math.round((count * (last - begin)) / (last - first)));

export default defineCheck({
  id: 'warning-events',
  title: 'Warning events of late',
  why: 'What the cluster itself complains of is often the first sign, and is gone after an hour.',
  upstream: 'https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/',
  reads: { events: { ...events, fields: 'type=Warning' }, pods: { ...pods, optional: true }, ...ownerReads },
  symptom: true,
  // Events are gone after an hour, whether or not what they tell of is over.
  flaps: true,
  options: z.strictObject({
    windowMinutes: z.number().min(1).default(60).describe('Events last seen longer ago do not count'),
    warningCount: z.int().min(1).default(10).describe('From this many on they are a warning, below it they are only noted'),
    ongoingMinutes: z
      .number()
      .min(0)
      // The controllers' longest back-off is 1000 seconds, the kubelet's five minutes.
      .default(20)
      .describe('What was last seen longer ago is over, and only noted'),
    leaveOut: z.array(z.string()).default(harmless).describe('Reasons of events that are not looked at'),
  }),
  start({ options, now, emit, owner }) {
    const begin = now - minutes(options.windowMinutes);
    const leftOut = new Set(options.leaveOut);
    const told = new Map<string, Told>();
    const owners = podOwners(owner, now);
    const settled = settledPods(begin);

    const note = (event: WarningEvent, object: Told['object'], reason: string, last: number): void => {
      const key = `${refKey(object)} ${reason}`;
      const first = firstSeen(event) ?? last;
      const known = told.get(key);
      if (!known) {
        const namespace = event.metadata?.namespace ?? '';
        told.set(key, { object, reason, namespace, count: timesSeen(event), first, last, message: textOf(event.message) ?? '' });
        return;
      }
      known.count += timesSeen(event);
      known.first = Math.min(known.first, first);
      // Of two at the same time the same one must win, in whatever order they come.
      const message = textOf(event.message) ?? '';
      if (last > known.last || (last === known.last && message < known.message)) Object.assign(known, { last, message });
    };

    const report = (object: Ref, group: readonly Told[]): void => {
      const [newest] = group.toSorted((a, b) => b.last - a.last || (refKey(a.object) < refKey(b.object) ? -1 : 1));
      if (!newest) return;
      const count = group.reduce((sum, each) => sum + countSince(each, begin), 0);
      const ongoing = group.filter(
        (each) => !isOlder(each.last, minutes(options.ongoingMinutes), now) && !settled.isOver(each.object, each.last),
      );
      const isOngoing = ongoing.reduce((sum, each) => sum + countSince(each, begin), 0) >= options.warningCount;
      const about = group.some((each) => countSince(each, begin) !== each.count) && count > 1 ? 'about ' : '';
      const first = group.reduce((earliest, each) => Math.min(earliest, each.first), newest.first);
      const { reason, message, last } = newest;
      const members = group
        .map((each) => each.object)
        .filter((member) => refKey(member) !== refKey(object))
        .toSorted((a, b) => (refKey(a) < refKey(b) ? -1 : 1))
        .slice(0, membersAtMost);
      emit({
        object,
        subject: reason,
        severity: isOngoing ? 'warning' : 'info',
        message: `${reason}, ${count === 1 ? 'once' : `${about}${count} times`}, last ${inWords(now - last)} ago${because(message)}`,
        remedy: kubectl(newest, `get events --field-selector involvedObject.name=${newest.object.name},reason=${reason}`),
        ...startedAt(first),
        ...(members.length > 0 ? { members } : {}),
        details: { count, objects: group.length },
      });
    };

    return {
      see: {
        pods(pod) {
          owners.note(pod);
          settled.note(pod);
        },
        events(event) {
          const last = lastSeen(event);
          const object = aboutOf(event);
          if (event.type !== 'Warning' || !object || last === undefined || last < begin || leftOut.has(event.reason ?? '')) return;
          note(event, object, textOf(event.reason) ?? 'Unknown', last);
        },
      },
      finish() {
        const groups = new Map<string, { readonly object: Ref; readonly group: Told[] }>();
        for (const each of told.values()) {
          // Each pod that waits for an autoscaler's node has one.
          if (each.reason === 'FailedScheduling' && settled.isScheduled(each.object)) continue;
          const { uid: _, ...about } = each.object;
          const object = owners.ownerOf(each.object) ?? about;
          const key = `${refKey(object)} ${each.reason}`;
          const known = groups.get(key) ?? { object, group: [] as Told[] };
          known.group.push(each);
          groups.set(key, known);
        }
        for (const { object, group } of groups.values()) report(object, group);
      },
    };
  },
});
