/** What is known of custom resources beyond the texts in them, as data: names that operators make, records of what is over, kinds read whole. */
import { textOf } from '../../health-check/wire.ts';
import { type Fields, fieldsOf, itemsOf } from './shape.ts';

interface Derived {
  readonly group: string;
  readonly kinds: readonly string[];
  /** `{name}` is the resource's; the pattern is of a whole name. */
  readonly pattern: string;
  readonly upstream: string;
}

/** Objects that an operator makes, or that it looks for, by a name that it derives from its resource's. */
const derived: readonly Derived[] = [
  {
    group: 'monitoring.coreos.com',
    kinds: ['Alertmanager'],
    pattern: 'alertmanager-{name}(-.+)?',
    upstream: 'https://prometheus-operator.dev/docs/platform/alerting/',
  },
  {
    group: 'monitoring.coreos.com',
    kinds: ['Prometheus', 'PrometheusAgent'],
    pattern: '(prometheus|prom-agent)-{name}(-.+)?',
    upstream: 'https://prometheus-operator.dev/docs/api-reference/api/',
  },
  {
    group: 'monitoring.coreos.com',
    kinds: ['ThanosRuler'],
    pattern: 'thanos-ruler-{name}(-.+)?',
    upstream: 'https://prometheus-operator.dev/docs/platform/thanos/',
  },
  { group: 'ceph.rook.io', kinds: ['CephCluster'], pattern: 'rook-.+', upstream: 'https://rook.io/docs/rook/latest-release/' },
  {
    group: 'acid.zalan.do',
    kinds: ['postgresql'],
    pattern: '.+\\.{name}\\.credentials\\.postgresql\\.acid\\.zalan\\.do',
    upstream: 'https://postgres-operator.readthedocs.io/en/latest/user/',
  },
  {
    group: 'acid.zalan.do',
    kinds: ['postgresql'],
    pattern: '(.+-)?{name}(-.+)?',
    upstream: 'https://postgres-operator.readthedocs.io/en/latest/user/',
  },
  {
    group: 'postgresql.cnpg.io',
    kinds: ['Cluster'],
    pattern: '{name}-.+',
    upstream: 'https://cloudnative-pg.io/documentation/current/applications/',
  },
  {
    group: 'kafka.strimzi.io',
    kinds: ['Kafka', 'KafkaConnect', 'KafkaMirrorMaker2', 'KafkaBridge', 'KafkaNodePool'],
    pattern: '(.+-)?{name}-.+',
    upstream: 'https://strimzi.io/docs/operators/latest/deploying',
  },
];

const escaped = (text: string): string => text.replaceAll('.', '\\.');

/** Patterns of the names that belong to a resource. */
export const derivedNames = (group: string, kind: string, name: string): readonly RegExp[] =>
  derived.flatMap((each) =>
    each.group === group && each.kinds.includes(kind) && /^[-a-z0-9.]+$/.test(name)
      ? [new RegExp(`^${each.pattern.replaceAll('{name}', escaped(name))}$`)]
      : [],
  );

/** Records of one run that stay when it is over: what they name is not used by them any more. */
const records: Readonly<Record<string, readonly string[]>> = {
  'velero.io': ['DataUpload', 'DataDownload', 'PodVolumeBackup', 'PodVolumeRestore'],
};
const overPhases = new Set(['Completed', 'Failed', 'Canceled']);

export const isOver = (group: string, kind: string, object: unknown): boolean =>
  records[group]?.includes(kind) === true && overPhases.has(textOf(fieldsOf(fieldsOf(object).status).phase) ?? '');

/** Gatekeeper gives its policies all objects of the kinds that it is told to replicate. */
const replicators: Readonly<Record<string, (spec: Fields) => readonly Fields[]>> = {
  'config.gatekeeper.sh Config': ({ sync }) => itemsOf(fieldsOf(sync).syncOnly),
  'syncset.gatekeeper.sh SyncSet': ({ gvks }) => itemsOf(gvks),
};

/** Kinds of which every object is read by somebody. https://open-policy-agent.github.io/gatekeeper/website/docs/sync/ */
export const replicatedKinds = (group: string, kind: string, object: unknown): readonly { readonly kind: string; readonly why: string }[] =>
  (replicators[`${group} ${kind}`]?.(fieldsOf(fieldsOf(object).spec)) ?? []).flatMap((each) => {
    const replicated = textOf(each.kind);
    return replicated === undefined ? [] : [{ kind: replicated, why: `Gatekeeper replicates every ${replicated} for its policies` }];
  });
