import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Metafile } from 'esbuild';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { writeBundle } from '../../infra/constructs/bundle.ts';

const root = resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'nightshift-bundle-'));
after(() => rmSync(directory, { recursive: true }));
const configuration = configurationSchema.parse({ clusters: { prod: { eks: { name: 'prod', region: 'eu-central-1' } } } });

describe('a bundle', () => {
  const out = join(directory, 'small');
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'lazy.ts'), "import { parse } from 'yaml';\nexport const read = (text: string): unknown => parse(text);\n");
  writeFileSync(
    join(directory, 'handler.ts'),
    "export const handler = async (event: { text: string }) => (await import('./lazy.ts')).read(event.text);\n",
  );
  const metafile = writeBundle(join(directory, 'handler.ts'), configuration, out);

  test('runs as index.mjs beside its configuration, CommonJS dependencies too', async () => {
    const { handler } = await import(pathToFileURL(join(out, 'index.mjs')).href);
    assert.deepEqual(await handler({ text: 'a: [1, 2]' }), { a: [1, 2] });
    assert.deepEqual(JSON.parse(readFileSync(join(out, 'configuration.json'), 'utf8')), JSON.parse(JSON.stringify(configuration)));
  });

  test('holds what is imported lazily in a chunk of its own', () => {
    const start = loadedBy(metafile, 'index.mjs');
    assert.ok(!start.some((input) => input.includes('node_modules/yaml/')));
    assert.ok(
      Object.values(metafile.outputs).some(({ inputs }) => Object.keys(inputs).some((input) => input.includes('node_modules/yaml/'))),
    );
  });
});

describe('the health check’s bundle', () => {
  const out = join(directory, 'health-check');
  const metafile = writeBundle(join(root, 'functions/health-check/handler.ts'), configuration, out);

  test('exports the handler, which refuses an event of other keys', async () => {
    const { handler } = await import(pathToFileURL(join(out, 'index.mjs')).href);
    await assert.rejects(handler({ key1: 'value1' }, { getRemainingTimeInMillis: () => 60_000 }), /"key1"/);
  });

  // Each of these once cost every cold start 10 to 100 ms.
  for (const heavy of ['@aws-sdk/', '@kubernetes/client-node/', 'yaml/', 'hono/', '@smithy/signature-v4/']) {
    test(`does not load ${heavy} before the first event`, () => {
      const start = loadedBy(metafile, 'index.mjs');
      assert.deepEqual(
        start.filter((input) => input.includes(`node_modules/${heavy}`)),
        [],
      );
    });
  }

  test('reaches an EKS cluster without client-node', () => {
    const chunk = (beginning: string) => Object.keys(metafile.outputs).find((output) => output.includes(`chunks/${beginning}-`)) ?? '';
    for (const name of ['perform', 'access-eks']) {
      const loaded = loadedBy(metafile, chunk(name));
      assert.ok(loaded.length > 0);
      assert.deepEqual(
        loaded.filter((input) => input.includes('node_modules/@kubernetes/')),
        [],
      );
    }
  });

  test('begins small', () => {
    const bytes = outputsLoadedBy(metafile, 'index.mjs').reduce((sum, output) => sum + (metafile.outputs[output]?.bytes ?? 0), 0);
    assert.ok(bytes < 350_000, `${bytes} bytes are loaded at the start`);
  });
});

describe('the cleanup’s bundle', () => {
  const metafile = writeBundle(join(root, 'functions/cleanup/handler.ts'), configuration, join(directory, 'cleanup'));
  const start = loadedBy(metafile, 'index.mjs');

  for (const heavy of ['@aws-sdk/', '@kubernetes/client-node/', 'yaml/', 'hono/', '@smithy/signature-v4/', '@marcbachmann/cel-js/']) {
    test(`does not load ${heavy} before the first event`, () => {
      assert.deepEqual(
        start.filter((input) => input.includes(`node_modules/${heavy}`)),
        [],
      );
    });
  }

  test('loads what writes only when something is to be applied', () => {
    const writes = (inputs: readonly string[]) =>
      inputs.filter((input) => /functions\/actions\/(writer|execute|carry-out)\.ts$/.test(input));
    assert.deepEqual(writes(start), []);
    assert.equal(writes(Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))).length, 3);
  });
});

describe('the bundle of the function that looks for overdue reports', () => {
  const metafile = writeBundle(join(root, 'functions/overdue-reports/handler.ts'), configuration, join(directory, 'overdue-reports'));

  test('begins with nothing heavy, and never loads what reaches a cluster', () => {
    for (const heavy of ['@aws-sdk/', 'zod/', 'croner/', 'yaml/']) {
      assert.deepEqual(
        loadedBy(metafile, 'index.mjs').filter((input) => input.includes(`node_modules/${heavy}`)),
        [],
      );
    }
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
    assert.deepEqual(
      inputs.filter((input) => /node_modules\/(@kubernetes|yaml)\/|^functions\/(cluster|scan|health-check)\//.test(input)),
      [],
    );
  });
});

/** The outputs that loading one of them (named by its path's end) loads with it. */
function outputsLoadedBy({ outputs }: Metafile, end: string): string[] {
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { kind, path: imported, external } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && !external) load(imported);
    }
  };
  const start = Object.keys(outputs).find((path) => path.endsWith(end));
  assert.ok(start, `there is no output ${end}`);
  load(start);
  return [...loaded];
}

/** The source files in those outputs. */
function loadedBy(metafile: Metafile, end: string): string[] {
  return outputsLoadedBy(metafile, end).flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
}
