/** Who of Kubernetes' own kinds calls a Service by its name: it is in use, whether something answers or not. */
import {
  apiServices,
  customResourceDefinitions,
  ingresses,
  mutatingWebhookConfigurations,
  services,
  statefulSets,
  validatingWebhookConfigurations,
} from '../cluster/kinds.ts';
import { listOf, textOf } from '../health-check/wire.ts';
import type { Reads, Reducer } from '../scan/contracts.ts';

export const serviceReferenceReads = {
  services,
  statefulSets,
  ingresses,
  validatingWebhookConfigurations,
  mutatingWebhookConfigurations,
  apiServices,
  customResourceDefinitions,
} as const satisfies Reads;

interface Place {
  readonly namespace?: string | null;
  readonly name?: string | null;
}
type ClientConfig = { readonly clientConfig?: { readonly service?: Place | null } | null } | null | undefined;

/** `web.shop.svc.cluster.local`, whatever the cluster's domain. */
const inCluster = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(\.|$)/;
/** What may be a Service's name, or `namespace/name`. */
const named = /^(?:([a-z0-9-]+)\/)?([a-z0-9-]+)$/;

/** To be filled while objects pass. */
export const serviceReferences = () => {
  const used = new Set<string>();
  const note = (namespace: string | null | undefined, name: string | null | undefined): void => {
    if (namespace && name) used.add(`${namespace}/${name}`);
  };
  const noteWebhook = (webhook: ClientConfig): void =>
    note(webhook?.clientConfig?.service?.namespace, webhook?.clientConfig?.service?.name);
  const noteWebhooks = ({ webhooks }: { readonly webhooks?: readonly ClientConfig[] | null }): void =>
    listOf(webhooks).forEach(noteWebhook);

  const noteIngress: Reducer<typeof serviceReferenceReads, never>['see']['ingresses'] = ({ metadata, spec }) => {
    const namespace = metadata?.namespace;
    note(namespace, spec?.defaultBackend?.service?.name);
    for (const { http } of listOf(spec?.rules)) {
      for (const { backend } of listOf(http?.paths)) note(namespace, backend?.service?.name);
    }
    // Default backends, canaries and whom to ask for authentication: each controller has annotations of its own.
    for (const value of Object.values(metadata?.annotations ?? {})) {
      const [, elsewhere, name] = named.exec(textOf(value) ?? '') ?? [];
      note(elsewhere ?? namespace, name);
    }
  };

  return {
    see: {
      services: ({ spec }) => {
        const [, name, namespace] = inCluster.exec(textOf(spec?.externalName) ?? '') ?? [];
        note(namespace, name);
      },
      statefulSets: ({ metadata, spec }) => note(metadata?.namespace, spec?.serviceName),
      ingresses: noteIngress,
      validatingWebhookConfigurations: noteWebhooks,
      mutatingWebhookConfigurations: noteWebhooks,
      apiServices: ({ spec }) => note(spec?.service?.namespace, spec?.service?.name),
      customResourceDefinitions: ({ spec }) => noteWebhook(spec?.conversion?.webhook),
    } satisfies Reducer<typeof serviceReferenceReads, never>['see'],

    /** To be asked when all came whole. */
    isUsed: (namespace: string | null | undefined, name: string): boolean => used.has(`${namespace}/${name}`),
  };
};
