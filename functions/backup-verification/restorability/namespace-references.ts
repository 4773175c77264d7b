/** Where an object names another namespace in what Velero does not rewrite when it maps namespaces: issue #474 of velero, and its restore actions. */
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';

/** Rewritten by Velero (PersistentVolumes' claimRef, snapshots, subjects), made again by controllers, or not to be looked into. */
const leftAlone = new Set([
  'secrets',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'leases.coordination.k8s.io',
  'persistentvolumes',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
]);
/** Records of what was: of backups, and of what scanners found. Nothing acts on them. */
const groupsOfRecords = new Set(['velero.io', 'wgpolicyk8s.io', 'reports.kyverno.io', 'aquasecurity.github.io', 'openreports.io']);
/** Lists of namespaces by name: ServiceMonitor.spec.namespaceSelector.matchNames and its like. */
const listKeys = new Set(['matchNames', 'namespaces', 'watchNamespaces', 'sourceNamespaces']);
const nameLabel = 'kubernetes.io/metadata.name';
/** Deeper than any schema: what lies below is not looked at. */
const deepest = 40;

/** The namespaces among `sources` that an object outside its metadata and status names, each with the first place where. */
export function namespacesNamed(object: ArchivedObject, sources: ReadonlySet<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (leftAlone.has(groupResource(object)) || groupsOfRecords.has(object.group)) return found;
  const note = (namespace: unknown, place: string): void => {
    if (typeof namespace === 'string' && sources.has(namespace) && !found.has(namespace)) found.set(namespace, place);
  };
  const walk = (value: unknown, key: string, place: string, depth: number): void => {
    if (depth > deepest) return;
    if (typeof value === 'string') {
      if (key === 'namespace' || key === nameLabel) note(value, place);
      else if (value.includes('.svc')) for (const namespace of namespacesInNames(value)) note(namespace, place);
    } else if (Array.isArray(value)) {
      for (const item of value) {
        if (listKeys.has(key)) note(item, place);
        walk(item, '', place, depth + 1);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [inner, each] of Object.entries(value)) walk(each, inner, depth === 0 ? inner : `${place}.${inner}`, depth + 1);
    }
  };
  const { metadata: _, status: __, ...rest } = object.body;
  walk(rest, '', '', 0);
  return found;
}

/** Of `http://api.shop.svc.cluster.local:80`: shop. */
function* namespacesInNames(text: string): Generator<string> {
  // A ConfigMap may hold megabytes; a name of the DNS is found in one pass.
  for (const [, namespace] of text.matchAll(/[a-z0-9]\.([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.svc\b/g)) if (namespace) yield namespace;
}
