import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReport, type ReportInput, unreachableReport } from '../../functions/report/build-report.ts';
import { reportSchema } from '../../functions/report/model.ts';
import { clusterRef, type Finding, type ObserverEnd } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';
import { checks, facts, found, healthyReport, ref, reportOf, sampleReport, scanOf, yesterday } from './sample-report.ts';

const insecure: Finding = {
  object: clusterRef('prod'),
  subject: 'tls',
  severity: 'warning',
  message: 'its certificate is not verified',
  remedy: 'remove insecure-skip-tls-verify from the kubeconfig',
};
const forbidden: ObserverEnd = { id: 'pod-waiting', outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'grant it' };

describe('buildReport', () => {
  test('follows the schema', () => {
    for (const report of [sampleReport(), healthyReport()])
      assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
  });

  test('gives the same bytes in whatever order things were found', () => {
    const members = [ref('Pod', 'a', 'x'), ref('Pod', 'b', 'x'), ref('Pod', 'c', 'x')];
    const out = [
      found('pod-waiting', ref('Deployment', 'd', 'x'), { members }),
      found('pod-waiting', ref('Deployment', 'd', 'x'), { message: 'another', members: [ref('Pod', 'd', 'x')] }),
      found('pod-waiting', ref('Deployment', 'd', 'y'), { severity: 'critical' }),
      found('node-not-ready', ref('Node', 'n'), { severity: 'critical' }),
      found('warning-events', ref('Deployment', 'd', 'x'), { severity: 'info' }),
      found('service-without-endpoints', ref('Service', 's', 'x'), { severity: 'critical' }),
    ];
    const links = [
      ...members.map((effect) => ({ effect, cause: ref('Node', 'n'), because: 'it runs there' })),
      ...members.map((cause) => ({ effect: ref('Service', 's', 'x'), cause, because: `behind it is ${cause.name}` })),
    ];
    const memory = { 'pod-waiting': { a: 1 }, 'node-not-ready': [1], 'warning-events': 'x' };
    const previous = reportOf(scanOf([...out.slice(1), found('namespace-terminating', ref('Namespace', 'z'))]), {
      facts: facts(yesterday),
    });
    const input = { out, links, observers: scanOf([]).observers, memory: Object.entries(memory), checks, previous: previous.findings };
    const shuffled = fc.record({
      out: fc
        .shuffledSubarray(out, { minLength: out.length })
        .chain((list) =>
          fc.tuple(
            ...list.map((one) =>
              fc
                .shuffledSubarray([...(one.members ?? [])], { minLength: one.members?.length ?? 0 })
                .map((same) => ({ ...one, ...(one.members && { members: same }) })),
            ),
          ),
        ),
      links: fc.shuffledSubarray(links, { minLength: links.length }),
      observers: fc.shuffledSubarray([...input.observers], { minLength: input.observers.length }),
      memory: fc.shuffledSubarray(input.memory, { minLength: input.memory.length }),
      checks: fc.shuffledSubarray([...checks], { minLength: checks.length }),
      previous: fc.shuffledSubarray(previous.findings, { minLength: previous.findings.length }),
    });
    const build = (from: typeof input) =>
      JSON.stringify(
        reportOf(
          { ...scanOf(from.out, from.links), observers: from.observers, memory: Object.fromEntries(from.memory) },
          { sourceFindings: [insecure], checks: from.checks, previous: { ...previous, findings: from.previous } },
        ),
      );
    const expected = build(input);
    fc.assert(
      fc.property(shuffled, (other) => assert.equal(build(other), expected)),
      { numRuns: 300 },
    );
  });

  test('orders by severity, check, namespace and name', () => {
    const report = reportOf(
      scanOf([
        found('pod-waiting', ref('Pod', 'b', 'y')),
        found('pod-waiting', ref('Pod', 'a', 'y')),
        found('pod-waiting', ref('Pod', 'c', 'x')),
        found('node-not-ready', ref('Node', 'z')),
        found('warning-events', ref('Pod', 'q', 'x'), { severity: 'critical' }),
      ]),
    );
    assert.deepEqual(
      report.findings.map(({ object }) => object.name),
      ['q', 'z', 'c', 'a', 'b'],
    );
  });

  test('what a check says twice of one object and subject is one finding, the graver, with the members of both', () => {
    const deployment = ref('Deployment', 'd', 'x');
    const [one, ...rest] = reportOf(
      scanOf([
        found('pod-waiting', deployment, { members: [ref('Pod', 'b', 'x'), ref('Pod', 'a', 'x')] }),
        found('pod-waiting', deployment, { severity: 'critical', message: 'graver', members: [ref('Pod', 'b', 'x')] }),
      ]),
    ).findings;
    assert.deepEqual([one?.message, one?.members?.map(({ name }) => name), rest], ['graver', ['a', 'b'], []]);
  });

  test('lists at most 1,000 consequences and tells how many there are', () => {
    const node = ref('Node', 'n');
    const pods = Array.from({ length: 1500 }, (_, index) => ref('Pod', `p${index}`, 'x'));
    const scan = scanOf(
      [found('node-not-ready', node), ...pods.map((pod) => found('pod-not-ready', pod))],
      pods.map((effect) => ({ effect, cause: node, because: 'it runs there' })),
    );
    const [finding] = reportOf(scan).findings;
    assert.deepEqual([finding?.consequences?.length, finding?.consequenceCount], [1000, 1500]);
    assert.equal(reportOf(scan, { previous: reportOf(scan, { facts: facts(yesterday) }) }).resolved.length, 0);
  });

  test('status tells severity alone, complete the gaps', () => {
    const of = (severity: Finding['severity'] | undefined, ends: readonly ObserverEnd[] = []) => {
      const { status, complete } = reportOf(scanOf(severity ? [found('node-not-ready', ref('Node', 'n'), { severity })] : [], [], ends));
      return [status, complete];
    };
    assert.deepEqual(of(undefined), ['healthy', true]);
    assert.deepEqual(of('info'), ['healthy', true]);
    assert.deepEqual(of('warning'), ['degraded', true]);
    assert.deepEqual(of('critical'), ['critical', true]);
    assert.deepEqual(of(undefined, [forbidden]), ['healthy', false]);
    assert.deepEqual(of(undefined, [{ id: 'pod-waiting', outcome: 'not-run', objects: 0, reason: 'turned off' }]), ['healthy', true]);
  });

  test('says the whole in one sentence', () => {
    const text = (scan: ReportInput['scan'], more: Partial<ReportInput> = {}) => reportOf(scan, more).summary.text;
    const n = (name: string, severity: Finding['severity'] = 'warning') => found('node-not-ready', ref('Node', name), { severity });
    assert.equal(text(scanOf([])), 'healthy: 10 checks on 1,204 objects found nothing');
    assert.equal(text(scanOf([], [], [forbidden])), '9 checks on 1,204 objects found nothing; 1 check could not run');
    assert.equal(text(scanOf([n('a', 'critical'), n('b'), n('c'), n('d', 'info')])), '1 critical, 2 warnings, 1 info');
    const previous = reportOf(scanOf([n('a'), n('z'), found('pod-waiting', ref('Pod', 'p', 'x'), { severity: 'critical' })]), {
      facts: facts(yesterday),
    });
    assert.equal(
      text(scanOf([n('a'), n('b')], [], [forbidden]), { previous }),
      '1 critical (1 not verified), 2 warnings (1 new), 1 resolved; 1 check could not run',
    );
    assert.equal(text(scanOf([]), { previous }), 'healthy: 10 checks on 1,204 objects found nothing, 3 resolved');
    assert.equal(
      text(scanOf([n('a')]), { ignore: [{ reason: 'r' }] }),
      'healthy: 10 checks on 1,204 objects found nothing that is not ignored',
    );
  });

  test('reports what the source says of itself under cluster-access', () => {
    const report = reportOf(scanOf([]), { sourceFindings: [insecure] });
    assert.deepEqual(
      report.findings.map(({ check, message }) => [check, message]),
      [['cluster-access', insecure.message]],
    );
    assert.deepEqual(
      report.checks.find(({ check }) => check === 'cluster-access'),
      { check: 'cluster-access', title: 'The way to the cluster', ran: true, objects: 0 },
    );
    const manifests = reportOf(scanOf([]), { facts: facts({ source: { kind: 'manifests', name: 'example' } }) });
    assert.equal(manifests.checks.length, checks.length);
    assert.deepEqual(
      reportOf(scanOf([]), { previous: report, facts: facts({ runId: 'b' }) }).resolved.map(({ check }) => check),
      ['cluster-access'],
    );
  });
});

