/** Nights of each version of Velero, laid out as PutBackup at its tag wrote them: no check has a word against them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checks } from '../../functions/backup-verification/checks/index.ts';
import { NotApplicable } from '../../functions/scan/contracts.ts';
import { readInventory } from '../../functions/velero/inventory/read-inventory.ts';
import type { BackupFileKind } from '../../functions/velero/layout.ts';
import { configMapTwins } from '../velero/archives.ts';
import { memoryObjectStore } from '../velero/memory-object-store.ts';
import { factsOf, lookAt } from './look-at.ts';
import { type Files, lookInto, written } from './look-into.ts';
import { now } from './sample-location.ts';

const none: Readonly<Partial<Record<BackupFileKind, unknown>>> = {
  results: undefined,
  itemOperations: undefined,
  volumeInfo: undefined,
};
const csi = { csiVolumeSnapshots: null, csiVolumeSnapshotContents: null };
const classes = { csiVolumeSnapshotClasses: null };
const excluded = ['volumesnapshotcontents.snapshot.storage.k8s.io', 'volumesnapshots.snapshot.storage.k8s.io'];

interface Version {
  readonly companions: Readonly<Partial<Record<BackupFileKind, unknown>>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}
const results = { errors: {}, warnings: {} };
const versions: Readonly<Record<string, Version>> = {
  '1.5': { companions: { ...none, ...csi } },
  '1.9': { companions: { ...none, ...csi, ...classes, itemSnapshots: null } },
  '1.10': { companions: { ...none, ...csi, ...classes, itemSnapshots: null, results } },
  '1.11': { companions: { ...none, ...csi, ...classes, results, itemOperations: [] } },
  '1.13': { companions: { ...csi, ...classes } },
  '1.16': { companions: { ...csi, ...classes }, spec: { excludedResources: excluded } },
  '1.17': { companions: classes, spec: { excludedNamespaceScopedResources: excluded } },
  '1.18': { companions: {}, spec: { excludedNamespaceScopedResources: excluded } },
};
const entries = [...configMapTwins('a'), ...configMapTwins('b')];
const resourceList = { 'v1/ConfigMap': ['shop/a', 'shop/b'] };

/** velero-backup.json with the version of the cluster that was backed up. */
const ofCluster = (content: Uint8Array | string): Uint8Array | string =>
  typeof content === 'string'
    ? content.replace('"labels":', '"annotations":{"velero.io/source-cluster-k8s-gitversion":"v1.33.1"},"labels":')
    : content;

/** From the day of November on, one a night; the last is of last night. */
async function nights(...names: readonly string[]): Promise<Files> {
  const all = names.map((name, index) => {
    const { companions = {}, spec = {} } = versions[name] ?? {};
    const day = 24 - (names.length - 1 - index);
    return written({
      entries,
      day,
      schedule: 'nightly',
      spec: { includedNamespaces: ['shop'], ...spec },
      companions: { resourceList, ...companions },
    });
  });
  return Object.fromEntries(
    (await Promise.all(all)).flatMap((each) => Object.entries(each).map(([key, content]) => [key, ofCluster(content)])),
  );
}

async function wordsAgainst(files: Files): Promise<readonly string[]> {
  const lastModified = Object.fromEntries(
    Object.keys(files).map((key) => {
      const [, day] = /-202611(\d\d)050000\//.exec(key) ?? [];
      return [key, Date.parse(`2026-11-${day}T05:10:00Z`)];
    }),
  );
  const store = memoryObjectStore(files, { lastModified });
  const { backups, topFolders } = await readInventory(store, { known: undefined, signal: new AbortController().signal });
  const words: string[] = [];
  for (const check of checks) {
    try {
      const said =
        'look' in check
          ? await lookAt(check, factsOf(backups, { store, topFolders }))
          : await lookInto(check, files, { lastModified, clock: now });
      const bad = said.rows.filter((row) => !/ ok: /.test(row));
      words.push(...[...said.alarms, ...bad, ...said.unknowns.map(({ reason }) => reason)].map((word) => `${check.id}: ${word}`));
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error;
    }
  }
  return words;
}

for (const version of Object.keys(versions)) {
  test(`five nights of Velero ${version}`, async () => {
    assert.deepEqual(await wordsAgainst(await nights(version, version, version, version, version)), []);
  });
}

test('from one version to the next, and back to an older one', async () => {
  assert.deepEqual(await wordsAgainst(await nights(...Object.keys(versions))), []);
  assert.deepEqual(await wordsAgainst(await nights('1.13', '1.13', '1.11', '1.11')), []);
});
