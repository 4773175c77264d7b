/** npm run bench [-- NAME [RUNS]]: ratios against a baseline taken in the same run; timings are noisy, so none of this is a test. */
const benches: Readonly<Record<string, () => Promise<(runs: number) => Promise<void>>>> = {
  scan: async () => (await import('./scan.ts')).benchScan,
  start: async () => (await import('./start.ts')).benchStart,
};

const [name, runs = '5'] = process.argv.slice(2);
const chosen = name === undefined ? Object.values(benches) : [benches[name]];
for (const bench of chosen) {
  if (!bench) {
    console.error(`Unknown benchmark ${name}; there are ${Object.keys(benches).join(', ')}.`);
    process.exit(2);
  }
  await (await bench())(Number(runs));
}
