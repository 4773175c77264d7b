/** npm run generate: writes what follows from declarations. test/infra/generate.test.ts holds the committed files against it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertIds, checksIndex } from './checks-index.ts';

const root = join(import.meta.dirname, '..', '..');
const checkFolders = ['functions/health-check/checks'];

/** Every generated file by its path below the root. The lists of checks come first: the rest is made from what they import. */
export const generateIndexes = async (): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  for (const folder of checkFolders) {
    await assertIds(join(root, folder));
    files.set(`${folder}/index.ts`, await checksIndex(join(root, folder)));
  }
  return files;
};

export const generateFromDeclarations = async (): Promise<ReadonlyMap<string, string>> => {
  const { healthCheck } = await import('../../functions/health-check/operation.ts');
  const { inClusterManifests } = await import('./permissions.ts');
  const { checksPage, permissionsPage, reportJsonSchema } = await import('./documentation.ts');
  const operations = [healthCheck];
  const manifests = inClusterManifests(operations.flatMap(({ checks }) => checks));
  return new Map([
    ...[...manifests].map(([path, text]): [string, string] => [`infra/in-cluster/${path}`, text]),
    ['docs/checks.md', checksPage(operations)],
    ['docs/permissions.md', permissionsPage(operations)],
    ['docs/report.schema.json', reportJsonSchema()],
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
