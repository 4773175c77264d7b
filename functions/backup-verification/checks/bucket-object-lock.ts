import * as z from 'zod';
import { inWords } from '../../health-check/age.ts';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { defineLocationCheck } from '../contracts.ts';
import { bucketOf, day, known, longestKept } from '../inventory/bucket.ts';

export default defineLocationCheck({
  id: 'bucket-object-lock',
  title: 'Object locks that do not hold',
  why: 'A lock is what keeps backups from whoever has stolen the right to delete; one without a retention, or with one shorter than backups are kept, keeps less than it seems. A lock on a versioned bucket does Velero no harm. No lock at all is the owner’s choice and said only where one is required.',
  upstream: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.objectLock],
  options: z.strictObject({
    required: z.boolean().default(false).describe('A bucket without object lock, or whose lock does not hold, is a warning'),
  }),
  look(pass) {
    const { bucket, objectLock } = bucketOf(pass);
    const lock = known(pass, objectLock);
    const { required } = pass.options;
    if (!lock || (lock.state === 'unset' && !required)) return;
    const longest = longestKept(pass.location.backups);
    const days = lock.state === 'set' ? lock.value.days : undefined;
    if (days !== undefined && days * day >= (longest?.lifetime ?? 0)) return;
    const configuration = `'{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":${Math.ceil((longest?.lifetime ?? 30 * day) / day)}}}}'`;
    pass.emit({
      object: pass.location.object,
      severity: required ? 'warning' : 'info',
      message:
        lock.state === 'unset'
          ? 'object lock is off: who may delete versions may delete all backups'
          : days === undefined
            ? 'object lock is on without a default retention: Velero asks for none, so nothing is locked'
            : `versions are locked for ${inWords(days * day)}, but backups are kept for up to ${inWords(longest?.lifetime ?? 0)}: the older ones are not locked`,
      remedy: `for what is written from then on: aws s3api put-object-lock-configuration --bucket ${bucket} --object-lock-configuration ${configuration}`,
    });
  },
});
