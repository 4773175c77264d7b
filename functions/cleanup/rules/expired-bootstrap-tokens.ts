import * as z from 'zod';
import { secrets } from '../../cluster/kinds.ts';
import { inWords } from '../../health-check/age.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';

/** k8s.io/cluster-bootstrap/token/api/types.go */
const tokenType = 'bootstrap.kubernetes.io/token';

const time = z.iso.datetime({ offset: true });

/** Of its content this is the one field that is looked at: base64 of an RFC 3339 time. Undefined for anything else, and then it stays. */
const expirationOf = (data: unknown): number | undefined => {
  const given = z.looseObject({ expiration: z.base64() }).safeParse(data);
  const text = given.success ? time.safeParse(Buffer.from(given.data.expiration, 'base64').toString()) : undefined;
  return text?.success ? Date.parse(text.data) : undefined;
};

export default defineRule({
  id: 'expired-bootstrap-tokens',
  title: 'Bootstrap tokens that have expired',
  why: 'They are credentials for joining nodes that nobody needs any more; when they expired is read from the field `expiration` of their Secret, and nothing else of it.',
  upstream: 'https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/',
  reads: { tokens: { ...secrets, namespace: 'kube-system', fields: `type=${tokenType}`, sensitive: true } },
  options: ruleOptions({ enabled: true, minimumAgeHours: 1 }),
  target: secrets,
  does: 'report',
  start({ now, emit }) {
    return {
      see: {
        tokens({ type, metadata, data }) {
          if (type !== tokenType) return;
          const since = expirationOf(data);
          const known = proposed(secrets, metadata);
          if (since === undefined || since > now || !known) return;
          emit({
            ...known,
            reason: `expired ${inWords(now - since)} ago, and the token cleaner has left it`,
            since,
            facts: { expired: new Date(since).toISOString() },
            risk: 'low',
          });
        },
      },
    };
  },
});
