import * as z from 'zod';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { defineLocationCheck } from '../contracts.ts';
import { bucketOf, foldersOf, known, reach } from '../inventory/bucket.ts';

export default defineLocationCheck({
  id: 'bucket-replication',
  title: 'Replicas that lack a part of the backups',
  why: 'A replica with backups/ and without kopia/ or restic/ restores the objects and none of the volumes’ data, and is found out on the day the first region is gone (velero issue 7613). No replica at all is the owner’s choice and said only where one is required.',
  upstream: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.replication],
  options: z.strictObject({
    required: z.boolean().default(false).describe('A bucket that is not replicated is a warning'),
  }),
  look(pass) {
    const facts = bucketOf(pass);
    const replication = known(pass, facts.replication);
    if (!replication) return;
    const { object } = pass.location;
    if (replication.state === 'unset') {
      if (!pass.options.required) return;
      const message = 'it is not replicated: what befalls its region befalls all backups';
      pass.emit({
        object,
        severity: 'warning',
        message,
        remedy: 'replicate everything below the prefix: aws s3api put-bucket-replication',
      });
      return;
    }
    const { prefixes } = replication.value;
    const folders = foldersOf(facts, pass.location.topFolders);
    const without = folders.filter(({ key }) => !prefixes.some((prefix) => reach(prefix, key) === 'all'));
    // A bucket may be replicated for the sake of something else in it.
    const isMeant = folders.some(({ key }) => prefixes.some((prefix) => reach(prefix, key) !== 'none'));
    if (without.length === 0 || (!isMeant && !pass.options.required)) return;
    pass.emit({
      object,
      severity: 'warning',
      message: `its rules replicate ${prefixes.map((prefix) => prefix || 'everything').join(', ')}, which leaves out ${without.map(({ key }) => key).join(' and ')} in part or whole: nothing restores in full from the replica`,
      remedy: `one rule for ${facts.prefix ? `${facts.prefix}/` : 'the whole bucket'} covers all of it: aws s3api get-bucket-replication --bucket ${facts.bucket}`,
    });
  },
});
