/** Runs a check on objects as if an archive held them: in the order given, through what checks speak with in a real run. */
import assert from 'node:assert/strict';
import type { ArchiveCheck, LocationFacts, OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { nothingSaid, passOf, type Said } from '../../functions/backup-verification/said.ts';
import type { Read, Wire } from '../../functions/scan/contracts.ts';
import type { ArchivedObject, ArchiveEnd } from '../../functions/velero/archive/archive-facts.ts';
import { canonicalPath } from '../../functions/velero/archive/archive-path.ts';
import type { BackupMetadata, BackupSpec } from '../../functions/velero/backup.ts';
import type { ClusterFacts, Listed } from '../../functions/velero/cluster-facts.ts';
import type { Companions, VolumeInfo } from '../../functions/velero/companions/companion-files.ts';
import fc from '../fuzz.ts';
import { placesIn, replaced } from '../health-check/holes.ts';
import { backupOf, locationOf, now, scheduleOf } from './sample-location.ts';

/** An object as kubectl has it; what matters of it is its own business. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** `v1 ConfigMap shop/settings` in one line, or without a namespace. */
export const manifest = (apiVersion: string, kind: string, place: string, rest: Readonly<Record<string, unknown>> = {}): Manifest => {
  const [name = '', namespace] = place.split('/').toReversed();
  const { metadata, ...others } = rest;
  return {
    apiVersion,
    kind,
    ...others,
    metadata: { ...(typeof metadata === 'object' ? metadata : {}), name, ...(namespace !== undefined && { namespace }) },
  };
};

const resourceOf = (kind: string): string => {
  const lower = kind.toLowerCase();
  if (lower === 'endpoints') return lower;
  if (lower.endsWith('s')) return `${lower}es`;
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`;
};

/** As the reader of archives gives it. */
export const archived = (body: Manifest): ArchivedObject => {
  const { apiVersion, kind, metadata } = body;
  const { name, namespace } = metadata;
  const at = {
    resource: resourceOf(kind),
    group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '',
    ...(namespace !== undefined && { namespace }),
    name,
  };
  return { ...at, path: canonicalPath(at), apiVersion, kind, body, size: JSON.stringify(body).length };
};

export interface ArchiveRun {
  readonly objects: readonly Manifest[];
  /** Of everything unless told. */
  readonly spec?: Partial<BackupSpec>;
  readonly metadata?: Partial<BackupMetadata>;
  /** By resource: what the cluster has, which then was reached. */
  readonly cluster?: Readonly<Record<string, readonly Manifest[]>>;
  readonly volumeInfo?: readonly Partial<VolumeInfo>[];
  readonly namespaceMapping?: Readonly<Record<string, string>>;
  /** False: the archive could not be read to its end. */
  readonly whole?: boolean;
  /** It is not the newest of its schedule. */
  readonly isOld?: boolean;
  readonly options?: unknown;
}

export interface ArchiveResult extends Said {
  /** `severity subject`, sorted. */
  readonly lines: readonly string[];
}

const clusterOf = (lists: NonNullable<ArchiveRun['cluster']>): ClusterFacts => ({
  version: 'v1.36.3',
  // A list that is not given is one of a kind that the cluster has none of.
  of: <T>({ resource }: Read<T>) => ({ state: 'read', objects: (lists[resource] ?? []) as unknown as readonly Wire<T>[] }) as Listed<T>,
});

const companionsOf = (infos: readonly Partial<VolumeInfo>[]): Companions => {
  const none = async () => ({ state: 'absent' }) as const;
  return {
    resourceList: none,
    results: none,
    podVolumeBackups: none,
    volumeSnapshots: none,
    itemOperations: none,
    volumeInfo: async () => ({ state: 'read', value: infos.map((info) => ({ snapshotDataMoved: false, skipped: false, ...info })) }),
  };
};

const endOf = (objects: readonly ArchivedObject[], whole: boolean): ArchiveEnd => {
  const [kinds, namespaces]: [Record<string, number>, Record<string, number>] = [{}, {}];
  for (const { resource, group, namespace = '' } of objects) {
    const kind = group ? `${resource}.${group}` : resource;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    namespaces[namespace] = (namespaces[namespace] ?? 0) + 1;
  }
  const counts = { objects: objects.length, members: objects.length * 2 + 1, bytes: 0, packedBytes: 0 };
  return { whole, problems: [], problemCounts: {}, kinds, namespaces, oddTimes: [], ...counts };
};

const isArchiveCheck = (check: OperationCheck): check is ArchiveCheck => 'start' in check;

/** Throws what the check throws. */
export async function lookInto(check: OperationCheck, run: ArchiveRun): Promise<ArchiveResult> {
  assert.ok(isArchiveCheck(check));
  const newer = backupOf('nightly-2', 2, { schedule: 'nightly' });
  const spec = { ...newer.metadata?.spec, ...run.spec } as BackupSpec;
  const backup = backupOf('nightly-1', 10, { schedule: 'nightly', ...run.metadata, spec });
  assert.ok(backup.metadata);
  const schedule = scheduleOf('nightly', run.isOld ? [newer, backup] : [backup]);
  const base = locationOf([schedule]);
  const location: LocationFacts = run.cluster ? { ...base, cluster: clusterOf(run.cluster) } : base;
  const said = nothingSaid();
  const pass = passOf(check, check.options.parse(run.options ?? {}), {
    said,
    location,
    request: { level: 'restorability', namespaceMapping: run.namespaceMapping ?? {} },
    now,
    signal: new AbortController().signal,
    memory: {},
    subjectPrefix: '',
  });
  const companions = companionsOf(run.volumeInfo ?? []);
  const reducer = check.start({ backup, metadata: backup.metadata, companions, schedule }, pass);
  const objects = run.objects.map(archived);
  for (const object of objects) reducer.see?.(object);
  await reducer.finish?.(endOf(objects, run.whole ?? true));
  return { ...said, lines: said.findings.map(({ severity, subject = '' }) => `${severity} ${subject}`.trim()).toSorted() };
}

/** Asserts that the check says nothing of these. */
export async function assertSilent(check: OperationCheck, run: ArchiveRun): Promise<void> {
  const { findings, unknowns } = await lookInto(check, run);
  assert.deepEqual(
    findings.map(({ message }) => message),
    [],
  );
  assert.deepEqual(unknowns, []);
}

/** The one thing that the check says. */
export async function theFinding(check: OperationCheck, run: ArchiveRun) {
  const { findings, unknowns } = await lookInto(check, run);
  assert.deepEqual(unknowns, []);
  const [finding] = findings;
  assert.ok(finding && findings.length === 1, JSON.stringify(findings, undefined, 1));
  assert.match(finding.message, /^[^\n]+[^.\n]$/);
  assert.doesNotMatch(`${finding.message} ${finding.remedy}`, /undefined|\bnull\b|NaN|\[object/);
  return finding;
}

/** Values that stand where something else is expected. */
const oddValues: readonly unknown[] = [
  null,
  '',
  'x\u0007\n',
  7,
  -1,
  true,
  [],
  [null, 1, 'two', [{}]],
  {},
  { name: {} },
  JSON.parse('{"__proto__":1,"constructor":2}'),
];

/** The objects with some odd fields: the metadata that makes an object sound (name, namespace) is left as it is. */
const spoilt = (objects: readonly Manifest[]): fc.Arbitrary<Manifest[]> =>
  fc.tuple(
    ...objects.map((object) => {
      const places = placesIn(object).filter(
        (path) => !(path.length <= 2 && path[0] === 'metadata' && path[1] !== 'labels' && path[1] !== 'annotations'),
      );
      if (places.length === 0) return fc.constant(object);
      const spoil = fc.tuple(fc.constantFrom(...places), fc.constantFrom(...oddValues, undefined));
      return fc
        .array(spoil, { maxLength: 3 })
        .map((spoils) =>
          spoils.reduce<unknown>((sofar, [path, value]) => replaced(sofar, path, () => (value === undefined ? [] : [value])), object),
        ) as fc.Arbitrary<Manifest>;
    }),
  );

/**
 * Asserts what holds of every check: nothing is said of an archive that was not read to its end, but that it is unknown; the order of objects
 * never changes what is said; odd objects never make it throw, or say something that is fit for no report.
 */
export async function assertSound(check: OperationCheck, run: ArchiveRun): Promise<void> {
  const cut = await lookInto(check, { ...run, whole: false });
  assert.deepEqual(cut.findings, []);
  assert.equal(cut.unknowns.length, 1);
  const whole = await lookInto(check, run);
  assert.ok(whole.findings.length > 0, 'the objects are to show something');
  const anyOrder = fc.shuffledSubarray([...run.objects], { minLength: run.objects.length });
  await fc.assert(
    fc.asyncProperty(anyOrder, async (objects) => {
      assert.deepEqual((await lookInto(check, { ...run, objects })).findings, whole.findings);
    }),
    { numRuns: 40 },
  );
  await fc.assert(
    fc.asyncProperty(spoilt(run.objects), async (objects) => {
      const { findings } = await lookInto(check, { ...run, objects });
      for (const { message, remedy } of findings) {
        assert.match(message, /^[^\n]+$/);
        assert.doesNotMatch(`${message} ${remedy}`, /undefined|NaN|\[object/);
      }
    }),
    { numRuns: 150 },
  );
}
