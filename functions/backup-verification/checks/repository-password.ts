import * as z from 'zod';
import { sayUnread, volumesOf } from '../content/backup-volumes.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { defineArchiveCheck } from '../contracts.ts';

/** velero pkg/repository/keys/keys.go. Its content is never looked at. */
const secretName = 'velero-repo-credentials';

export default defineArchiveCheck({
  id: 'repository-password',
  title: 'Repository passwords that are not in the backup',
  why: 'Without the password of its repositories, which is one for all and never changes, the data of volumes cannot be read by anybody any more.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.3/pkg/repository/keys/keys.go',
  level: 'restorability',
  reads: {},
  options: z.strictObject({
    inRecoveryKit: z
      .boolean()
      .default(false)
      .describe(`The Secret ${secretName} is kept outside the cluster, or is Velero's default: say nothing`),
  }),
  start(opened, pass) {
    const { backup, metadata } = opened;
    const volumes = volumesOf(opened);
    let isInBackup = false;
    return {
      see(object) {
        volumes.see(object);
        const { resource, group, namespace, name } = object;
        if (resource === 'secrets' && group === '' && namespace === metadata.namespace && name === secretName) isInBackup = true;
      },
      async finish(end) {
        const whole = !isNotWhole(end, opened, pass);
        const repositories = await volumes.repositories(whole);
        const secret = `the Secret ${metadata.namespace}/${secretName}`;
        if (repositories.length === 0) {
          await sayUnread(volumes, opened, pass, `whether ${secret} is needed`);
          return;
        }
        if (isInBackup) pass.mark(backup.name, 'ok', `the password of its repositories is in it (${secret})`);
        else if (pass.options.inRecoveryKit) pass.mark(backup.name, 'ok', `the password of its repositories is kept elsewhere (${secret})`);
        else if (whole) {
          pass.emit({
            object: pass.about(backup),
            subject: secretName,
            severity: 'warning',
            message: `the data of its volumes needs ${secret}, which is not in the backup`,
            remedy: `keep it outside the cluster: kubectl -n ${metadata.namespace} get secret ${secretName} -o yaml, or be sure that it was never changed (a new Velero makes it anew with its default password); then set inRecoveryKit of this check`,
            details: { backup: backup.name, repositories: repositories.length },
            backup: backup.name,
          });
        }
      },
    };
  },
});
