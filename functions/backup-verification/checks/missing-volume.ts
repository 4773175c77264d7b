import * as z from 'zod';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, needOf, sawWhole, sayMissing } from '../restorability/absences.ts';
import { leftOut, lostNothing } from '../restorability/backup-claim.ts';
import { fieldsAt, nameOf, placeOf, refOf } from '../restorability/fields.ts';
import { workloadOf } from '../restorability/references.ts';

const claim = { kind: 'PersistentVolumeClaim', resource: 'persistentvolumeclaims', group: '', namespaced: true } as const;
// It comes with its claim, whatever the backup says of cluster-scoped kinds, but includeClusterResources: false.
const volume = { kind: 'PersistentVolume', resource: 'persistentvolumes', group: '', namespaced: true, comesAlong: true } as const;

export default defineArchiveCheck({
  id: 'missing-volume',
  title: 'PersistentVolumeClaims and PersistentVolumes that the backup lacks',
  why: 'A pod waits for a claim that is not there, and a claim for the volume that it is bound to: neither comes by itself.',
  upstream: 'https://velero.io/docs/v1.18/restore-reference/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const claimNeeds = collectNeeds();
    const volumeNeeds = collectNeeds();
    const claims = new Set<string>();
    const volumes = new Set<string>();
    return {
      see(object) {
        const kind = groupResource(object);
        if (kind === 'persistentvolumes') volumes.add(object.name);
        if (kind === 'persistentvolumeclaims') {
          claims.add(placeOf(object));
          const name = nameOf(fieldsAt(object.body, 'spec').volumeName);
          const isBound = fieldsAt(object.body, 'status').phase === 'Bound';
          const need = { by: refOf(object), how: 'volumeName', effect: 'blocking', isControlled: false } as const;
          // Under the claim's namespace, for what is said; the volume itself is in none.
          if (name !== undefined) volumeNeeds.add({ ...need, name, worked: isBound });
        }
        const workload = workloadOf(object);
        for (const { kind: referred, name, how, isWeak } of workload?.references ?? [])
          if (workload && referred === 'PersistentVolumeClaim')
            claimNeeds.add(needOf(workload, { namespace: workload.namespace, name, how, isWeak }));
      },
      async finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const missingClaims = claimNeeds.all().filter((wanted) => !claims.has(placeOf(wanted)));
        sayMissing(
          opened,
          pass,
          claim,
          missingClaims.map((wanted) => ({
            ...wanted,
            inCluster: 'unasked' as const,
            consequence: 'its pods stay Pending',
            remedy: `see whether the cluster has it: kubectl -n ${wanted.namespace} get pvc ${wanted.name}; if so have persistentvolumeclaims backed up`,
          })),
        );
        const missingVolumes = volumeNeeds.all().filter(({ name }) => !volumes.has(name));
        if (missingVolumes.length === 0) return;
        // Of a CSI snapshot or moved data a new volume is made: velero pkg/restore/actions/csi/pvc_action.go takes volumeName away.
        const infos = await opened.companions.volumeInfo();
        const remade = new Set(
          infos.state === 'read'
            ? infos.value.filter(({ backupMethod }) => backupMethod === 'CSISnapshot').map(({ pvName }) => pvName)
            : [],
        );
        const { metadata } = opened;
        const isWithClusters = metadata.spec.includeClusterResources !== false;
        const wasLacking = isWithClusters && lostNothing(metadata) && leftOut(metadata.spec, volume) !== 'by-filter';
        sayMissing(
          opened,
          pass,
          volume,
          missingVolumes
            .filter(({ name }) => !remade.has(name))
            .map((wanted) => ({
              ...wanted,
              inCluster: 'unasked' as const,
              wasLacking,
              place: `resources/persistentvolumes/cluster/${wanted.name}.json`,
              consequence: 'the claim keeps the name of a volume that does not come, and stays Pending',
              remedy: isWithClusters
                ? `see whether the cluster has it: kubectl get pv ${wanted.name}; if so find out what keeps it from being backed up, else make the claim anew`
                : 'do not set includeClusterResources: false: volumes then come with their claims',
            })),
        );
      },
    };
  },
});
