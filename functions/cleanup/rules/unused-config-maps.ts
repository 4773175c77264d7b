import { configMaps, metadataOf } from '../../cluster/kinds.ts';
import { configMapReferrers } from '../references/referrers.ts';
import { unusedRule } from '../references/unused-rule.ts';

export default unusedRule({
  id: 'unused-config-maps',
  title: 'ConfigMaps that nothing refers to',
  why: 'Configuration that nobody reads is read by people, who change it and wonder why nothing happens.',
  upstream: 'https://kubernetes.io/docs/concepts/configuration/configmap/#using-configmaps',
  kind: 'ConfigMap',
  // Names, labels and annotations tell it: what they hold is not asked for.
  target: metadataOf(configMaps),
  referrers: configMapReferrers,
  begin: () => ({
    keep: () => ({}),
    say: () => ({ facts: {}, risk: 'medium' }),
  }),
});
