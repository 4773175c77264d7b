import * as z from 'zod';
import { absent, type Proposal } from '../../actions/contracts.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../cluster/kinds.ts';
import { inWords } from '../../health-check/age.ts';
import { textOf } from '../../health-check/wire.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';
import { isLive, unreadable } from '../live-object.ts';
import { formerClaim, freesOf, releasedAt, type Volume, volumeFacts } from '../released-volume.ts';
import { volumeBackupReads, volumeBackups } from '../volume-backups.ts';

const id = 'reclaim-released-volumes';
const options = ruleOptions({ enabled: false, minimumAgeHours: 168 }).extend({
  volumes: z
    .array(z.string().min(1))
    .default([])
    .describe('PersistentVolumes whose disks are to be removed, by their whole names; none unless told'),
});

/** Who made the disk can remove it, and nobody else: a provisioner looks for its own name here (sig-storage-lib-external-provisioner). */
const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/** Why its disk is not this rule's business; undefined for a volume that is Released and kept by policy Retain. */
const whyNot = ({ metadata, spec, status }: Volume): string | undefined => {
  if (status?.phase !== 'Released') return `its phase is ${textOf(status?.phase) ?? 'not known'}`;
  if (spec?.persistentVolumeReclaimPolicy !== 'Retain')
    return `its policy is ${textOf(spec?.persistentVolumeReclaimPolicy) ?? 'not known'}`;
  if (!textOf(metadata?.annotations?.[provisionedBy]))
    return 'no provisioner made it, so nobody would remove its disk: remove it where it is, by its id';
  return spec.claimRef?.uid && formerClaim({ spec }) ? undefined : 'it does not say which claim it belonged to';
};

const isKept = ({ spec, status }: Volume): boolean => status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Retain';

const proposalOf = (volume: Volume, now: number): Proposal | undefined => {
  const named = proposed(persistentVolumes, volume.metadata);
  const since = releasedAt(volume);
  const ago = since === undefined ? '' : ` ${inWords(now - since)} ago`;
  return (
    named && {
      ...named,
      reason: `released${ago} by claim ${formerClaim(volume) ?? 'not known'}: policy Delete lets its provisioner remove the disk`,
      since,
      facts: volumeFacts(volume),
      risk: 'high',
      lost: ['the data on the disk'],
      frees: freesOf(volume),
      patch: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    }
  );
};

export default defineRule({
  id,
  title: 'Disks that are to be removed, each by its name',
  why: 'A disk that policy Retain keeps costs money for ever; with policy Delete its own provisioner removes it.',
  upstream: 'https://kubernetes.io/docs/tasks/administer-cluster/change-pv-reclaim-policy/',
  reads: { persistentVolumes, persistentVolumeClaims, ...volumeBackupReads },
  target: persistentVolumes,
  does: 'patch',
  options,
  start({ options: { volumes }, now, emit, isWhole }) {
    const wanted = new Set(volumes);
    const kept: Volume[] = [];
    const claimOf = new Map<string, string>();
    const backups = volumeBackups();

    const whyOnlyReported = (volume: Volume): string | undefined => {
      const name = volume.metadata?.name ?? '';
      const claim = claimOf.get(name);
      if (claim !== undefined) return `claim ${claim} refers to it`;
      return (
        whyNot(volume) ??
        (wanted.has(name) ? undefined : `name it in nightshift.yaml to have its disk removed: options.cleanup.checks.${id}.volumes`)
      );
    };

    return {
      see: {
        ...backups.see,
        persistentVolumes(volume) {
          if (isKept(volume)) kept.push(volume);
        },
        persistentVolumeClaims({ metadata, spec }) {
          const claim = `${metadata?.namespace}/${metadata?.name}`;
          const known = spec?.volumeName ? claimOf.get(spec.volumeName) : undefined;
          if (spec?.volumeName && (known === undefined || claim < known)) claimOf.set(spec.volumeName, claim);
        },
      },
      finish() {
        for (const volume of kept) {
          const proposal = proposalOf(volume, now);
          const reportOnly = whyOnlyReported(volume);
          if (proposal)
            emit({
              ...proposal,
              facts: { ...proposal.facts, backup: backups.heldBy(volume, isWhole) },
              ...(reportOnly !== undefined && { reportOnly }),
            });
        }
      },
    };
  },
  async recheck(fresh, { options: given, get }) {
    if (!isLive(persistentVolumes, fresh)) return unreadable;
    const name = fresh.metadata?.name ?? '';
    if (!options.parse(given).volumes.includes(name)) return 'it is not named any more';
    const why = whyNot(fresh);
    if (why !== undefined) return why;
    const { namespace, name: claimName, uid } = fresh.spec?.claimRef ?? {};
    const claim = await get(persistentVolumeClaims, claimName ?? '', namespace ?? undefined);
    if (claim === absent) return undefined;
    if (!isLive(persistentVolumeClaims, claim)) return unreadable;
    const isItsOwn = claim.metadata?.uid === uid || claim.spec?.volumeName === name;
    return isItsOwn ? `claim ${namespace}/${claimName} refers to it` : undefined;
  },
});
