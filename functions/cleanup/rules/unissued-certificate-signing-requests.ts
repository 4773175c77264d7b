import { certificateSigningRequests } from '../../cluster/kinds.ts';
import { forHowLong, timeOf } from '../../health-check/age.ts';
import { conditionOf, listOf, oneLine } from '../../health-check/wire.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';

/** Denied and failed ones, and those that nobody answered, are its controller's to take away: pkg/controller/certificates/cleaner/cleaner.go */
const over = ['Denied', 'Failed'];

export default defineRule({
  id: 'unissued-certificate-signing-requests',
  title: 'Certificate requests that were approved and never issued',
  why: 'Its signer does not work or is gone: whoever asked, often a node, waits for a certificate that does not come.',
  upstream: 'https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/',
  reads: { requests: certificateSigningRequests },
  options: ruleOptions({ enabled: true, minimumAgeHours: 1 }),
  target: certificateSigningRequests,
  does: 'report',
  start({ now, emit }) {
    return {
      see: {
        requests({ metadata, spec, status }) {
          const approved = conditionOf(status?.conditions, 'Approved');
          if (approved?.status !== 'True' || status?.certificate) return;
          if (listOf(status?.conditions).some(({ type }) => over.includes(type ?? ''))) return;
          const known = proposed(certificateSigningRequests, metadata);
          if (!known) return;
          const since = timeOf(approved.lastUpdateTime) ?? timeOf(approved.lastTransitionTime);
          const signer = oneLine(spec?.signerName);
          emit({
            ...known,
            reason: `approved${forHowLong(since, now)} and never issued by ${signer || 'its signer'}`,
            since,
            facts: { signer, requestedBy: oneLine(spec?.username) },
            risk: 'low',
            lost: ['its approval'],
          });
        },
      },
    };
  },
});
