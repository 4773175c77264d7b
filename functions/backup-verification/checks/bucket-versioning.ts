import * as z from 'zod';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { defineLocationCheck } from '../contracts.ts';
import { bucketOf, known } from '../inventory/bucket.ts';

export default defineLocationCheck({
  id: 'bucket-versioning',
  title: 'Buckets without versions',
  why: 'Whoever may delete in the bucket, by mistake or in bad faith, deletes every backup for good; old versions bring them back. Tonight’s backup is as good without them, so it is an info, unless they are required.',
  upstream: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.versioning],
  options: z.strictObject({
    required: z.boolean().default(false).describe('A bucket without versions is a warning'),
  }),
  look(pass) {
    const { bucket, versioning } = bucketOf(pass);
    const answer = known(pass, versioning);
    if (!answer || (answer.state === 'set' && answer.value === 'Enabled')) return;
    pass.emit({
      object: pass.location.object,
      severity: pass.options.required ? 'warning' : 'info',
      message:
        answer.state === 'set'
          ? 'versioning is suspended: what is deleted or written over from now on is gone'
          : 'versioning is off: what is deleted or written over is gone',
      remedy: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled; then add a lifecycle rule that expires noncurrent versions, of which kopia leaves many`,
    });
  },
});
