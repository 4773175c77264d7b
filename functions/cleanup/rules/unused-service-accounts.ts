import { metadataOf, serviceAccounts } from '../../cluster/kinds.ts';
import { serviceAccountReferrers } from '../references/referrers.ts';
import { unusedRule } from '../references/unused-rule.ts';

export default unusedRule({
  id: 'unused-service-accounts',
  title: 'ServiceAccounts that nothing uses',
  why: 'An account that no pod runs under is an identity that whoever may create pods can take.',
  upstream: 'https://kubernetes.io/docs/concepts/security/service-accounts/#assign-to-pod',
  kind: 'ServiceAccount',
  target: metadataOf(serviceAccounts),
  referrers: serviceAccountReferrers,
  begin: () => ({
    keep: () => ({}),
    say: () => ({
      // EKS Pod Identity ties roles to accounts outside of the cluster.
      facts: { outsideTheCluster: 'associations of EKS Pod Identity are not looked at' },
      risk: 'medium',
      lost: ['its uid: tokens that were issued for it stay refused'],
    }),
  }),
});
