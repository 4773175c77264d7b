import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');

/** The packages that a module loads at once, itself and through what it imports. */
async function packagesOf(file: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [join(root, file)],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    outdir: 'out',
    write: false,
    metafile: true,
    packages: 'external',
    // What is imported lazily.
    external: ['./access-*', './kubeconfig-*', './default-credentials.ts', './assume-role.ts'],
  });
  const externals = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ external, kind }) => external && kind === 'import-statement'),
  );
  return [...new Set(externals.map(({ path }) => path))].filter((path) => !path.startsWith('node:')).toSorted();
}

test('reaching a cluster loads only what its own way needs', async () => {
  assert.deepEqual(await packagesOf('functions/cluster/open-cluster.ts'), []);
  assert.deepEqual(await packagesOf('functions/cluster/access-kubeconfig.ts'), ['yaml', 'zod']);
  assert.deepEqual(await packagesOf('functions/cluster/kubeconfig-from-s3.ts'), ['@aws-sdk/client-s3']);
  assert.deepEqual(await packagesOf('functions/cluster/kubeconfig-from-ssm.ts'), ['@aws-sdk/client-ssm']);
  const eks = await packagesOf('functions/cluster/access-eks.ts');
  assert.deepEqual(eks, ['@aws-crypto/sha256-js', '@aws-sdk/client-eks', '@smithy/protocol-http', '@smithy/signature-v4']);
});
