import * as z from 'zod';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { defineLocationCheck } from '../contracts.ts';
import { bucketOf, known } from '../inventory/bucket.ts';

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html: in all others it decrypts nothing. */
const working = ['Enabled', 'Creating', 'Updating'];

const inWords: Readonly<Record<string, string>> = {
  Disabled: 'is disabled',
  PendingDeletion: 'is to be deleted',
  PendingReplicaDeletion: 'is to be deleted',
  PendingImport: 'has lost its material',
  Unavailable: 'cannot be reached in its key store',
  NotFound: 'does not exist any more',
};

function remedyFor(state: string, keyArn: string): string {
  const region = /^arn:[^:]+:kms:([a-z0-9-]+):/.exec(keyArn)?.[1];
  const key = `--key-id ${keyArn}${region ? ` --region ${region}` : ''}`;
  if (state === 'Disabled') return `aws kms enable-key ${key}`;
  if (state === 'PendingDeletion') return `aws kms cancel-key-deletion ${key} && aws kms enable-key ${key}`;
  if (state === 'NotFound')
    return 'what it encrypted is lost: give the bucket another key (aws s3api put-bucket-encryption) and back up anew';
  return `aws kms describe-key ${key}`;
}

export default defineLocationCheck({
  id: 'bucket-encryption',
  title: 'Keys that decrypt no backups',
  why: 'With the key disabled or deleted no backup under it can be read and none can be written, though the listing looks as ever; a deleted key takes them all with it.',
  upstream: 'https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.encryption, bucketRights.keyState],
  options: z.strictObject({
    requireKms: z.boolean().default(false).describe('A bucket whose default encryption has no KMS key is a warning'),
  }),
  look(pass) {
    const facts = bucketOf(pass);
    const encryption = known(pass, facts.encryption);
    if (!encryption) return;
    const { object } = pass.location;
    const algorithm = encryption.state === 'set' ? encryption.value.algorithm : undefined;
    if (pass.options.requireKms && !algorithm?.startsWith('aws:kms')) {
      pass.emit({
        object,
        subject: 'algorithm',
        severity: 'warning',
        message: `new objects are encrypted with ${algorithm ?? 'nothing by default'}, not with a key of KMS`,
        remedy: `give it aws:kms with the key’s ARN: aws s3api put-bucket-encryption --bucket ${facts.bucket}`,
      });
    }
    const key = known(pass, facts.keyState);
    const keyArn = encryption.state === 'set' ? encryption.value.keyArn : undefined;
    if (key?.state !== 'set' || keyArn === undefined || working.includes(key.value.state)) return;
    const { state, deletionDate } = key.value;
    pass.emit({
      object,
      subject: 'key',
      severity: 'critical',
      message: `the key of its default encryption, ${keyArn}, ${inWords[state] ?? `is ${state}`}${deletionDate ? ` on ${deletionDate.slice(0, 10)}` : ''}: no backup under it can be read, and none written`,
      remedy: remedyFor(state, keyArn),
      details: { key: keyArn, state },
    });
  },
});
