import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { type Command, parseArguments, partsOf, UsageError } from '../../functions/cli/arguments.ts';
import { exitCodeOf, gravestExitCode } from '../../functions/cli/exit-code.ts';
import { usage } from '../../functions/cli/usage.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import type { Report } from '../../functions/report/model.ts';
import type { Operation } from '../../functions/runtime/operation.ts';

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

describe('--backup', () => {
  const verification: Operation = {
    ...healthCheck,
    name: 'backup-verification',
    needs: 'backups',
    event: z.object({
      ...healthCheck.event.shape,
      backup: z.string().optional().describe('Look into these'),
      level: z.enum(['inventory', 'content']).optional(),
    }),
  };
  const both = [healthCheck, verification];
  const understood = (...argv: string[]) => parseArguments(argv, both) as Command;

  test('a place, with a name or without', () => {
    for (const [given, place, name] of [
      ['s3://velero/prod', 's3://velero/prod', undefined],
      ['s3://velero/prod#nightly-1', 's3://velero/prod', 'nightly-1'],
      ['nightly-1.tar.gz', 'nightly-1.tar.gz', undefined],
      ['/a#b/backups', '/a#b/backups', undefined],
      ['/a#b/copy#nightly-1', '/a#b/copy', 'nightly-1'],
    ] as const) {
      const { backup, own } = understood('health-check', '--backup', given);
      assert.deepEqual(backup, name === undefined ? { place } : { place, name });
      assert.deepEqual(own, {});
    }
    assert.throws(() => understood('health-check', '--backup', 's3://velero#'), /a backup’s name stands behind the #/);
  });
  test('its name is the event’s own key, where the operation has one', () => {
    assert.deepEqual(understood('backup-verification', '--backup', 's3://velero#nightly-1', '--level', 'content').own, {
      level: 'content',
      backup: 'nightly-1',
    });
    assert.deepEqual(understood('backup-verification', '--backup', 's3://velero').own, {});
  });
  test('beside clusters whose places are configured it is a name', () => {
    for (const flag of ['--cluster', '--event']) {
      const { backup, own } = understood('backup-verification', flag, 'prod', '--backup', 'nightly-*');
      assert.deepEqual([backup, own], [undefined, { backup: 'nightly-*' }]);
      assert.throws(
        () => understood('backup-verification', flag, 'prod', '--backup', 's3://velero'),
        /beside --cluster and --event it is a backup’s name/,
      );
    }
  });
  test('beside a kubeconfig it is where that cluster’s backups lie', () => {
    const { backup, context } = understood('backup-verification', '--context', 'prod', '--backup', 's3://velero');
    assert.deepEqual([backup, context], [{ place: 's3://velero' }, 'prod']);
  });
  test('one thing to look at', () => {
    for (const flag of ['--manifests', '--cluster', '--event', '--context'])
      assert.throws(() => understood('health-check', flag, 'x', '--backup', 'y'), /--backup cannot be used together/, flag);
    assert.throws(() => understood('backup-verification', '--manifests', 'x', '--backup', 'y'), /cannot be used together/);
    assert.throws(() => understood('health-check', '--namespace', 'shop', '--backup', 'y'), /--namespace narrows a cluster/);
  });
  test('a value that is one of a few, by its flag and with those that are allowed', () =>
    assert.throws(
      () => understood('backup-verification', '--level', 'deep'),
      /^UsageError: --level deep: not known; it is one of inventory, content$/,
    ));
  test('help shows it once', () => {
    const page = usage(both, verification);
    assert.equal(page.match(/--backup /g)?.length, 1);
    assert.match(page, /--level inventory\|content/);
    assert.doesNotMatch(page, /--manifests/);
    for (const line of page.split('\n')) assert.ok(line.length <= 80, line);
  });
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
  test('3 where a plan was to be applied and was not, or not to its end', () => {
    for (const ended of ['refused', 'stopped', 'interrupted'])
      assert.equal(exitCodeOf({ ...report(0, 1), journal: { id: 'j', plan: 'p', ended } } as Report, 'critical'), 3, ended);
    assert.equal(exitCodeOf({ ...report(0, 0), journal: { id: 'j', plan: 'p', ended: 'complete' } } as Report, 'critical'), 0);
    assert.equal(exitCodeOf({ ...report(1, 0), journal: { id: 'j', plan: 'p', ended: 'stopped' } } as Report, 'critical'), 1);
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
