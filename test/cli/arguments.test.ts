import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Command, parseArguments, partsOf, UsageError } from '../../functions/cli/arguments.ts';
import { exitCodeOf, gravestExitCode } from '../../functions/cli/exit-code.ts';
import { usage } from '../../functions/cli/usage.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import type { Report } from '../../functions/report/model.ts';

const parse = (...argv: string[]) => parseArguments(argv, [healthCheck]) as Command;
const refused = (argv: string[], ...patterns: RegExp[]) =>
  assert.throws(
    () => parse(...argv),
    (error: unknown) => {
      assert(error instanceof UsageError);
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    },
  );

describe('the command line', () => {
  test('options', () => {
    const command = parse(
      'health-check',
      '--manifests',
      'x',
      '--output',
      'json',
      '--fail-on',
      'warning',
      '--only',
      'pod-failed, pod-pending',
      '--only',
      'node-pressure',
    );
    assert.equal(command.manifests, 'x');
    assert.equal(command.output, 'json');
    assert.equal(command.failOn, 'warning');
    assert.deepEqual(command.own, { only: ['pod-failed', 'pod-pending', 'node-pressure'] });
  });
  test('what takes a list may be given several times: none is left out in silence', () => {
    const { cluster, context, namespaces } = parse(
      'health-check',
      '--cluster',
      'a',
      '--cluster',
      'b,c',
      '--namespace',
      'x',
      '--namespace',
      'y',
    );
    assert.deepEqual([cluster, context, namespaces], ['a,b,c', undefined, ['x', 'y']]);
  });
  test('a list of nothing is refused: nothing would be looked at, and found well', () => {
    for (const list of [',', ' ', ', ,']) {
      assert.throws(() => partsOf('cluster', list), { name: 'UsageError', message: '--cluster was given without a value.' });
      refused(['health-check', '--only', list], /^--only was given without a value\.$/);
    }
    assert.deepEqual(partsOf('cluster', ' a, ,b,'), ['a', 'b']);
  });
  test('a check that is not known, by its flag and with those that are', () =>
    refused(['health-check', '--only', 'pod-failed,pod-fialed'], /^--only pod-fialed: not known; it is one of api-server-certificate, /));
  test('help, alone and for an operation', () => {
    for (const asked of ['--help', 'help']) assert.equal(parseArguments([asked], [healthCheck]), 'help');
    assert.equal(parse('health-check', '-h').help, true);
    assert.match(usage([healthCheck], healthCheck), /^nightshift health-check \[options\][\s\S]*--only A,B/);
    assert.match(usage([healthCheck]), /health-check/);
    for (const line of usage([healthCheck], healthCheck).split('\n')) assert.ok(line.length <= 80, line);
  });
  test('an unknown operation, naming the known', () => refused(['heal'], /Unknown operation "heal"/, /health-check/));
  test('no operation', () => refused([], /No operation/, /health-check/));
  test('an unknown flag, naming the known', () =>
    refused(['health-check', '--manifest', 'x'], /Unknown option --manifest;/, /--manifests/));
  test('an unknown format', () => refused(['health-check', '--output', 'pdf'], /--output pdf/, /text, json, html/));
  test('an unknown severity', () => refused(['health-check', '--fail-on', 'error'], /critical, warning, never/));
  test('two things to look at', () => refused(['health-check', '--manifests', 'x', '--cluster', 'y'], /--manifests and --cluster cannot/));
  test('a stray word', () => refused(['health-check', 'prod'], /Unexpected "prod"/));
  test('an empty value', () => refused(['health-check', '--cluster='], /without a value/));
  test('a missing value', () => refused(['health-check', '--cluster'], /^--cluster was given without a value\.$/));
});

describe('the exit code', () => {
  const report = (critical: number, warning: number, complete = true, ran = true) =>
    ({ summary: { critical, warning, info: 0, text: '' }, complete, checks: [{ check: 'x', ran, objects: 0 }] }) as unknown as Report;
  test('0, 1 and 3', () => {
    assert.equal(exitCodeOf(report(0, 0), 'critical'), 0);
    assert.equal(exitCodeOf(report(1, 0), 'critical'), 1);
    assert.equal(exitCodeOf(report(0, 1), 'critical'), 0);
    assert.equal(exitCodeOf(report(0, 1), 'warning'), 1);
    assert.equal(exitCodeOf(report(1, 1), 'never'), 0);
    assert.equal(exitCodeOf(report(0, 0, false), 'critical'), 3);
    assert.equal(exitCodeOf(report(0, 0, false), 'never'), 3);
    assert.equal(exitCodeOf(report(1, 0, false), 'critical'), 1);
  });
  test('3 where nothing could be read, though that is a critical finding', () => {
    assert.equal(exitCodeOf(report(1, 0, false, false), 'critical'), 3);
    const ofTheRun = ['cluster-access', 'configuration-overrides'].map((check) => ({ check, ran: true, objects: 0 }));
    const unread = report(1, 0, false, false);
    assert.equal(exitCodeOf({ ...unread, checks: [...unread.checks, ...ofTheRun] } as Report, 'critical'), 3);
  });
  test('of several the gravest', () => {
    assert.equal(gravestExitCode([0, 1, 3]), 3);
    assert.equal(gravestExitCode([0, 1]), 1);
    assert.equal(gravestExitCode([]), 0);
  });
});
