import * as z from 'zod';
import { services } from '../../cluster/kinds.ts';
import { some } from '../../health-check/wire.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import type { ClusterFacts } from '../../velero/cluster-facts.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { collectNeeds, type Missing, mostMembers, sawWhole, sayMissing, type Wanted } from '../restorability/absences.ts';
import { isBuiltIn, platformOf } from '../restorability/baseline.ts';
import { fieldsAt, itemsOf, placeOf, refOf } from '../restorability/fields.ts';
import { isRestored, isRestoredAfter } from '../restorability/restored.ts';
import {
  failingWebhooks,
  type RestoredCounts,
  restoredCounts,
  type ServicePlace,
  serviceOf,
  type Webhook,
} from '../restorability/webhooks.ts';

const listed = { ...services, optional: true } as const;
const service = { kind: 'Service', resource: 'services', group: '', namespaced: true } as const;

interface Conversion {
  readonly object: ArchivedObject;
  readonly place: ServicePlace;
  readonly stored: unknown;
}
/** A CRD whose versions a webhook converts. */
function conversionOf(object: ArchivedObject): Conversion | undefined {
  if (groupResource(object) !== 'customresourcedefinitions.apiextensions.k8s.io') return undefined;
  const { strategy, webhook, webhookClientConfig } = fieldsAt(object.body, 'spec', 'conversion');
  const place = strategy === 'Webhook' ? serviceOf(fieldsAt(webhook).clientConfig ?? webhookClientConfig) : undefined;
  const stored = itemsOf(fieldsAt(object.body, 'spec').versions).find(({ storage }) => storage === true)?.name;
  return place && { object, place, stored };
}

interface Callers {
  readonly webhooks: Webhook[];
  readonly conversions: Conversion[];
  readonly apis: { readonly object: ArchivedObject; readonly place: ServicePlace }[];
}

/** Objects in another version than the stored one are converted when they are made. */
const isConverted = ({ object, stored }: Conversion, brought: RestoredCounts): boolean =>
  [...brought.versionsOf(object.name)].some((version) => version !== stored);

/** Who needs which Service. */
function needsOf({ webhooks, conversions, apis }: Callers, brought: RestoredCounts): readonly Wanted[] {
  const needs = collectNeeds();
  const common = { worked: true, isControlled: false } as const;
  for (const webhook of webhooks) {
    const effect = brought.askedOf(webhook).size > 0 && !webhook.isChoosy ? 'blocking' : 'degraded';
    needs.add({ ...webhook.service, by: webhook.object, how: `webhook ${webhook.name}`, effect, ...common });
  }
  for (const { object, place, stored } of conversions) {
    const effect = isConverted({ object, place, stored }, brought) ? 'blocking' : 'degraded';
    needs.add({ ...place, by: refOf(object), how: 'conversion', effect, ...common });
  }
  for (const { object, place } of apis) needs.add({ ...place, by: refOf(object), how: 'spec.service', effect: 'degraded', ...common });
  return needs.all();
}

/** The Services of these webhooks come with the backup, but their pods are not ready when they are first asked: one finding a configuration. */
function sayOrder(webhooks: readonly Webhook[], brought: RestoredCounts, { backup }: OpenedBackup, pass: CheckPass): void {
  const byConfiguration = Map.groupBy(webhooks, ({ object }) => `${object.kind} ${object.name}`);
  for (const [subject, own] of [...byConfiguration].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const late = own.flatMap((webhook) => [...brought.askedOf(webhook)].filter(([kind]) => isRestoredAfter(kind, webhook.configuration)));
    const kinds = [...new Map(late)].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const [first] = own;
    if (kinds.length === 0 || !first) continue;
    const told = some(
      kinds.map(([kind, count]) => `${count} ${kind}`),
      5,
    );
    pass.emit({
      object: pass.about(backup),
      backup: backup.name,
      subject: `order of ${subject}`,
      severity: 'info',
      message: `${subject} fails closed and is restored before ${told}: where the pods of Service ${placeOf(first.service)} are not ready by then, these are refused ("no endpoints available")`,
      remedy:
        'restore once more when its pods are ready: what is there already is left alone; or exclude the configuration and apply it at the end',
      members: [first.object],
      details: { backup: backup.name, kinds: kinds.length, objects: kinds.reduce((sum, [, count]) => sum + count, 0) },
    });
  }
}

