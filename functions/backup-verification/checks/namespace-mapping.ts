import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import type { ArchivedObject, ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, sawWhole } from '../restorability/absences.ts';
import { isBuiltIn, isFilledIn, type Named, platformOf } from '../restorability/baseline.ts';
import { annotationsOf, refOf, textAt } from '../restorability/fields.ts';
import { namespacesNamed } from '../restorability/namespace-references.ts';
import { isRestored } from '../restorability/restored.ts';

/** Made in every namespace by controllers. */
const madeAnew = new Set(['endpoints', 'endpointslices.discovery.k8s.io', 'leases.coordination.k8s.io']);

/** By the scopes strict and namespace-wide: github.com/bitnami-labs/sealed-secrets#scopes. */
const isSealedFor = (object: ArchivedObject): boolean =>
  groupResource(object) === 'sealedsecrets.bitnami.com' &&
  textAt(annotationsOf(object), 'sealedsecrets.bitnami.com/cluster-wide') !== 'true';

export default defineArchiveCheck({
  id: 'namespace-mapping',
  title: 'What goes wrong where namespaces are restored under other names',
  why: 'Of two objects with one name the second is not restored, and what names the old namespace reaches into it: into production, in a drill.',
  upstream: 'https://velero.io/docs/v1.18/restore-reference/#restoring-into-a-different-namespace',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const { namespaceMapping: mapping } = pass;
    const sources = new Set(Object.keys(mapping));
    if (sources.size === 0) return {};
    const concerned = new Set([...sources, ...Object.values(mapping)]);
    const platform = platformOf(opened);
    const isMadeAnew = (of: 'ConfigMap' | 'ServiceAccount', named: Named): boolean =>
      isBuiltIn(of, named, platform) || isFilledIn(of, named);
    const common = { object: pass.about(opened.backup), backup: opened.backup.name };
    const targetOf = (namespace: string) => (Object.hasOwn(mapping, namespace) ? (mapping[namespace] ?? namespace) : namespace);
    /** By what would be its place after the restore: the namespaces that have such an object. */
    const places = new Map<string, { readonly target: string; readonly what: string; readonly from: Set<string> }>();
    const [named, sealed] = [collectNeeds(), collectNeeds()];

    const sayConflicts = (): void => {
      const conflicts = [...places.values()].filter(({ from }) => from.size > 1);
      for (const [target, own] of Map.groupBy(conflicts, (conflict) => conflict.target)) {
        const from = [...new Set(own.flatMap((conflict) => [...conflict.from]))].toSorted();
        const whats = own.map(({ what }) => what).toSorted();
        pass.emit({
          ...common,
          subject: `conflicts in ${target}`,
          severity: 'warning',
          message: `${from.join(' and ')} both become ${target}, and ${own.length === 1 ? '1 object is' : `${own.length} objects are`} in more than one of them (${some(whats)}): only the first of each is restored`,
          remedy: 'map each namespace to a name of its own, or restore one after another with --include-namespaces',
          details: { backup: opened.backup.name, conflicts: own.length },
        });
      }
    };
    const sayAbsent = (end: ArchiveEnd): void => {
      for (const source of [...sources].filter((each) => !Object.hasOwn(end.namespaces, each)).toSorted())
        pass.emit({
          ...common,
          subject: `no ${source}`,
          severity: 'warning',
          message: `namespace ${source}, which is to become ${targetOf(source)}, has no objects in the backup`,
          remedy: `look at the names: the backup has ${some(Object.keys(end.namespaces).filter(Boolean).toSorted(), 10)}`,
        });
    };
    const sayNamed = (): void => {
      for (const { name, by, count } of named.all())
        pass.emit({
          ...common,
          subject: `references to ${name}`,
          severity: 'warning',
          message: `${count} ${count === 1 ? 'object names' : 'objects name'} namespace ${name} in what Velero does not rewrite (${some(by.map(({ object, how }) => `${object.kind} ${object.name}: ${how}`))}): after the restore ${count === 1 ? 'it reaches' : 'they reach'} into ${name} and not into ${targetOf(name)}`,
          remedy: `rewrite them by a resource modifier (velero restore create --resource-modifier-configmap), or keep traffic to ${name} out of ${targetOf(name)} by a NetworkPolicy`,
          members: by.map(({ object }) => object),
          details: { backup: opened.backup.name, objects: count },
        });
    };
    const saySealed = (): void => {
      for (const { name, by, count } of sealed.all())
        pass.emit({
          ...common,
          subject: `sealed for ${name}`,
          severity: 'warning',
          message: `${count === 1 ? '1 SealedSecret is' : `${count} SealedSecrets are`} sealed for namespace ${name} (${some(by.map(({ object }) => object.name))}), and under ${targetOf(name)} the controller cannot open ${count === 1 ? 'it' : 'them'}: the Secrets come as they were, and are never renewed`,
          remedy: `seal them again for ${targetOf(name)} (kubeseal), or with --scope cluster-wide`,
          members: by.map(({ object }) => object),
          details: { backup: opened.backup.name, objects: count },
        });
    };

    return {
      see(object) {
        if (!isRestored(object)) return;
        const kind = groupResource(object);
        const { namespace, name } = object;
        if (isSealedFor(object) && namespace !== undefined && targetOf(namespace) !== namespace)
          sealed.add({ name: namespace, by: refOf(object), how: 'encryptedData', effect: 'degraded', worked: true, isControlled: false });
        for (const [source, place] of namespacesNamed(object, sources))
          named.add({ name: source, by: refOf(object), how: place, effect: 'degraded', worked: true, isControlled: false });
        if (namespace === undefined || !concerned.has(namespace) || madeAnew.has(kind)) return;
        if (kind === 'configmaps' && isMadeAnew('ConfigMap', { namespace, name })) return;
        if (kind === 'serviceaccounts' && isMadeAnew('ServiceAccount', { namespace, name })) return;
        const target = targetOf(namespace);
        const what = `${object.kind} ${name}`;
        const place = `${target} ${kind} ${name}`;
        const known = places.get(place) ?? { target, what, from: new Set<string>() };
        known.from.add(namespace);
        places.set(place, known);
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        sayAbsent(end);
        sayConflicts();
        sayNamed();
        saySealed();
      },
    };
  },
});
