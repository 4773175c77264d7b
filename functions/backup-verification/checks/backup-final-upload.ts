import * as z from 'zod';
import { hours, inWords, timeOf } from '../../health-check/age.ts';
import { phaseMeaning } from '../../velero/backup.ts';
import { defineLocationCheck } from '../contracts.ts';
import { backupVoice } from '../inventory/standing.ts';

export default defineLocationCheck({
  id: 'backup-final-upload',
  title: 'Backups whose final tarball was never uploaded',
  why: 'A backup with data movement is uploaded twice, velero-backup.json first: killed in between, it says Completed without the objects that its volumes are restored through.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/controller/backup_finalizer_controller.go',
  level: 'inventory',
  reads: {},
  options: z.strictObject({}),
  look(pass) {
    const voice = backupVoice(pass);
    for (const backup of pass.location.backups) {
      const { metadata, files } = backup;
      if (!metadata || phaseMeaning(metadata.phase) !== 'usable' || metadata.operationsAttempted === 0) continue;
      if (!files.metadata || !files.contents) continue;
      const [written, tarball] = [files.metadata.lastModified, files.contents.lastModified];
      const completed = timeOf(metadata.completionTimestamp);
      // In a bucket that was copied the times are the copy's, and say nothing.
      if (completed === undefined || Math.abs(written - completed) > hours(1)) {
        const reason = 'its files were not written when it was completed (a copy?), so nobody knows whether its final tarball was uploaded';
        if (voice.isCurrent(backup)) pass.mark(backup.name, 'unknown', reason);
        continue;
      }
      // The first tarball is older by its operations, which are looked at every ten seconds (every second in the tests: 1 s seen); S3 tells whole seconds.
      if (written - tarball < 1_000) continue;
      // The second upload may still be on its way.
      if (pass.now - written < hours(1)) {
        pass.mark(backup.name, 'unknown', 'its final tarball may still be on its way');
        continue;
      }
      voice.say(backup, {
        severity: 'critical',
        message: `has ${metadata.operationsAttempted} operations, and a tarball that is ${inWords(written - tarball)} older than its velero-backup.json: the final tarball was never uploaded, and volumes that were moved cannot be restored`,
        remedy: 'make a new backup, and see in the log of Velero’s server why it stopped while finalizing this one',
        details: {
          key: files.contents.key,
          tarballAt: new Date(tarball).toISOString(),
          metadataAt: new Date(written).toISOString(),
          operations: metadata.operationsAttempted,
        },
      });
    }
  },
});
