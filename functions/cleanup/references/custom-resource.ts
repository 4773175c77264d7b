/**
 * What a custom resource refers to. Nobody knows all of them, so that any text in one which is the name of an object counts as a reference to
 * it, in the resource's namespace and in each that it speaks of: to keep too much does no harm.
 */
import { textOf } from '../../health-check/wire.ts';
import { derivedNames, isOver, replicatedKinds } from './derived-names.ts';
import { namesIn, placesIn } from './names.ts';
import { everywhere, type ReferenceSet } from './reference-set.ts';
import { fieldsOf, itemsOf, placeOf } from './shape.ts';

/** So many namespaces with so many names are noted one by one; what speaks of more refers to its names in all namespaces. */
const mostPairs = 100_000;

const isNamespaceKey = (key: string): boolean => /namespaces?$/i.test(key);

/** Notes a resource of a group that is none of Kubernetes' own. */
export const noteCustomResource = (group: string, kind: string, object: unknown, references: ReferenceSet): void => {
  const { namespace, name, metadata } = placeOf(object);
  if (isOver(group, kind, object)) return;
  const { metadata: _, apiVersion: __, kind: ___, ...rest } = fieldsOf(object);
  const annotations = { ...fieldsOf(metadata.annotations) };
  delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
  // Operators call what they make after the resource itself: an ExternalSecret without a target's name, a KafkaUser.
  noteTree([name, annotations, rest], { namespace, name }, references);
  for (const pattern of derivedNames(group, kind, name)) references.addPattern('any', namespace || everywhere, pattern);
  for (const replicated of replicatedKinds(group, kind, object)) references.addKind(replicated.kind, replicated.why);
};

/**
 * Notes every text in `value`, which is of an object in `namespace` (empty: in none, and its texts may mean any). Without recursion: depth is
 * whoever's who writes the resource.
 */
export const noteTree = (
  value: unknown,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  references: ReferenceSet,
): void => {
  const names = new Set<string>();
  const namespaces = new Set([namespace || everywhere]);
  const left: { readonly value: unknown; readonly key: string }[] = [{ value, key: '' }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value: each, key } = next;
    if (typeof each === 'string') {
      for (const found of namesIn(each)) names.add(found);
      for (const [place, found] of placesIn(each)) references.add('any', place, found);
      if (isNamespaceKey(key)) namespaces.add(each);
    } else if (Array.isArray(each)) {
      for (const item of each) left.push({ value: item, key });
    } else if (typeof each === 'object' && each !== null) {
      noteKnownParts(each, { namespace, name }, references);
      for (const [inner, held] of Object.entries(each)) left.push({ value: held, key: inner });
    }
  }
  const places = names.size * namespaces.size > mostPairs ? [everywhere] : namespaces;
  for (const place of places) for (const found of names) references.add('any', place, found);
};

/** What is named after other things than itself: claims of templates, wherever they stand. */
const noteKnownParts = (
  value: object,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  references: ReferenceSet,
): void => {
  const { volumeClaimTemplates, credentialName, credentialNames } = fieldsOf(value);
  // Istio takes it from the namespace of the gateway's pods, wherever the Gateway is: https://istio.io/latest/docs/reference/config/analysis/ist0161/
  for (const credential of [credentialName, ...(Array.isArray(credentialNames) ? credentialNames : [])]) {
    if (typeof credential !== 'string') continue;
    for (const secret of [credential, `${credential}-cacert`]) references.add('Secret', everywhere, secret);
  }
  for (const template of itemsOf(volumeClaimTemplates)) {
    const claim = textOf(fieldsOf(template.metadata).name);
    if (claim !== undefined) references.addClaims(namespace, `${claim}-${name}`);
  }
};
