/** Whole processes timed in turn: A B A B ..., so that a machine whose speed drifts does not favour one of them. */
import { spawn } from 'node:child_process';

export interface Figures {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Peak resident memory. */
  readonly peakMegabytes: number;
}

/** Preloaded into a measured process: writes what it used to descriptor 3 as it ends. In JavaScript: what strips types takes 15 MB itself. */
const reporter = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMegabytes: maxRSS / 1024 }));
  });
`)}`;

/** Runs node with these arguments to its end. Throws with its last words where its exit code is not among `exitCodes`. */
export const measure = (
  args: readonly string[],
  exitCodes: readonly number[] = [0],
  environment: NodeJS.ProcessEnv = {},
): Promise<Figures> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, ['--import', reporter, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let usage = '';
    let words = '';
    child.stdout?.resume();
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      words = (words + chunk).slice(-2_000);
    });
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      usage += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const wallMs = performance.now() - startedAt;
      if (!exitCodes.includes(code ?? -1)) reject(new Error(`${args.join(' ')} ended with ${code}: ${words}`));
      else resolve({ wallMs, ...(JSON.parse(usage) as Omit<Figures, 'wallMs'>) });
    });
  });

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Medians of several runs. */
export const medians = (runs: readonly Figures[]): Figures => ({
  wallMs: median(runs.map(({ wallMs }) => wallMs)),
  cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
  peakMegabytes: median(runs.map(({ peakMegabytes }) => peakMegabytes)),
});

export const line = (name: string, { wallMs, cpuMs, peakMegabytes }: Figures): string =>
  `  ${name.padEnd(44)} wall ${(wallMs / 1000).toFixed(2).padStart(6)} s   cpu ${(cpuMs / 1000).toFixed(2).padStart(6)} s   peak ${peakMegabytes.toFixed(0).padStart(5)} MB`;
