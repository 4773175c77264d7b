import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ignorable } from '../../functions/report/ignorable.ts';
import { ignoreFindings } from '../../functions/report/ignore.ts';
import { reportSchema } from '../../functions/report/model.ts';
import { type IgnoreAnnotation, type Ref, refKey } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';
import { facts, found, ref, reportOf, scanOf, yesterday } from './sample-report.ts';

const checkout = ref('Deployment', 'checkout', 'shop');
const pods = ['a', 'b', 'c'].map((name) => ref('Pod', `checkout-${name}`, 'shop'));
const waiting: Ignorable = { check: 'pod-waiting', object: checkout, members: pods };
const restarts: Ignorable = { check: 'pod-restarts', object: checkout, members: pods };
const service: Ignorable = { check: 'service-without-endpoints', object: ref('Service', 'checkout', 'shop') };
const node: Ignorable = { check: 'node-not-ready', object: ref('Node', 'n1'), members: pods };
const terminating: Ignorable = { check: 'namespace-terminating', object: ref('Namespace', 'shop') };
const all = [waiting, restarts, service, node, terminating];
const known = all.map(({ check }) => check);
const shop = ref('Namespace', 'shop');

const on = (object: Ref, ignore: string, more: { until?: string; reason?: string } = {}): IgnoreAnnotation => ({ object, ignore, ...more });
const ignoring = (annotations: readonly IgnoreAnnotation[], findings = all, ran = known) =>
  ignoreFindings(findings, [], {
    labelled: new Map(),
    annotated: new Map(annotations.map((annotation) => [refKey(annotation.object), annotation])),
    today: new Date('2026-11-24T23:59:00Z'),
    known,
    ran: new Set(ran),
  });
const takenAway = (...annotations: IgnoreAnnotation[]) => {
  const { kept } = ignoring(annotations);
  return all.filter((finding) => !kept.includes(finding)).map(({ check }) => check);
};

describe('an annotation', () => {
  test('takes away what the checks that it names say of its object', () => {
    assert.deepEqual(takenAway(on(checkout, 'pod-waiting')), ['pod-waiting']);
    assert.deepEqual(takenAway(on(checkout, ' pod-waiting ,, pod-restarts\n')), ['pod-waiting', 'pod-restarts']);
    assert.deepEqual(takenAway(on(checkout, 'pod-*')), ['pod-waiting', 'pod-restarts']);
    assert.deepEqual(takenAway(on(checkout, '*')), ['pod-waiting', 'pod-restarts']);
    assert.deepEqual(takenAway(on(checkout, 'service-*, node-not-ready')), []);
    assert.deepEqual(takenAway(on(ref('Deployment', 'checkout', 'other'), '*')), []);
    assert.deepEqual(takenAway(on(ref('StatefulSet', 'checkout', 'shop'), '*')), []);
  });

  test('of a Namespace holds for what is in it and for itself, not for what is in none', () => {
    assert.deepEqual(takenAway(on(shop, '*')), ['pod-waiting', 'pod-restarts', 'service-without-endpoints', 'namespace-terminating']);
    assert.deepEqual(takenAway(on(shop, 'pod-waiting')), ['pod-waiting']);
    assert.deepEqual(takenAway(on({ ...shop, apiVersion: 'example.com/v1' }, '*')), []);
    assert.deepEqual(takenAway(on(ref('Namespace', 'sho'), '*')), []);
  });

  test('of members holds where each of them has one that speaks of the check', () => {
    const [a, b, c] = pods as [Ref, Ref, Ref];
    assert.deepEqual(takenAway(on(a, 'pod-*'), on(b, '*'), on(c, 'pod-waiting')), ['pod-waiting']);
    assert.deepEqual(takenAway(on(a, '*'), on(b, '*')), []);
  });

  test('does not take a node’s finding away because all of its pods are muted for another check', () => {
    assert.deepEqual(takenAway(...pods.map((pod) => on(pod, 'pod-*'))), ['pod-waiting', 'pod-restarts']);
  });

  test('holds until its last day (UTC)', () => {
    assert.deepEqual(takenAway(on(checkout, 'pod-waiting', { until: '2026-11-24' })), ['pod-waiting']);
    assert.deepEqual(takenAway(on(checkout, 'pod-waiting', { until: '2026-11-23' })), []);
  });

  test('also answers for findings of the last report', () => {
    const { isIgnored } = ignoring([on(shop, 'pod-*')]);
    assert.deepEqual(all.filter(isIgnored), [waiting, restarts]);
  });
});

test('a finding that is muted by the pods which came since is not resolved', () => {
  const [old, young] = ['checkout-1', 'checkout-2'].map((name) => ref('Pod', name, 'shop')) as [Ref, Ref];
  const of = (pod: Ref) => found('pod-waiting', checkout, { members: [pod] });
  const previous = reportOf(scanOf([of(old)]), { facts: facts(yesterday) });
  const annotated = new Map([[refKey(young), on(young, 'pod-waiting')]]);
  const muted = [
    reportOf({ ...scanOf([of(young)]), annotated }, { previous }),
    reportOf(scanOf([of(young)]), { previous, ignore: [{ name: 'checkout-2', reason: 'known' }] }),
    reportOf(
      { ...scanOf([of(young)]), labelled: new Map([['a=b', new Set([refKey(young)])]]) },
      { previous, ignore: [{ label: 'a=b', reason: 'known' }] },
    ),
  ];
  for (const report of muted) assert.deepEqual([report.findings, report.resolved, report.settling], [[], [], undefined]);
  assert.equal(reportOf(scanOf([]), { previous }).resolved.length, 1);
});

