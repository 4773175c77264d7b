import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/restic-rot.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { type MemoryOptions, memoryObjectStore } from '../../velero/memory-object-store.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf } from '../sample-location.ts';
import { repositoryFiles } from '../volume-records.ts';

const at = (files: Readonly<Record<string, Uint8Array | string>>, store: MemoryOptions = {}) =>
  factsOf([backupOf('nightly-1', 5)], { store: memoryObjectStore(files, store), topFolders: ['backups', 'kopia', 'restic'] });
const options = { runs: 1 };

test('whole repositories: nothing but what was read, as evidence', async () => {
  const { lines, unknowns, rows } = await lookAt(check, at(repositoryFiles), { options });
  assert.deepEqual([lines, unknowns], [[], []]);
  assert.equal(rows.length, 1);
  assert.match(rows[0] ?? '', /^nightly-1 ok: restic: 5 of 5 objects \(\d+\.\d KB\) hashed in this run, 100 % in this round, 0 rotten$/);
});

test('bit rot is an error with key, expected and got, and stays one in the nights that read other parts', async () => {
  const [key = ''] = Object.keys(repositoryFiles).filter((each) => each.startsWith('restic/legacy/data/'));
  const rotten = at({ ...repositoryFiles, [key]: 'rotten' });
  let memory: unknown;
  const nights: number[] = [];
  for (let night = 0; night < 8; night++) {
    const looked = await lookAt(check, rotten, { options: { runs: 4 }, memory });
    memory = looked.memory;
    nights.push(looked.lines.length);
    if (looked.lines.length === 0) continue;
    const [finding] = looked.findings;
    assert.match(looked.lines[0] ?? '', /^critical restic\/legacy\/: 1 of the restic objects that were read is not what restic wrote: /);
    assert.equal(finding?.details?.key, key);
    assert.equal(finding?.details?.expected, key.split('/').at(-1));
    assert.match(String(finding?.details?.got), /^[0-9a-f]{64}$/);
  }
  assert.ok(nights.includes(1));
  assert.deepEqual(nights.slice(nights.indexOf(1)), nights.slice(nights.indexOf(1)).fill(1), 'once found it is said each night');
});

test('a location without restic is none that was looked at', async () => {
  await assert.rejects(lookAt(check, factsOf([])), NotApplicable);
});

test('what cannot be listed or read is unknown', async () => {
  const denied = () => new StoreError('denied', 'access denied', 'allow it');
  const [key = ''] = Object.keys(repositoryFiles).filter((each) => each.startsWith('restic/legacy/index'));
  for (const place of ['restic/', key]) {
    const { lines, unknowns } = await lookAt(check, at(repositoryFiles, { faults: { [place]: denied } }), { options });
    assert.deepEqual(lines, []);
    assert.match(unknowns[0]?.reason ?? '', /access denied/);
    assert.equal(unknowns[0]?.remedy, 'allow it');
  }
});

test('a memory that is none of its own is begun anew', async () => {
  const { lines, memory } = await lookAt(check, at(repositoryFiles), { options, memory: { parts: 'many' } });
  assert.deepEqual(lines, []);
  assert.deepEqual(memory, { parts: 1, part: 0, read: 0, rotten: [] });
});
