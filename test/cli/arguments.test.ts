import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Command, parseArguments, UsageError } from '../../functions/cli/arguments.ts';
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
    const command = parse('health-check', '--manifests', 'x', '--output', 'json', '--fail-on', 'warning', '--only', 'a,b', '--only', 'c');
    assert.equal(command.manifests, 'x');
    assert.equal(command.output, 'json');
    assert.equal(command.failOn, 'warning');
    assert.deepEqual(command.own, { only: ['a', 'b', 'c'] });
  });
  test('help, alone and for an operation', () => {
    assert.equal(parseArguments(['--help'], [healthCheck]), 'help');
    assert.equal(parse('health-check', '-h').help, true);
    assert.match(usage([healthCheck], healthCheck), /--only A,B/);
    assert.match(usage([healthCheck]), /health-check/);
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
  test('a missing value', () => refused(['health-check', '--cluster'], /cluster/));
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
  });
  test('of several the gravest', () => {
    assert.equal(gravestExitCode([0, 1, 3]), 3);
    assert.equal(gravestExitCode([0, 1]), 1);
    assert.equal(gravestExitCode([]), 0);
  });
});
