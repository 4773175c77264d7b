import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byMessage, groupFindings, shapeOf } from '../../../functions/report/html/grouping.ts';
import type { ReportedFinding } from '../../../functions/report/model.ts';
import fc from '../../fuzz.ts';
import { largeReport } from '../large-report.ts';
import { found, ref, reportOf, scanOf } from '../sample-report.ts';

const reported = (message: string, name = 'cart', more: Parameters<typeof found>[2] = {}): ReportedFinding => {
  const [finding] = reportOf(scanOf([found('pod-waiting', ref('Deployment', name, 'shop'), { message, ...more })])).findings;
  assert.ok(finding);
  return finding;
};

describe('shapeOf', () => {
  for (const [message, shape] of [
    [
      'container cart crashes again and again, last with exit code 137 (OOMKilled)',
      'container … crashes again and again, last with exit code … (OOMKilled)',
    ],
    ['running, but not ready for 22 minutes, though', 'running, but not ready for …, though'],
    ['0 of 12 pods are available for 3 hours', '… of … pods are available for …'],
    [
      'container cart cannot pull ghcr.io/shop/cart:4.2.0: the registry does not have it',
      'container … cannot pull …: the registry does not have it',
    ],
    ['none of its endpoints is ready', 'none of its endpoints is ready'],
    ['', ''],
  ] as const)
    test(`${message || 'nothing'}`, () => assert.equal(shapeOf(reported(message)), shape));
});

describe('groupFindings', () => {
  const { findings } = largeReport(1_000);

  test('leaves each of a few for itself: gravest first, then what explains most', () => {
    const groups = groupFindings(findings.slice(0, 50));
    assert.ok(groups.every((group) => group.findings.length === 1));
    const explained = groups.map((group) => group.findings[0].consequenceCount ?? 0);
    assert.deepEqual(
      explained,
      explained.toSorted((a, b) => b - a),
    );
  });

  test('keeps every finding once, whatever they are', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(findings, { minLength: 51 }), (some) => {
        const all = groupFindings(some).flatMap((group) => byMessage(group).flatMap((said) => said.findings));
        assert.equal(all.length, some.length);
        assert.deepEqual(new Set(all), new Set(some));
      }),
      { numRuns: 20 },
    );
  });

  test('puts together only what is of one check, severity and kind, and says the same', () => {
    for (const group of groupFindings(findings)) {
      const [{ check, severity, object }] = group.findings;
      for (const finding of group.findings) {
        assert.deepEqual([finding.check, finding.severity, finding.object.kind], [check, severity, object.kind]);
        if (group.shape !== undefined) assert.equal(shapeOf(finding), group.shape);
      }
    }
  });

  test('groups what remains of a check, and leaves alone what is of its own', () => {
    const alike = Array.from({ length: 60 }, (_, index) => reported(`restarted ${index} times`, `api-${index}`));
    const letters = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'].map((word) => reported(`${word} is wrong`));
    const alone = reported('something else', 'node', { severity: 'critical' });
    const groups = groupFindings([...alike, ...letters, alone]);
    assert.deepEqual(
      groups.map(({ findings: all, shape }) => [all.length, shape]),
      [
        [1, undefined],
        [60, 'restarted …'],
        [5, undefined],
      ],
    );
  });

  test('a message that several have stands above them', () => {
    const [group] = groupFindings([
      ...Array.from({ length: 60 }, (_, index) => reported(`restarted ${index % 7} times`, `api-${index}`)),
      reported('restarted 99 times', 'lone'),
    ]);
    assert.ok(group);
    const said = byMessage(group);
    assert.equal(said.length, 8);
    assert.deepEqual(said.at(-1), { said: undefined, findings: [group.findings.find(({ object }) => object.name === 'lone')] });
    for (const { said: stated, findings: same } of said.slice(0, -1))
      for (const finding of same) assert.equal(finding.message, stated?.message);
  });
});
