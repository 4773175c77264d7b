/** The configuration that lies in a function’s bundle. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from './configuration.ts';

let configuration: Promise<Configuration> | undefined;

/** Validated at synth, so that here it is only read: once a process. */
export const bundledConfiguration = (): Promise<Configuration> => {
  configuration ??= readFile(join(process.env.LAMBDA_TASK_ROOT ?? '.', 'configuration.json'), 'utf8').then(
    (text) => JSON.parse(text) as Configuration,
  );
  return configuration;
};
