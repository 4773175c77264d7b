import * as z from 'zod';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, sawWhole, sayMissing } from '../restorability/absences.ts';
import { labelsOf, placeOf, refOf } from '../restorability/fields.ts';
import { secretsMadeBy } from '../restorability/recreated-secrets.ts';

/** github.com/bitnami-labs/sealed-secrets, controller: the label of its key pairs. */
const keyLabel = 'sealedsecrets.bitnami.com/sealed-secrets-key';
// It lies where the controller runs: in none of the namespaces that the SealedSecrets are in.
const sealingKey = { kind: 'Secret', resource: 'secrets', group: '', namespaced: true, scope: 'cluster' } as const;

export default defineArchiveCheck({
  id: 'sealed-secrets-key',
  title: 'SealedSecrets without the key that opens them',
  why: 'A new controller makes itself a new key, and what was sealed with the old one can never be opened again.',
  upstream: 'https://github.com/bitnami-labs/sealed-secrets#how-can-i-do-a-backup-of-my-sealedsecrets',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const needs = collectNeeds();
    const opensLater = new Set<string>();
    const secrets = new Set<string>();
    let hasKey = false;
    return {
      see(object) {
        const kind = groupResource(object);
        if (kind === 'secrets') {
          secrets.add(placeOf(object));
          hasKey ||= Object.hasOwn(labelsOf(object), keyLabel);
        }
        if (kind !== 'sealedsecrets.bitnami.com') return;
        for (const { secret } of secretsMadeBy(object)) opensLater.add(secret);
        needs.add({ name: keyLabel, by: refOf(object), how: 'encryptedData', effect: 'blocking', worked: true, isControlled: false });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass) || hasKey) return;
        // What was opened already comes as a Secret of its own: only what changes from then on cannot be opened.
        const isOpen = [...opensLater].every((secret) => secrets.has(secret));
        sayMissing(
          opened,
          pass,
          sealingKey,
          needs.all().map((wanted) => ({
            ...wanted,
            effect: isOpen ? ('degraded' as const) : ('blocking' as const),
            inCluster: 'unasked' as const,
            // Where SealedSecrets are, there are keys: kept out by a label, or of a controller that is not there any more.
            wasLacking: false,
            place: `Secret with the label ${keyLabel}`,
            consequence: isOpen
              ? 'the Secrets that were opened come back, but none of the SealedSecrets can be opened again'
              : 'neither it nor the Secret that it holds is to be had',
            remedy: `keep the keys where the restore can have them, and apply them before the controller starts: kubectl get secrets -A -l ${keyLabel} -o yaml`,
          })),
        );
      },
    };
  },
});
