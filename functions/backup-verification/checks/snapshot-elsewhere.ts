import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import { claimRef, sayUnread, volumesOf } from '../content/backup-volumes.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { defineArchiveCheck } from '../contracts.ts';

export default defineArchiveCheck({
  id: 'snapshot-elsewhere',
  title: 'Volume data that lies in snapshots outside the bucket',
  why: 'Such snapshots are lost with the account or the region of the volumes, and cannot be restored in another region: a copy of the bucket is not enough.',
  upstream: 'https://velero.io/docs/v1.18/csi/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const volumes = volumesOf(opened);
    return {
      see: volumes.see,
      async finish(end) {
        const whole = !isNotWhole(end, opened, pass);
        const { backup } = opened;
        const found = (await volumes.verdicts(whole)).flatMap(({ claim, verdict }) =>
          verdict.state === 'snapshot' ? [{ claim, where: verdict.where, by: verdict.by, handle: verdict.handle }] : [],
        );
        for (const [place, members] of Map.groupBy(found, ({ by, where }) => (by === 'csi' ? where : `native, in ${where}`))) {
          const names = some(members.map(({ claim, handle }) => `${claim.namespace}/${claim.name} (${handle})`));
          pass.emit({
            object: pass.about(backup),
            subject: place,
            severity: 'info',
            message: `the data of ${members.length === 1 ? '1 claim lies' : `${members.length} claims lies`} in provider snapshots (${place}), not in the bucket: ${names}`,
            remedy: 'move the data into the bucket (snapshotMoveData: true) if it must survive the loss of the account or the region',
            members: members.map(({ claim }) => claimRef(claim)),
            details: { backup: backup.name, claims: members.length },
            backup: backup.name,
          });
        }
        await sayUnread(volumes, opened, pass, 'where the data of its volumes lies');
      },
    };
  },
});
