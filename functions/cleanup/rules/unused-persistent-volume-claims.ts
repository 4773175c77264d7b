import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { persistentVolumeClaims, persistentVolumes } from '../../cluster/kinds.ts';
import { inWords, startedAt, timeOf } from '../../health-check/age.ts';
import { conditionOf, textOf } from '../../health-check/wire.ts';
import type { Wire } from '../../scan/contracts.ts';
import { quantityOf } from '../quantity.ts';
import { commonReferrers } from '../references/referrers.ts';
import { fieldsOf } from '../references/shape.ts';
import { unusedRule } from '../references/unused-rule.ts';
import { diskOf } from '../released-volume.ts';

/** What a claim's volume tells of its end. */
interface Bound {
  readonly policy: string;
  readonly disk: string | undefined;
}

const notKnown = 'not known';

/** Kubernetes 1.37 and later note it: k8s.io/api core/v1 PersistentVolumeClaimUnused. */
const unusedCondition = 'Unused';

export default unusedRule({
  id: 'unused-persistent-volume-claims',
  title: 'PersistentVolumeClaims that no pod uses',
  why: 'A disk costs money whether somebody reads it or not.',
  upstream: 'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#lifecycle-of-a-volume-and-claim',
  kind: 'PersistentVolumeClaim',
  target: persistentVolumeClaims,
  referrers: commonReferrers,
  beside: { volumes: persistentVolumes },
  usualFinalizers: ['kubernetes.io/pvc-protection'],
  begin({ now }) {
    const volumes = new Map<string, Bound>();
    return {
      see: {
        volumes(object) {
          const volume: Wire<V1PersistentVolume> = fieldsOf(object);
          const { namespace, name } = volume.spec?.claimRef ?? {};
          if (!namespace || !name) return;
          const policy = textOf(volume.spec?.persistentVolumeReclaimPolicy) ?? notKnown;
          volumes.set(`${namespace}/${name}/${volume.metadata?.name}`, { policy, disk: diskOf(volume)?.id });
        },
      },
      keep(object) {
        const { spec, status }: Wire<V1PersistentVolumeClaim> = object;
        const unused = conditionOf(status?.conditions, unusedCondition);
        // A pod uses it that is not in the list, or not any more.
        if (unused?.status === 'False') return undefined;
        const size = textOf(status?.capacity?.storage) ?? textOf(spec?.resources?.requests?.storage);
        return {
          volume: textOf(spec?.volumeName),
          size,
          unusedSince: unused?.status === 'True' ? timeOf(unused.lastTransitionTime) : undefined,
          facts: {
            phase: textOf(status?.phase) ?? notKnown,
            size: size ?? notKnown,
            storageClass: textOf(spec?.storageClassName) ?? notKnown,
            volume: textOf(spec?.volumeName) ?? 'none',
          },
        };
      },
      say({ volume, size, unusedSince, facts }, { namespace, name }) {
        const bound = volumes.get(`${namespace}/${name}/${volume}`);
        const isRemoved = bound?.policy === 'Delete';
        const bytes = quantityOf(size);
        const { startedAt: lastPodSeen } = startedAt(unusedSince);
        const policy = bound?.policy ?? (volume ? notKnown : 'none');
        // What comes free is told beside it.
        const disk = [...(isRemoved ? [] : [size ?? 'size not known']), `reclaim policy ${policy}`];
        if (unusedSince !== undefined) disk.push(`without a pod for ${inWords(now - unusedSince)}`);
        return {
          also: disk.join(', '),
          unusedSince,
          // Before 1.37 it stands nowhere in the API when a pod last mounted it.
          facts: { ...facts, reclaimPolicy: policy, lastPodSeen: lastPodSeen ?? notKnown },
          risk: 'high',
          ...(isRemoved && {
            lost: ['the data on its disk'],
            frees: { ...(bytes !== undefined && { bytes }), ...(bound.disk !== undefined && { disk: bound.disk }) },
          }),
        };
      },
    };
  },
});
