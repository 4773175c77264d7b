import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync, type Metafile } from 'esbuild';
import type { Configuration } from '../../functions/runtime/configuration.ts';

const root = resolve(import.meta.dirname, '../..');

/** A function's code for Lambda: functions/<folder>/handler.ts bundled, with the configuration beside it. */
export function functionCode(folder: string, configuration: Configuration): Code {
  // The folder itself: the CDK bundles the same source once, whatever is made of it.
  return Code.fromAsset(join(root, 'functions', folder), {
    // Of what came out, so that a change that does not reach this bundle deploys nothing.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // CDK wants an image to fall back on; it is never run, as the local bundling either works or throws.
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle(directory) {
          writeBundle(join(root, 'functions', folder, 'handler.ts'), configuration, directory);
          return true;
        },
      },
    },
  });
}

/**
 * Writes a function's bundle: index.mjs, which exports what `entry` exports, its chunks, and configuration.json.
 * Gives esbuild's account of what went where. Split, so that what is imported lazily costs nothing until it is needed: in one file even a branch not taken is parsed.
 */
export function writeBundle(entry: string, configuration: Configuration, directory: string): Metafile {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: { index: entry },
    outdir: directory,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    // The ES module builds of the SDK and of zod can be tree-shaken, the CommonJS ones that `node` would choose cannot.
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    legalComments: 'external',
    // CommonJS dependencies call require at load, which an ES module lacks. A short name could collide with a minified one.
    banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
    logLevel: 'warning',
    metafile: true,
  });
  writeFileSync(join(directory, 'configuration.json'), JSON.stringify(configuration));
  return metafile;
}
