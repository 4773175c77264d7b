/** npm run generate: writes what follows from declarations. test/infra/generate.test.ts holds the committed files against it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertIds, checkIdsList, checksIndex, operationFolders, operationsIndex } from './indexes.ts';

const root = join(import.meta.dirname, '..', '..');

/** Every generated file by its path below the root. The lists come first: the rest is made from what they import. */
export const generateIndexes = async (): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  const folders = await operationFolders(join(root, 'functions'));
  for (const { name, declared } of folders) {
    if (declared === undefined) continue;
    const folder = `functions/${name}/${declared}`;
    await assertIds(join(root, folder));
    files.set(`${folder}/index.ts`, await checksIndex(join(root, folder)));
  }
  files.set('functions/operations.ts', operationsIndex(folders.map(({ name }) => name)));
  return files;
};

export const generateFromDeclarations = async (): Promise<ReadonlyMap<string, string>> => {
  const { allOperations: operations } = await import('../../functions/operations.ts');
  const { inClusterManifests } = await import('./permissions.ts');
  const { inClusterChart } = await import('./chart.ts');
  const { writeManifests } = await import('./write-permissions.ts');
  const { rules } = await import('../../functions/cleanup/rules/index.ts');
  const { checksPage, eventsPage, permissionsPage } = await import('./documentation.ts');
  const { jsonSchemas } = await import('./schemas.ts');
  const checks = operations.flatMap((operation) => operation.checks);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return new Map([
    ...[...inClusterManifests(checks), ...inClusterChart(checks, rules, version), ...writeManifests(rules)].map(
      ([path, text]): [string, string] => [`infra/in-cluster/${path}`, text],
    ),
    ['functions/runtime/check-ids.ts', checkIdsList(checks.map(({ id }) => id))],
    ['docs/checks.md', checksPage(operations)],
    ['docs/permissions.md', permissionsPage(operations, rules)],
    ['docs/events.md', eventsPage(operations)],
    ...jsonSchemas(operations),
  ]);
};

const write = async (files: ReadonlyMap<string, string>): Promise<void> => {
  for (const [path, text] of files) {
    const before = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (before === text) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    console.error(`wrote ${path}`);
  }
};

if (import.meta.main) {
  await write(await generateIndexes());
  await write(await generateFromDeclarations());
}
