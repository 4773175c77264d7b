import type { Proposal } from '../../actions/contracts.ts';
import { type Metadata, metadataOf, namespaces, persistentVolumeClaims, pods } from '../../cluster/kinds.ts';
import { inWords, timeOf } from '../../health-check/age.ts';
import { oneLine, some } from '../../health-check/wire.ts';
import type { Wire } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { type Expiry, expiryOf } from '../expiry.ts';

const withText = ({ key, value }: Expiry): string => `${key}: ${oneLine(value, 60)}`;

export default defineRule({
  id: 'expired-namespaces',
  title: 'Namespaces past the date that they carry',
  why: 'Whoever made them said until when they are needed: what runs in them after that costs for nothing.',
  upstream: 'https://codeberg.org/hjacobs/kube-janitor',
  reads: {
    namespaces: metadataOf(namespaces),
    pods: { ...metadataOf(pods), optional: true },
    persistentVolumeClaims: { ...metadataOf(persistentVolumeClaims), optional: true },
  },
  options: ruleOptions({ enabled: true, minimumAgeHours: 0 }),
  target: namespaces,
  does: 'report',
  start({ now, emit, isWhole }) {
    const found: Proposal[] = [];
    const counts = { pods: new Map<string, number>(), persistentVolumeClaims: new Map<string, number>() };
    const count =
      (of: Map<string, number>) =>
      ({ metadata }: Wire<Metadata>) => {
        const name = metadata?.namespace ?? '';
        of.set(name, (of.get(name) ?? 0) + 1);
      };
    return {
      see: {
        namespaces({ metadata }) {
          const known = proposed(namespaces, metadata);
          const created = timeOf(metadata?.creationTimestamp);
          // One that is going away already needs nobody to say so.
          if (!known || metadata?.deletionTimestamp) return;
          const expiry = expiryOf(metadata?.annotations ?? {}, created);
          if (expiry.state === 'never' || (expiry.state === 'at' && expiry.since > now)) return;
          const carried = some(expiry.expiries.map(withText), 3);
          const common = { ...known, facts: { annotations: carried }, risk: 'high', lost: ['everything in it'] } as const;
          if (expiry.state === 'not-understood') {
            const reportOnly = 'what is not understood never expires';
            found.push({ ...common, reason: `it carries ${carried}, which is not understood`, since: created, reportOnly });
          } else {
            const { since } = expiry;
            const facts = { ...common.facts, expired: new Date(since).toISOString() };
            found.push({ ...common, facts, reason: `expired ${inWords(now - since)} ago (${carried})`, since });
          }
        },
        pods: count(counts.pods),
        persistentVolumeClaims: count(counts.persistentVolumeClaims),
      },
      finish() {
        for (const proposal of found) {
          const held = (['pods', 'persistentVolumeClaims'] as const).flatMap((read) =>
            isWhole(read) ? [[read, counts[read].get(proposal.object.name) ?? 0] as const] : [],
          );
          emit({ ...proposal, facts: { ...proposal.facts, ...Object.fromEntries(held) } });
        }
      },
    };
  },
});
