/** Nothing but functions/actions can write to a cluster: what can is imported from there alone. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiClient } from '../../functions/cluster/api-client.ts';

const root = join(import.meta.dirname, '../..');
const sources = [
  ...globSync('functions/**/*.ts', { cwd: root }),
  ...globSync('infra/**/*.ts', { cwd: root, exclude: ['**/node_modules'] }),
];
/** What a file imports for more than its types, by the file's name. */
const importersOf = (name: string) =>
  sources.filter((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const statements = [...text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from '([^']+)'|import\('([^']+)'\)/gm)];
    return statements.some(([, named, lazy]) => (named ?? lazy)?.endsWith(`/${name}`));
  });

test('the client that writes is used by the executor’s folder alone', () => {
  const importers = importersOf('writing-api-client.ts');
  assert.ok(importers.includes('functions/actions/writer.ts'), 'the test finds who imports it');
  assert.deepEqual(
    importers.filter((file) => !file.startsWith('functions/actions/')),
    [],
  );
});

test('what sends is used by the two clients alone, and what exchanges by what sends', () => {
  assert.deepEqual(importersOf('sending.ts').toSorted(), ['functions/cluster/api-client.ts', 'functions/cluster/writing-api-client.ts']);
  assert.deepEqual(importersOf('exchange.ts'), ['functions/cluster/sending.ts']);
});

test('the client of everybody else has no way to write', () => {
  const client = apiClient({ server: 'https://127.0.0.1:1', tls: {}, credentials: async () => ({ headers: {} }) });
  assert.deepEqual(Object.keys(client).toSorted(), ['close', 'get', 'getJson', 'host', 'postReview', 'traffic']);
  client.close();
});

test('nobody asks for deletecollection or takes a finalizer away', () => {
  for (const file of sources) {
    const text = readFileSync(join(root, file), 'utf8');
    assert.doesNotMatch(text, /['"]deletecollection['"]/i, file);
    assert.doesNotMatch(text, /finalizers: null/, file);
  }
});
