/** npm run bench [-- NAME [RUNS [MORE ...]]]: ratios against a baseline taken in the same run; timings are noisy, so none of this is a test. */
const benches: Readonly<Record<string, () => Promise<(runs: number, only: readonly string[]) => Promise<void>>>> = {
  checks: async () => (await import('./checks.ts')).benchChecks,
  scan: async () => (await import('./scan.ts')).benchScan,
  cleanup: async () => (await import('./cleanup.ts')).benchCleanup,
  content: async () => (await import('./content.ts')).benchContent,
  page: async () => (await import('./page.ts')).benchPage,
  inventory: async () => (await import('./inventory.ts')).benchInventory,
  start: async () => (await import('./start.ts')).benchStart,
};

const [name, runs = '5', ...only] = process.argv.slice(2);
const chosen = name === undefined ? Object.values(benches) : [benches[name]];
for (const bench of chosen) {
  if (!bench) {
    console.error(`Unknown benchmark ${name}; there are ${Object.keys(benches).join(', ')}.`);
    process.exit(2);
  }
  await (await bench())(Number(runs), only);
}
