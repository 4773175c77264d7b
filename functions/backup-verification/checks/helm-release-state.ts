import * as z from 'zod';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, sawWhole, sayMissing } from '../restorability/absences.ts';
import { annotationsOf, fieldsAt, labelsOf, nameOf, placeOf, refOf, textAt } from '../restorability/fields.ts';
import { isRestored } from '../restorability/restored.ts';

const releaseState = { kind: 'Secret', called: 'Helm release', resource: 'secrets', group: '', namespaced: true } as const;

/**
 * Where Flux keeps a release's state, and of what it is: both `NAMESPACE/NAME` (fluxcd.io, HelmRelease: storageNamespace and targetNamespace, which
 * are the HelmRelease's own unless told).
 */
function releaseOfFlux(object: ArchivedObject): { readonly state: string; readonly release: string } | undefined {
  if (groupResource(object) !== 'helmreleases.helm.toolkit.fluxcd.io' || object.namespace === undefined) return undefined;
  const { releaseName, targetNamespace, storageNamespace } = fieldsAt(object.body, 'spec');
  const target = nameOf(targetNamespace);
  const name = nameOf(releaseName) ?? (target === undefined ? object.name : `${target}-${object.name}`);
  return {
    state: `${nameOf(storageNamespace) ?? object.namespace}/${name}`,
    release: `${target ?? object.namespace}/${name}`,
  };
}

export default defineArchiveCheck({
  id: 'helm-release-state',
  title: 'Helm releases whose state the backup lacks',
  why: 'Helm knows nothing of what is restored: the next upgrade refuses to touch it.',
  upstream: 'https://helm.sh/docs/topics/kubernetes_apis/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const needs = collectNeeds();
    const present = new Set<string>();
    const elsewhere = new Map<string, string>();
    return {
      see(object) {
        const kind = groupResource(object);
        const labels = labelsOf(object);
        // helm.sh/helm pkg/storage/driver: Secrets, or ConfigMaps by HELM_DRIVER. Labels only: the data is the whole chart.
        if ((kind === 'secrets' || kind === 'configmaps') && textAt(labels, 'owner') === 'helm') {
          const name = nameOf(textAt(labels, 'name'));
          if (name !== undefined && object.namespace !== undefined) present.add(`${object.namespace}/${name}`);
        }
        const ofFlux = releaseOfFlux(object);
        if (ofFlux) elsewhere.set(ofFlux.release, ofFlux.state);
        // Argo CD and `helm template` leave the label and no annotation: there is no release.
        if (textAt(labels, 'app.kubernetes.io/managed-by') !== 'Helm' || !isRestored(object)) return;
        const name = nameOf(textAt(annotationsOf(object), 'meta.helm.sh/release-name'));
        const namespace = nameOf(textAt(annotationsOf(object), 'meta.helm.sh/release-namespace'));
        if (name === undefined || namespace === undefined) return;
        needs.add({
          namespace,
          name,
          by: refOf(object),
          how: 'meta.helm.sh/release-name',
          effect: 'degraded',
          worked: true,
          isControlled: false,
        });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const isThere = (release: string) => present.has(release) || present.has(elsewhere.get(release) ?? '');
        const missing = needs.all().filter((wanted) => !isThere(placeOf(wanted)));
        sayMissing(
          opened,
          pass,
          releaseState,
          missing.map((wanted) => ({
            ...wanted,
            inCluster: 'unasked' as const,
            // The state of a release of a namespace that is not in the backup is the business of another.
            scope: Object.hasOwn(end.namespaces, wanted.namespace ?? '') ? ('namespace' as const) : ('cluster' as const),
            place: `Secret or ConfigMap sh.helm.release.v1.${wanted.name}.v* in ${wanted.namespace}`,
            consequence: 'its objects come, and Helm does not know them',
            remedy: `have Secrets of ${wanted.namespace} backed up, or adopt the objects after the restore: helm upgrade --install ${wanted.name} -n ${wanted.namespace} --take-ownership`,
          })),
        );
      },
    };
  },
});
