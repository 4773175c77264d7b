/**
 * npm run generate:api-lifecycle: writes functions/cluster/api-lifecycle.json from Kubernetes' Go modules (Go 1.21 or newer, and its module proxy
 * the first time). test/control-plane/api-lifecycle.test.ts holds the committed file against it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMarkers } from './markers.ts';
import { mergeLives } from './merge.ts';
import { readModules } from './modules.ts';
import { readServed } from './served.ts';

const kubernetes = 'k8s.io/kubernetes';
const api = 'k8s.io/api';

/** The committed file's text. */
export async function apiLifecycle(): Promise<string> {
  const modules = await readModules();
  const markers = modules.filter(({ path }) => path !== kubernetes).flatMap(readMarkers);
  const served = modules
    .filter(({ path }) => path === kubernetes)
    .map((module) =>
      readServed(
        module,
        modules.find(({ path, minor }) => path === api && minor === module.minor),
      ),
    );
  return `${JSON.stringify(mergeLives(markers, served), null, 2)}\n`;
}

if (import.meta.main) {
  await writeFile(join(import.meta.dirname, '../../../functions/cluster/api-lifecycle.json'), await apiLifecycle());
}