/** Objects that a Service must convert whose pods come with the same backup: one finding a Service. */
function sayConversions(conversions: readonly Conversion[], { backup }: OpenedBackup, pass: CheckPass): void {
  const byService = Map.groupBy(conversions, ({ place }) => placeOf(place));
  for (const [service, own] of [...byService].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const definitions = own.map(({ object }) => refOf(object)).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    pass.emit({
      object: pass.about(backup),
      backup: backup.name,
      subject: `conversion by ${service}`,
      severity: 'info',
      message: `objects of ${some(definitions.map(({ name }) => name))} are in another version than the one that is stored, and Service ${service} converts them: where its pods are not ready by then, they are refused`,
      remedy: 'restore once more when its pods are ready: what is there already is left alone',
      members: definitions.slice(0, mostMembers),
      details: { backup: backup.name, definitions: definitions.length },
    });
  }
}

/** A configuration is made again by whoever installs its tool; a definition must not be taken away, and all its objects with it. */
function whileRestoring({ by }: Wanted): string {
  const configuration = by.find(({ object }) => object.kind.endsWith('WebhookConfiguration'))?.object;
  if (!configuration) return '';
  return `; where a restore is stuck at it: kubectl delete ${configuration.kind.toLowerCase()} ${configuration.name}`;
}

/** What the cluster has, where it was asked. */
function presentServices(cluster: ClusterFacts): (place: string) => Missing['inCluster'] {
  const read = cluster.of(listed);
  if (read.state !== 'read') return () => 'unasked';
  const running = new Set(read.objects.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`));
  return (place) => (running.has(place) ? 'has' : 'lacks');
}

export default defineArchiveCheck({
  id: 'webhook-without-service',
  title: 'Webhooks and API services whose Service the backup lacks, or that are asked before it is ready',
  why: 'A webhook that fails closed refuses everything that it is asked about, as long as nobody answers: the restore is then full of holes.',
  upstream: 'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy',
  level: 'restorability',
  reads: { services: listed },
  options: z.strictObject({}),
  start(opened, pass) {
    const platform = platformOf(opened);
    const present = new Set<string>();
    const brought = restoredCounts();
    const callers: Callers = { webhooks: [], conversions: [], apis: [] };
    const isThere = (place: ServicePlace) => present.has(placeOf(place)) || isBuiltIn('Service', place, platform);
    return {
      see(object) {
        if (!isRestored(object)) return;
        const kind = groupResource(object);
        brought.note(object);
        if (kind === 'services') present.add(placeOf(object));
        callers.webhooks.push(...failingWebhooks(object));
        const conversion = conversionOf(object);
        if (conversion) callers.conversions.push(conversion);
        const place = kind === 'apiservices.apiregistration.k8s.io' ? serviceOf(object.body.spec) : undefined;
        if (place) callers.apis.push({ object, place });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const inCluster = presentServices(pass.location.cluster);
        const missing = needsOf(callers, brought).filter(({ namespace = '', name }) => !isThere({ namespace, name }));
        sayMissing(
          opened,
          pass,
          service,
          missing.map((wanted) => ({
            ...wanted,
            scope: Object.hasOwn(end.namespaces, wanted.namespace ?? '') ? ('namespace' as const) : ('cluster' as const),
            inCluster: inCluster(placeOf(wanted)),
            consequence:
              wanted.effect === 'blocking'
                ? 'what it is asked about is refused from the moment that it is restored'
                : 'what calls it fails as long as nobody answers',
            remedy: `have ${wanted.namespace} backed up too, or ${wanted.name} running there before the restore${whileRestoring(wanted)}`,
          })),
        );
        const early = callers.webhooks.filter((webhook) => isThere(webhook.service));
        sayOrder(early, brought, opened, pass);
        const converted = callers.conversions.filter((conversion) => isThere(conversion.place) && isConverted(conversion, brought));
        sayConversions(converted, opened, pass);
      },
    };
  },
});
