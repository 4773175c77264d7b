import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notUnattended } from '../../../functions/actions/guards/unattended.ts';

const asked = (runs: number | undefined, observedRuns?: number) =>
  notUnattended('finished-jobs', {
    permitted: { rules: ['finished-jobs'], ...(observedRuns !== undefined && { observedRuns }) },
    observed: new Map(runs === undefined ? [] : [['finished-jobs', runs]]),
  })?.because;

test('a rule is watched for 7 complete runs unless told', () => {
  assert.equal(asked(7), undefined);
  assert.equal(asked(6), 'its rule was observed in 6 of 7 complete runs');
  assert.equal(asked(undefined), 'its rule was observed in 0 of 7 complete runs');
  assert.equal(asked(2, 3), 'its rule was observed in 2 of 3 complete runs');
  assert.equal(asked(3, 3), undefined);
});

test('a number of runs that makes no sense permits nothing', () => {
  for (const odd of [0, -1, Number.NaN]) assert.notEqual(asked(100, odd), undefined, String(odd));
});

test('what nightshift.yaml does not name for the cluster is applied only when asked for', () => {
  for (const permitted of [undefined, { rules: ['terminated-pods'] }])
    assert.equal(notUnattended('finished-jobs', { permitted, observed: new Map([['finished-jobs', 99]]) })?.guard, 'not-permitted');
});
