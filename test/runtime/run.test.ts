import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { validateCheckOptions } from '../../functions/runtime/check-options.ts';
import type { OperationOptions } from '../../functions/runtime/configuration.ts';
import { ConfigurationError } from '../../functions/runtime/configuration-error.ts';
import { checksOff } from '../../functions/runtime/operation.ts';
import { runIdOf } from '../../functions/runtime/run-id.ts';
import { reserveOf, timeBudget } from '../../functions/runtime/time-budget.ts';
import fc from '../fuzz.ts';

test('a run’s id: the same for the same execution, another for another execution, cluster or operation', () => {
  const id = runIdOf('e', 'prod', 'health-check');
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.equal(runIdOf('e', 'prod', 'health-check'), id);
  for (const other of [runIdOf('f', 'prod', 'health-check'), runIdOf('e', 'edge', 'health-check'), runIdOf('e', 'prod', 'cleanup')]) {
    assert.notEqual(other, id);
  }
  assert.notEqual(runIdOf('a', 'bc', 'd'), runIdOf('ab', 'c', 'd'));
});

test('the reserve leaves time both to work and to write', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 900_000 }), (remaining) => {
      const reserve = reserveOf(remaining);
      assert(reserve > 0 && reserve <= remaining / 2 && reserve <= 20_000);
      if (remaining >= 6_000) assert(reserve >= 3_000);
    }),
  );
});

test('the budget aborts before the time is gone, and not when cleared', async () => {
  const spent = timeBudget(100);
  const cleared = timeBudget(100);
  cleared.clear();
  await sleep(80);
  assert.equal(spent.signal.aborted, true);
  await sleep(40);
  assert.equal(cleared.signal.aborted, false);
});

test('options of checks are validated, naming check, option and what there is', () => {
  const refused = (checks: object, pattern: RegExp) =>
    assert.throws(
      () => validateCheckOptions(healthCheck, { checks: { off: [], ...checks } as unknown as OperationOptions['checks'] }),
      (error: unknown) => error instanceof ConfigurationError && pattern.test(error.message),
    );
  refused({ nope: {} }, /options\.health-check\.checks\.nope: unknown check; health-check has .*service-without-endpoints/);
  refused({ off: ['nope'] }, /checks\.off\[0\]: "nope": unknown check/);
  refused({ 'service-without-endpoints': { graceMinutes: -1 } }, /service-without-endpoints\.graceMinutes/);
  refused({ 'service-without-endpoints': { grace: 1 } }, /service-without-endpoints.*grace/);
  const checks = {
    off: ['service-without-endpoints'],
    'service-without-endpoints': { graceMinutes: 1 },
  } as unknown as OperationOptions['checks'];
  validateCheckOptions(healthCheck, { checks });
  validateCheckOptions(healthCheck, {});
});

test('which checks do not run, and why', () => {
  const id = 'service-without-endpoints';
  assert.deepEqual(checksOff(healthCheck, {}, {}), {});
  assert.equal(
    checksOff(healthCheck, { checks: { off: [id] } as unknown as OperationOptions['checks'] }, {})[id],
    'turned off in nightshift.yaml',
  );
  assert.equal(checksOff(healthCheck, {}, { off: [id] })[id], 'turned off for this run');
  assert.equal(checksOff(healthCheck, {}, { only: ['another'] })[id], 'not asked for in this run');
  assert.equal(checksOff(healthCheck, {}, { only: [id] })[id], undefined);
});
