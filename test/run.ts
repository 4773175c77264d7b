/**
 * Runs a suite: `node test/run.ts fast|control-plane|deployed [part of a file's name ...]`.
 * The last line that it prints is `N passed, N failed`; it exits with 1 when a test failed or none ran.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { buildPart, partNames } from './control-plane/parts/build.ts';

const root = resolve(import.meta.dirname, '..');
const minute = 60_000;

interface Suite {
  readonly has: (file: string) => boolean;
  readonly concurrency: number;
  /** For one file. */
  readonly timeout: number;
  readonly prepare?: () => Promise<void>;
}

const suites: Readonly<Record<string, Suite>> = {
  fast: {
    has: (file) => !/^test\/(control-plane|deployed|bench)\//.test(file),
    concurrency: availableParallelism(),
    timeout: 5 * minute,
  },
  'control-plane': {
    has: (file) => file.startsWith('test/control-plane/'),
    concurrency: 1,
    timeout: 20 * minute,
    // Before any test's clock runs.
    prepare: async () => {
      for (const name of partNames) await buildPart(name);
    },
  },
  deployed: { has: (file) => file.startsWith('test/deployed/'), concurrency: 1, timeout: 30 * minute },
};

const [name = '', ...filters] = process.argv.slice(2);
const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (suite === undefined) {
  console.error(
    `${name === '' ? 'Which suite?' : `There is no suite ${name}.`} Usage: node test/run.ts ${Object.keys(suites).join('|')} [FILTER ...]`,
  );
  process.exit(2);
}
await suite.prepare?.();
const { passed, failed } = await runFiles(suite, filesOf(suite));
if (passed + failed === 0) console.log(`No test ran${filters.length > 0 ? `: no file of ${name} matches ${filters.join(' or ')}` : ''}.`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);

function filesOf({ has }: Suite): string[] {
  return globSync('test/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] })
    .filter((file) => has(file) && (filters.length === 0 || filters.some((filter) => file.includes(filter))))
    .toSorted()
    .map((file) => resolve(root, file));
}

async function runFiles({ concurrency, timeout }: Suite, files: readonly string[]): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  if (files.length === 0) return counts;
  const end = endOnSignal();
  const events = run({ files, concurrency, timeout, isolation: 'process', cwd: root, signal: end.signal });
  const left: string[] = [];
  events.on('test:pass', (test) => {
    if (test.details.type === 'suite') return;
    // A file that holds no test is reported as one that passed.
    const empty = files.includes(resolve(root, test.name)) ? 'no test in it' : undefined;
    const reason = empty ?? reasonNotRun(test);
    if (reason === undefined) counts.passed++;
    else left.push(`${relative(root, test.file ?? '')}: ${test.name} (${reason})`);
  });
  events.on('test:fail', (test) => {
    if (test.details.type !== 'suite' || !isOfSubtests(test.details.error)) counts.failed++;
  });
  for await (const chunk of events.compose(new spec())) process.stdout.write(chunk);
  if (left.length > 0) {
    // A missing part is a failure, never a skip: on CI nothing may be left out.
    console.log(`${process.env.CI ? 'Failed, since on CI every test has to run' : 'Not run'}:\n  ${left.join('\n  ')}`);
    if (process.env.CI) counts.failed += left.length;
  }
  end.done();
  return counts;
}

function reasonNotRun({ skip, todo }: { readonly skip?: string | boolean; readonly todo?: string | boolean }): string | undefined {
  if (skip) return `skipped${skip === true ? '' : `: ${skip}`}`;
  if (todo) return `to do${todo === true ? '' : `: ${todo}`}`;
  return undefined;
}

/** A suite that failed only because of a test in it: the test is counted. A failed hook has no other witness than its suite. */
function isOfSubtests(error: unknown): boolean {
  return error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed';
}

/** Aborts the run on SIGINT and SIGTERM: node:test then ends the test processes, and they end their own children. */
function endOnSignal(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const abort = () => {
    console.log('Ending the tests ...');
    controller.abort();
  };
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  return {
    signal: controller.signal,
    done: () => {
      process.off('SIGINT', abort);
      process.off('SIGTERM', abort);
    },
  };
}
