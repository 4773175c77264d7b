import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import { sayUnread, volumesOf } from '../content/backup-volumes.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { defineArchiveCheck } from '../contracts.ts';

export default defineArchiveCheck({
  id: 'restic-uploader',
  title: 'Volume data that restic wrote',
  why: 'Velero 1.17 and newer write with kopia alone, and after 1.18 the code that restores from restic is gone: such a backup then needs an old Velero to restore.',
  upstream: 'https://velero.io/docs/v1.17/file-system-backup/',
  level: 'content',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const volumes = volumesOf(opened);
    return {
      see: volumes.see,
      async finish(end) {
        const whole = !isNotWhole(end, opened, pass);
        const { backup } = opened;
        await sayUnread(volumes, opened, pass, 'what wrote the data of its volumes');
        const repositories = (await volumes.repositories(whole)).filter(({ name }) => name.type === 'restic');
        if (repositories.length === 0) return;
        pass.emit({
          object: pass.about(backup),
          subject: 'restic',
          severity: 'warning',
          message: `the data of its volumes was written by restic (${some(repositories.map(({ folder }) => folder))}), which Velero after 1.18 cannot restore`,
          remedy:
            'set the uploader to kopia (velero server --uploader-type=kopia), and stay with Velero 1.18 or older until the last of these backups has expired',
          members: repositories.flatMap(({ claims }) => claims),
          details: { backup: backup.name, repositories: repositories.length },
          backup: backup.name,
        });
      },
    };
  },
});
