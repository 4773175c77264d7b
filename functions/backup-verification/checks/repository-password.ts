import * as z from 'zod';
import { volumesOf } from '../content/backup-volumes.ts';
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
    inRecoveryKit: z.boolean().default(false).describe(`The Secret ${secretName} is kept outside the cluster: say nothing`),
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
      async finish({ whole }) {
        const repositories = await volumes.repositories(whole);
        const secret = `the Secret ${metadata.namespace}/${secretName}`;
        if (repositories.length === 0) {
          for (const { reason, remedy } of await volumes.unread()) {
            pass.unknown({ backup: backup.name, reason: `whether ${secret} is needed is not known: ${reason}`, remedy });
          }
          return;
        }
        if (isInBackup) pass.mark(backup.name, 'ok', `the password of its repositories is in it (${secret})`);
        else if (pass.options.inRecoveryKit) pass.mark(backup.name, 'ok', `the password of its repositories is kept elsewhere (${secret})`);
        else if (!whole) {
          const reason = `whether ${secret} is in the backup is not known: the archive was not read to its end`;
          pass.unknown({ backup: backup.name, reason, remedy: 'look at what is said of the archive' });
        } else {
          pass.emit({
            object: pass.about(backup),
            subject: secretName,
            severity: 'warning',
            message: `the data of its volumes needs ${secret}, which is not in the backup`,
            remedy: `keep it outside the cluster: kubectl -n ${metadata.namespace} get secret ${secretName} -o yaml; then set inRecoveryKit of this check`,
            details: { backup: backup.name, repositories: repositories.length },
            backup: backup.name,
          });
        }
      },
    };
  },
});