describe('what checks remember', () => {
  const remembering = (memory: Record<string, unknown>, ends: readonly ObserverEnd[] = [], previous?: Record<string, unknown>) =>
    reportOf({ ...scanOf([], [], ends), memory }, { previous: previous && { ...healthyReport(), ...yesterday, memory: previous } }).memory;

  test('is carried from those that ran whole, and kept from those that did not', () => {
    assert.deepEqual(
      remembering({ 'pod-waiting': 'half', 'node-not-ready': 'now' }, [forbidden], {
        'pod-waiting': 'before',
        'node-not-ready': 'before',
        'warning-events': 'before',
        gone: 1,
      }),
      { 'node-not-ready': 'now', 'pod-waiting': 'before' },
    );
  });

  test('is 64 KB at most: the largest goes first', () => {
    const memory = { 'pod-waiting': 'x'.repeat(40_000), 'node-not-ready': 'y'.repeat(30_000), 'warning-events': 'é'.repeat(10_000) };
    const kept = remembering(memory);
    assert.deepEqual(Object.keys(kept), ['node-not-ready', 'warning-events']);
    assert.ok(Buffer.byteLength(JSON.stringify(kept)) <= 65_536);
  });
});

describe('unreachableReport', () => {
  const { source: _, kubernetesVersion: __, ...rest } = facts();
  const everything = [{ check: '*', reason: 'everything' }];
  const unreachable = (previous?: ReturnType<typeof healthyReport>, ignore = everything) =>
    unreachableReport({
      facts: rest,
      error: { message: 'prod.example.com does not answer', remedy: 'look whether the endpoint is up' },
      checks,
      ignore,
      previous,
      today: new Date('2026-11-24T06:00:03Z'),
    });

  test('is one critical finding that no rule ignores, and names every check as not run', () => {
    const report = unreachable();
    assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
    assert.deepEqual(
      report.findings.map(({ check, severity, object, message }) => [check, severity, object.kind, object.name, message]),
      [['cluster-access', 'critical', 'Cluster', 'prod', 'prod.example.com does not answer']],
    );
    assert.equal(report.complete, false);
    assert.ok(report.checks.every(({ ran }) => !ran));
    assert.deepEqual(
      report.incomplete.map(({ check }) => check),
      checks.map(({ id }) => id),
    );
    assert.equal(report.summary.text, '1 critical; 9 checks could not run');
  });

  test('keeps nothing that is muted today, and is resolved by the next report though it would be muted itself', () => {
    const before = reportOf(scanOf([found('node-not-ready', ref('Node', 'n'))]), { facts: facts(yesterday) });
    const report = unreachable(before);
    assert.deepEqual(
      [report.findings.map(({ check }) => check), report.ignored],
      [['cluster-access'], [{ rule: '*', reason: 'everything', count: 0, from: 'nightshift.yaml' }]],
    );
    const reached = reportOf(scanOf([]), { facts: facts({ runId: 'c' }), previous: report, ignore: everything });
    assert.deepEqual(
      reached.resolved.map(({ check, message }) => [check, message]),
      [['cluster-access', 'prod.example.com does not answer']],
    );
  });

  test('keeps what was known, resolves nothing, and is resolved by the next report', () => {
    const before = reportOf(
      { ...scanOf([found('node-not-ready', ref('Node', 'n'))]), memory: { 'pod-waiting': 7 } },
      { facts: facts(yesterday), sourceFindings: [insecure] },
    );
    const report = unreachable(before, []);
    assert.deepEqual(
      report.findings.map(({ check, change }) => [check, change]),
      [
        ['cluster-access', 'new'],
        ['cluster-access', 'unverified'],
        ['node-not-ready', 'unverified'],
      ],
    );
    assert.deepEqual([report.resolved, report.memory], [[], { 'pod-waiting': 7 }]);
    const next = unreachableReport({
      facts: { ...rest, runId: 'b' },
      error: { message: 'another reason', remedy: '' },
      checks,
      ignore: [],
      previous: report,
      today: new Date(),
    });
    assert.equal(next.findings[0]?.change, 'ongoing');
    const reached = buildReport({
      facts: facts({ runId: 'c' }),
      scan: scanOf([]),
      sourceFindings: [],
      checks,
      ignore: [],
      previous: next,
      today: new Date(),
    });
    assert.deepEqual(
      reached.resolved.map(({ check }) => check),
      ['cluster-access', 'cluster-access', 'node-not-ready'],
    );
  });
});
