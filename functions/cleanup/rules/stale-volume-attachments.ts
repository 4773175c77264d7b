import type { Proposal } from '../../actions/contracts.ts';
import { metadataOf, nodes, volumeAttachments } from '../../cluster/kinds.ts';
import { inWords } from '../../health-check/age.ts';
import { oneLine, textOf } from '../../health-check/wire.ts';
import type { Pass } from '../../scan/contracts.ts';
import { defineRule, proposed, type RuleOptions, ruleOptions } from '../contracts.ts';

/** By node that is gone: the clock of the first run that did not find it, in ms. */
type Gone = Readonly<Record<string, number>>;
/** At most 100 bytes each: 20 KB of the 64 KB that all rules together may remember. */
const remembered = 200;

export default defineRule({
  id: 'stale-volume-attachments',
  title: 'VolumeAttachments of nodes that are gone',
  why: 'While one stands the volume counts as attached there, and a pod that needs it elsewhere may wait for ever.',
  upstream: 'https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume-attachment-v1/',
  reads: { attachments: volumeAttachments, nodes: metadataOf(nodes) },
  // The node is gone for at least so long: what the controllers do themselves takes 6 minutes.
  options: ruleOptions({ enabled: true, minimumAgeHours: 0.25 }),
  target: volumeAttachments,
  does: 'report',
  start({ now, emit, memory }: Pass<Proposal, RuleOptions, Gone>) {
    const existing = new Set<string>();
    const attached: { readonly node: string; readonly proposal: Omit<Proposal, 'since' | 'reason'> }[] = [];
    const before: Gone = memory ?? {};
    let gone: Gone = {};
    return {
      see: {
        nodes({ metadata }) {
          if (metadata?.name) existing.add(metadata.name);
        },
        attachments({ metadata, spec, status }) {
          const node = textOf(spec?.nodeName);
          const known = proposed(volumeAttachments, metadata);
          if (node === undefined || !known) return;
          attached.push({
            node,
            proposal: {
              ...known,
              facts: {
                node,
                attacher: oneLine(spec?.attacher),
                // A volume that is written into its pod has no PersistentVolume, and misses none.
                volume:
                  textOf(spec?.source?.persistentVolumeName) ?? (spec?.source?.inlineVolumeSpec ? 'written into its pod' : 'not named'),
                attached: status?.attached === true,
                goingAway: Boolean(metadata?.deletionTimestamp),
              },
              risk: 'high',
              lost: ['the record that the volume is attached: the driver may detach it'],
            },
          });
        },
      },
      finish() {
        const stale = attached.filter(({ node }) => !existing.has(node));
        // Nothing in the cluster says when a node went: it is known from the first run that missed it.
        gone = Object.fromEntries(stale.map(({ node }) => [node, Math.min(before[node] ?? now, now)]));
        for (const { node, proposal } of stale) {
          const since = gone[node] ?? now;
          const long = since < now ? `: it has been missing for at least ${inWords(now - since)}` : ' any more';
          emit({ ...proposal, reason: `there is no node ${node}${long}`, since });
        }
      },
      // The longest gone first: what is not remembered seems to have gone today, and stays.
      remember: (): Gone =>
        Object.fromEntries(
          Object.entries(gone)
            .toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
            .slice(0, remembered),
        ),
    };
  },
});
