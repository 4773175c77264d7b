import type { Proposal } from '../../actions/contracts.ts';
import { persistentVolumes } from '../../cluster/kinds.ts';
import { inWords, isOlder, minutes } from '../../health-check/age.ts';
import { because } from '../../health-check/wire.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { formerClaim, freesOf, releasedAt, type Volume, volumeFacts } from '../released-volume.ts';

/** A provisioner takes seconds to remove a disk: until then Released is no state but a step. */
const provisionersTime = minutes(15);

const reasonOf = (volume: Volume, now: number): string => {
  const { spec, status } = volume;
  const since = releasedAt(volume);
  const ago = since === undefined ? '' : ` ${inWords(now - since)} ago`;
  if (status?.phase === 'Failed') return `its reclaim failed${ago}${because(status.message)}`;
  const claim = formerClaim(volume);
  const released = `released${ago}${claim === undefined ? '' : ` by claim ${claim}`}`;
  return spec?.persistentVolumeReclaimPolicy === 'Retain'
    ? `${released}, and its policy Retain keeps the disk`
    : `${released}, and its disk is still there (policy ${spec?.persistentVolumeReclaimPolicy ?? 'not known'})`;
};

export default defineRule({
  id: 'released-persistent-volumes',
  title: 'Disks that no claim uses any more',
  why: 'A disk costs money until somebody removes it, and deleting its PersistentVolume would only lose the pointer to it.',
  upstream: 'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming',
  reads: { persistentVolumes },
  target: persistentVolumes,
  does: 'report',
  options: ruleOptions({ enabled: true, minimumAgeHours: 0 }),
  start({ now, emit }) {
    const found: Proposal[] = [];
    return {
      see: {
        persistentVolumes(volume) {
          const { metadata, spec, status } = volume;
          const named = proposed(persistentVolumes, metadata);
          if (!named || (status?.phase !== 'Released' && status?.phase !== 'Failed')) return;
          const since = releasedAt(volume);
          const isStep = status.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete' && since !== undefined;
          if (isStep && !isOlder(since, provisionersTime, now)) return;
          found.push({
            ...named,
            reason: reasonOf(volume, now),
            since,
            facts: volumeFacts(volume),
            risk: 'high',
            frees: freesOf(volume),
          });
        },
      },
      finish() {
        for (const proposal of found) emit(proposal);
      },
    };
  },
});
