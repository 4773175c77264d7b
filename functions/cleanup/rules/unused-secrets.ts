import { metadataOf, secrets } from '../../cluster/kinds.ts';
import { ofNoKnownType } from '../references/known-objects.ts';
import { secretReferrers } from '../references/referrers.ts';
import { unusedRule } from '../references/unused-rule.ts';

export default unusedRule({
  id: 'unused-secrets',
  title: 'Secrets that nothing refers to',
  why: 'A credential that nobody uses and nobody rotates can still be stolen.',
  upstream: 'https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets',
  kind: 'Secret',
  // Payloads are not asked for; by the types that are always used the server selects (pkg/registry/core/secret/strategy.go).
  target: { ...metadataOf(secrets), sensitive: true, fields: ofNoKnownType },
  referrers: secretReferrers,
  begin: () => ({
    keep: () => ({}),
    say: () => ({ facts: {}, risk: 'medium' }),
  }),
});
