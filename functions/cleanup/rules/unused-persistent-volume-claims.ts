import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { persistentVolumeClaims, persistentVolumes } from '../../cluster/kinds.ts';
import { textOf } from '../../health-check/wire.ts';
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
  begin() {
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
        const size = textOf(status?.capacity?.storage) ?? textOf(spec?.resources?.requests?.storage);
        return {
          volume: textOf(spec?.volumeName),
          size,
          facts: {
            phase: textOf(status?.phase) ?? notKnown,
            size: size ?? notKnown,
            storageClass: textOf(spec?.storageClassName) ?? notKnown,
            volume: textOf(spec?.volumeName) ?? 'none',
          },
        };
      },
      say({ volume, size, facts }, { namespace, name }) {
        const bound = volumes.get(`${namespace}/${name}/${volume}`);
        const isRemoved = bound?.policy === 'Delete';
        const bytes = quantityOf(size);
        return {
          // When a pod last mounted it stands nowhere in the API.
          facts: { ...facts, reclaimPolicy: bound?.policy ?? (volume ? notKnown : 'none'), lastPodSeen: notKnown },
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
