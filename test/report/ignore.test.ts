import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ignorable } from '../../functions/report/ignorable.ts';
import { ignoreFindings, type StandingRule } from '../../functions/report/ignore.ts';
import type { IgnoreRule } from '../../functions/runtime/configuration.ts';
import { refKey } from '../../functions/scan/contracts.ts';
import { ref } from './sample-report.ts';

const pod = ref('Pod', 'load-1', 'sandbox-7');
const owned: Ignorable = { check: 'pod-waiting', object: ref('Deployment', 'load', 'sandbox-7'), members: [pod] };
const other: Ignorable = { check: 'node-not-ready', object: ref('Node', 'n1') };
const context = {
  labelled: new Map([
    ['team=core', new Set([refKey(other.object)])],
    ['team=load', new Set([refKey(pod)])],
  ]),
  annotated: new Map(),
  today: new Date('2026-11-24T23:59:00Z'),
  known: ['pod-waiting', 'node-not-ready'],
  ran: new Set(['pod-waiting', 'node-not-ready']),
};
const ignoring = (rule: Omit<IgnoreRule, 'reason'>, more = {}) =>
  ignoreFindings([owned, other], [{ ...rule, reason: 'why' }], { ...context, ...more });

test('a rule takes away what fits all that it says', () => {
  const cases: readonly [Omit<IgnoreRule, 'reason'>, readonly Ignorable[]][] = [
    [{}, []],
    [{ check: 'pod-*' }, [other]],
    [{ check: 'pod-waitin' }, [owned, other]],
    [{ check: '*-waiting', namespace: 'sandbox-?' }, [other]],
    [{ check: 'pod-waiting', namespace: 'sandbox-??' }, [owned, other]],
    [{ namespace: '*' }, [other]],
    [{ name: 'load' }, [other]],
    [{ name: 'load-1' }, [other]],
    [{ name: 'oad' }, [owned, other]],
    [{ label: 'team=core' }, [owned]],
    [{ label: 'team=load' }, [other]],
    [{ label: 'team=none' }, [owned, other]],
    [{ label: 'team=load', namespace: 'shop' }, [owned, other]],
  ];
  for (const [rule, kept] of cases) assert.deepEqual(ignoring(rule).kept, kept, JSON.stringify(rule));
});

test('a label must be on every member where the object does not carry it', () => {
  const mixed = { ...owned, members: [pod, ref('Pod', 'load-2', 'sandbox-7')] };
  assert.deepEqual(ignoreFindings([mixed], [{ label: 'team=load', reason: 'r' }], context).kept, [mixed]);
});

test('a namespace’s rule also holds for the Namespace itself', () => {
  const terminating: Ignorable = { check: 'namespace-terminating', object: ref('Namespace', 'sandbox-9') };
  assert.deepEqual(ignoreFindings([terminating], [{ namespace: 'sandbox-*', reason: 'r' }], context).kept, []);
});

test('until is the last day on which a rule holds, by the run’s own clock in UTC', () => {
  const until = (day: string) => ignoring({ check: 'pod-waiting', until: day });
  assert.equal(until('2026-11-24').kept.length, 1);
  assert.equal(until('2026-11-23').kept.length, 2);
  assert.deepEqual(until('2026-11-23').ignored, [
    { rule: 'pod-waiting, until 2026-11-23', reason: 'why', count: 0, note: 'expired', from: 'nightshift.yaml', until: '2026-11-23' },
  ]);
});

test('counts for every rule that fits, and names a rule that fits nothing although its check ran', () => {
  const rules: readonly StandingRule[] = [
    { check: 'pod-waiting', reason: 'a' },
    { namespace: 'sandbox-*', reason: 'b' },
    { check: 'pod-waiting', namespace: 'gone', name: 'x-*', label: 'a=b', reason: 'c' },
    { check: 'not-run-*', reason: 'd', from: 'config/overrides.yaml' },
  ];
  assert.deepEqual(ignoreFindings([owned, other], rules, context).ignored, [
    { rule: 'pod-waiting', reason: 'a', count: 1, from: 'nightshift.yaml' },
    { rule: 'every check in namespace sandbox-*', reason: 'b', count: 1, from: 'nightshift.yaml' },
    {
      rule: 'pod-waiting in namespace gone, named x-*, labelled a=b',
      reason: 'c',
      count: 0,
      note: 'matches nothing',
      from: 'nightshift.yaml',
    },
    { rule: 'not-run-*', reason: 'd', count: 0, from: 'config/overrides.yaml' },
  ]);
});
