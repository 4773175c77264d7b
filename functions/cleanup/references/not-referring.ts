/** Resources beside Kubernetes' own that cannot use a ConfigMap, Secret, claim or ServiceAccount, as data: they are not read. */

interface NotReferring {
  readonly group: string;
  /** Absent: all of the group. */
  readonly resources?: readonly string[];
  readonly why: string;
}

export const notReferring: readonly NotReferring[] = [
  { group: 'metrics.k8s.io', why: 'measurements' },
  { group: 'custom.metrics.k8s.io', why: 'measurements' },
  { group: 'external.metrics.k8s.io', why: 'measurements' },
  { group: 'wgpolicyk8s.io', why: 'reports that name what they are about' },
  { group: 'openreports.io', why: 'reports that name what they are about' },
  { group: 'reports.kyverno.io', why: 'reports that name what they are about' },
  { group: 'reports.x-k8s.io', why: 'reports that name what they are about' },
  { group: 'aquasecurity.github.io', why: 'reports that name what they are about' },
  { group: 'spdx.softwarecomposition.kubescape.io', why: 'reports that name what they are about' },
  { group: 'packages.operators.coreos.com', why: 'a catalogue of what could be installed' },
  { group: 'autoscaling.k8s.io', resources: ['verticalpodautoscalercheckpoints'], why: 'measurements' },
  {
    group: 'cilium.io',
    resources: ['ciliumendpoints', 'ciliumidentities', 'ciliumendpointslices'],
    why: 'made of each pod, of its labels',
  },
  { group: 'crd.projectcalico.org', resources: ['ipamblocks', 'ipamhandles', 'blockaffinities'], why: 'addresses' },
  { group: 'authorization.openshift.io', why: 'rbac.authorization.k8s.io in another form' },
  { group: 'image.openshift.io', resources: ['images', 'imagestreamtags', 'imagetags'], why: 'metadata of images' },
  {
    group: 'oauth.openshift.io',
    resources: ['oauthaccesstokens', 'oauthauthorizetokens', 'useroauthaccesstokens'],
    why: 'tokens, which nobody should read',
  },
  { group: 'project.openshift.io', why: 'namespaces in another form' },
  { group: 'user.openshift.io', why: 'people' },
];

/** Without a resource: whether the whole group is left out. */
export const refersToNothing = (group: string, resource?: string): boolean =>
  notReferring.some(
    (each) => each.group === group && (each.resources === undefined || (resource !== undefined && each.resources.includes(resource))),
  );
