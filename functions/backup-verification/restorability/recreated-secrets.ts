/** Secrets that controllers make out of other objects: where those are in the backup, nobody has to bring the Secret. */
import type { Ref } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { annotationsOf, fieldsAt, itemsOf, nameOf, refOf, textAt } from './fields.ts';

type Target = (object: ArchivedObject) => readonly unknown[];

/** Names that begin with the object's own. */
const named =
  (...ends: readonly string[]): Target =>
  ({ name }) =>
    ends.map((end) => `${name}${end}`);

/** By resource.group: the names of the Secrets that come of an object, in its own namespace. */
const targets: Readonly<Record<string, Target>> = {
  // https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
  'certificates.cert-manager.io': ({ body }) => [fieldsAt(body, 'spec').secretName],
  // https://external-secrets.io/latest/api/spec/#external-secrets.io/v1.ExternalSecretTarget
  'externalsecrets.external-secrets.io': ({ body, name }) => [fieldsAt(body, 'spec', 'target').name ?? name],
  // https://github.com/bitnami-labs/sealed-secrets: the Secret of spec.template, else of the same name
  'sealedsecrets.bitnami.com': ({ body, name }) => [fieldsAt(body, 'spec', 'template', 'metadata').name ?? name],
  // https://secrets-store-csi-driver.sigs.k8s.io/topics/sync-as-kubernetes-secret
  'secretproviderclasses.secrets-store.csi.x-k8s.io': ({ body }) =>
    itemsOf(fieldsAt(body, 'spec').secretObjects).map(({ secretName }) => secretName),
  // https://developer.hashicorp.com/vault/docs/deploy/kubernetes/vso/api-reference
  'vaultstaticsecrets.secrets.hashicorp.com': ({ body }) => [fieldsAt(body, 'spec', 'destination').name],
  'vaultdynamicsecrets.secrets.hashicorp.com': ({ body }) => [fieldsAt(body, 'spec', 'destination').name],
  'vaultpkisecrets.secrets.hashicorp.com': ({ body }) => [fieldsAt(body, 'spec', 'destination').name],
  // https://developer.1password.com/docs/k8s/operator: the item's own name
  'onepassworditems.onepassword.com': ({ name }) => [name],
  // https://github.com/DopplerHQ/kubernetes-operator, https://infisical.com/docs/integrations/platforms/kubernetes
  'dopplersecrets.secrets.doppler.com': ({ body }) => [fieldsAt(body, 'spec', 'managedSecret').name],
  'infisicalsecrets.secrets.infisical.com': ({ body }) => [fieldsAt(body, 'spec', 'managedSecretReference').secretName],
  // https://cloudnative-pg.io/documentation/current/certificates/ and .../applications/
  'clusters.postgresql.cnpg.io': named('-ca', '-server', '-replication', '-app', '-superuser'),
  // prometheus-operator pkg/prometheus/server, pkg/alertmanager: configuration, TLS assets and web configuration
  'prometheuses.monitoring.coreos.com': ({ name }) => [
    `prometheus-${name}`,
    `prometheus-${name}-tls-assets-0`,
    `prometheus-${name}-web-config`,
  ],
  'alertmanagers.monitoring.coreos.com': ({ name }) => [
    `alertmanager-${name}-generated`,
    `alertmanager-${name}-tls-assets-0`,
    `alertmanager-${name}-web-config`,
    `alertmanager-${name}-cluster-tls-config`,
  ],
  // https://strimzi.io/docs/operators/latest/deploying: the user's own, and the certificates of a cluster's authorities
  'kafkausers.kafka.strimzi.io': ({ name }) => [name],
  'kafkas.kafka.strimzi.io': named('-cluster-ca-cert', '-clients-ca-cert'),
  // https://www.elastic.co/guide/en/cloud-on-k8s/current/k8s-tls-certificates.html
  'elasticsearches.elasticsearch.k8s.elastic.co': named('-es-elastic-user', '-es-http-certs-public', '-es-http-certs-internal'),
  // cert-manager's ingress-shim: https://cert-manager.io/docs/usage/ingress/
  'ingresses.networking.k8s.io': (object) => {
    const annotations = annotationsOf(object);
    const isShimmed =
      textAt(annotations, 'cert-manager.io/issuer') !== undefined ||
      textAt(annotations, 'cert-manager.io/cluster-issuer') !== undefined ||
      textAt(annotations, 'kubernetes.io/tls-acme') === 'true';
    return isShimmed ? itemsOf(fieldsAt(object.body, 'spec').tls).map(({ secretName }) => secretName) : [];
  },
};

/** The Secrets that come of this object, as `NAMESPACE/NAME`, and of what. */
export function secretsMadeBy(object: ArchivedObject): readonly { readonly secret: string; readonly maker: Ref }[] {
  const { namespace } = object;
  if (namespace === undefined) return [];
  // Crossplane's managed resources and claims, of any group: https://docs.crossplane.io
  const connection = fieldsAt(object.body, 'spec', 'writeConnectionSecretToRef').name;
  const names = targets[groupResource(object)]?.(object) ?? [connection];
  return names.flatMap((each) => {
    const name = nameOf(each);
    return name === undefined ? [] : [{ secret: `${namespace}/${name}`, maker: refOf(object) }];
  });
}
