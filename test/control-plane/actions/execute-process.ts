/** The executor in a process of its own, to be killed: `node execute-process.ts KUBECONFIG PLAN.json STATE-DIRECTORY`. */
import { readFileSync } from 'node:fs';
import type { Plan } from '../../../functions/actions/contracts.ts';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { openTestWriter, results, run } from './scene.ts';

const [kubeconfig = '', planFile = '', state = ''] = process.argv.slice(2);
const plan: Plan = JSON.parse(readFileSync(planFile, 'utf8'));
const writer = await openTestWriter(kubeconfig);
const { ended, why, outcomes } = await run(plan, writer, {
  storage: directoryStorage(state),
  settings: { writesPerSecond: 1000, batchSize: 25, lookAgainAfter: 20, verifyFor: 500 },
});
writer.close();
console.log(JSON.stringify({ ended, why, results: results(outcomes) }));
process.exitCode = ended === 'complete' ? 0 : 1;