describe('the report tells of annotations', () => {
  test('each with its object, reason and last day, and what it took away', () => {
    assert.deepEqual(ignoring([on(checkout, 'pod-*', { until: '2026-12-31', reason: ' OPS-12:\nload  tests ' }), on(shop, '*')]).ignored, [
      {
        rule: 'pod-* on Deployment shop/checkout, until 2026-12-31',
        reason: 'OPS-12: load tests',
        count: 2,
        from: 'annotation',
        until: '2026-12-31',
        object: checkout,
      },
      { rule: 'every check in namespace shop', reason: 'no reason given', count: 4, from: 'annotation', object: shop },
    ]);
  });

  test('names what is expired and what matches nothing although a check that it speaks of ran', () => {
    const notes = (annotation: IgnoreAnnotation, ran = known) => ignoring([annotation], [service], ran).ignored.map(({ note }) => note);
    assert.deepEqual(notes(on(checkout, 'pod-waiting', { until: '2026-11-23' })), ['expired']);
    assert.deepEqual(notes(on(checkout, 'pod-waiting')), ['matches nothing']);
    assert.deepEqual(notes(on(checkout, 'pod-waiting'), ['node-not-ready']), [undefined]);
    assert.deepEqual(notes(on(service.object, '*')), [undefined]);
  });

  test('what is not understood takes nothing away and is told', () => {
    const cases: readonly [IgnoreAnnotation, readonly string[], string][] = [
      [on(checkout, 'pod-waitng, pod-restarts'), ['pod-restarts'], 'no check is named "pod-waitng"'],
      [on(checkout, 'x-*, y'), [], 'no check is named "x-*" or "y"'],
      [on(checkout, ''), [], 'it names no check; * stands for every check'],
      [on(checkout, ' , '), [], 'it names no check; * stands for every check'],
      [on(checkout, 'pod-*', { until: '31.12.2026' }), [], 'ignore-until is "31.12.2026", not a date such as 2026-12-31'],
      [on(checkout, 'pod-*', { until: '2026-02-30' }), [], 'ignore-until is "2026-02-30", not a date such as 2026-12-31'],
      [on(checkout, `pod-waiting,${'x'.repeat(600)}`), [], 'it has more than 500 characters'],
    ];
    for (const [annotation, taken, mistake] of cases) {
      assert.deepEqual(takenAway(annotation), taken, annotation.ignore);
      const [entry] = ignoring([annotation]).ignored;
      assert.deepEqual([entry?.note, entry?.mistake, entry?.count], ['not understood', mistake, taken.length], annotation.ignore);
    }
  });

  test('many that say the same are one entry, with how many they are; one finding is counted once', () => {
    const replicas = Array.from({ length: 500 }, (_, index) => ref('Pod', `web-${String(index).padStart(3, '0')}`, 'shop'));
    const finding: Ignorable = { check: 'pod-waiting', object: ref('Deployment', 'web', 'shop'), members: replicas };
    const annotations = replicas.map((pod) => on(pod, 'pod-waiting', { reason: 'OPS-12' }));
    assert.deepEqual(ignoring(annotations, [finding]).ignored, [
      {
        rule: 'pod-waiting on Pod shop/web-000 and 499 more',
        reason: 'OPS-12',
        count: 1,
        from: 'annotation',
        object: replicas[0],
        objects: 500,
      },
    ]);
  });

  test('a handful is listed one by one; of very many different ones those first that have an effect', () => {
    assert.equal(ignoring(pods.map((pod) => on(pod, '*'))).ignored.length, 3);
    const different = Array.from({ length: 150 }, (_, index) => on(ref('Pod', `p${index}`, 'x'), '*', { reason: `OPS-${index}` }));
    const { ignored } = ignoring([...different, on(service.object, '*', { reason: 'acts' }), on(checkout, 'nope')]);
    assert.deepEqual(
      [ignored.length, ignored.slice(0, 2).map(({ reason, note }) => note ?? reason), ignored.at(-1)],
      [
        101,
        ['not understood', 'acts'],
        { rule: '52 more annotations', reason: 'too many to be listed one by one', count: 0, from: 'annotation' },
      ],
    );
    assert.ok(JSON.stringify(ignored).length < 32_000);
  });

  test('in one order, whatever the order in which they were seen', () => {
    const annotations = [
      on(shop, '*'),
      on(checkout, 'pod-*', { reason: 'x' }),
      ...pods.map((pod) => on(pod, 'pod-*')),
      ...Array.from({ length: 8 }, (_, index) => on(ref('Pod', `same-${index}`, 'x'), '*', { until: '2026-12-01' })),
    ];
    const expected = ignoring(annotations).ignored;
    fc.assert(
      fc.property(fc.shuffledSubarray(annotations, { minLength: annotations.length }), (shuffled) =>
        assert.deepEqual(ignoring(shuffled).ignored, expected),
      ),
    );
  });

  test('whatever people write, the report follows its schema and stays small', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('*', '?', 'a', ',', '-'), maxLength: 2_000 }),
      fc.string({ minLength: 900 }),
    );
    const annotation = fc.record({ ignore: text, until: text, reason: text }, { requiredKeys: ['ignore'] });
    fc.assert(
      fc.property(fc.array(annotation, { maxLength: 8 }), (written) => {
        const annotated = new Map(
          written.map((each, index) => [refKey(ref('Pod', `p${index}`, 'x')), { object: ref('Pod', `p${index}`, 'x'), ...each }]),
        );
        const report = reportOf({ ...scanOf([found('pod-waiting', ref('Pod', 'p0', 'x'))]), annotated });
        assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
        assert.ok(JSON.stringify(report.ignored).length < 4_000 * Math.max(1, written.length));
      }),
      { numRuns: 300 },
    );
  });
});
