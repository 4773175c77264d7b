import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReportInput } from '../../functions/report/build-report.ts';
import type { Report } from '../../functions/report/model.ts';
import type { Finding, Link, ObserverEnd } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';
import { checks, facts, found, ref, reportOf, scanOf, yesterday } from './sample-report.ts';

type Found = ReturnType<typeof found>;

const node = ref('Node', 'n1');
const pod = ref('Pod', 'p1', 'shop');
const dead = (more: Partial<Finding> = {}) => found('node-not-ready', node, { severity: 'critical', ...more });
const waiting = (more: Partial<Finding> = {}) => found('pod-waiting', pod, more);
const onNode: Link = { effect: pod, cause: node, because: 'it runs there' };
const incomplete = (id: string): ObserverEnd => ({ id, outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'grant it' });
const off = (id: string): ObserverEnd => ({ id, outcome: 'not-run', objects: 0, reason: 'turned off' });

const before = (out: readonly Found[], links: readonly Link[] = []): Report => reportOf(scanOf(out, links), { facts: facts(yesterday) });
const after = (
  previous: Report,
  out: readonly Found[],
  links: readonly Link[] = [],
  ends: readonly ObserverEnd[] = [],
  more: Partial<ReportInput> = {},
) => reportOf(scanOf(out, links, ends), { previous, ...more });
const states = (report: Report) => report.findings.map(({ check, change, since }) => [check, change, since]);
const day = { before: yesterday.startedAt, today: facts().startedAt };

describe('compared with the last report', () => {
  test('all is new in the first', () => {
    const report = before([dead(), waiting()]);
    assert.deepEqual(states(report), [
      ['node-not-ready', 'new', day.before],
      ['pod-waiting', 'new', day.before],
    ]);
    assert.equal(report.comparedWith, undefined);
  });

  test('new, ongoing since it was first seen, and resolved', () => {
    const third = after(
      after(before([waiting()]), [waiting(), dead()], [], [], { facts: facts({ runId: 'b', startedAt: '2026-11-23T18:00:00.000Z' }) }),
      [waiting()],
    );
    assert.deepEqual(states(third), [['pod-waiting', 'ongoing', day.before]]);
    assert.deepEqual(
      third.resolved.map(({ check }) => check),
      ['node-not-ready'],
    );
    assert.deepEqual(third.comparedWith, { runId: 'b', startedAt: '2026-11-23T18:00:00.000Z', complete: true });
  });

  test('a finding that is said otherwise is the same', () => {
    const report = after(before([waiting({ message: '1 of 3 waits', remedy: 'a' })]), [waiting({ message: '2 of 3 wait', remedy: 'b' })]);
    assert.deepEqual(states(report), [['pod-waiting', 'ongoing', day.before]]);
    assert.equal(report.findings[0]?.message, '2 of 3 wait');
  });

  test('graver than before is told, milder is not', () => {
    const raised = after(before([waiting()]), [waiting({ severity: 'critical' })]);
    assert.equal(raised.findings[0]?.raisedFrom, 'warning');
    assert.equal(after(before([waiting({ severity: 'critical' })]), [waiting()]).findings[0]?.raisedFrom, undefined);
    const next = after(raised, [waiting({ severity: 'critical' })], [], [], { facts: facts({ runId: 'c' }) });
    assert.equal(next.findings[0]?.raisedFrom, undefined, 'and told once');
  });

  test('a consequence that stands for itself today is not new', () => {
    const report = after(before([dead(), waiting()], [onNode]), [waiting()]);
    assert.deepEqual(states(report), [['pod-waiting', 'ongoing', day.before]]);
    assert.deepEqual(
      report.resolved.map(({ check }) => check),
      ['node-not-ready'],
    );
  });

  test('a finding that became a consequence is not resolved and keeps its since', () => {
    const report = after(before([waiting()]), [dead(), waiting()], [onNode]);
    assert.deepEqual(states(report), [['node-not-ready', 'new', day.today]]);
    assert.equal(report.findings[0]?.consequences?.[0]?.since, day.before);
    assert.deepEqual(report.resolved, []);
  });

  test('a consequence that stands for itself names its former cause, once', () => {
    const last = before([dead(), waiting()], [onNode]);
    const report = after(last, [waiting()]);
    assert.deepEqual(report.findings[0]?.formerCause, node);
    assert.equal(after(report, [waiting()], [], [], { facts: facts({ runId: 'c' }) }).findings[0]?.formerCause, undefined);
    const moved = after(last, [dead(), waiting()]);
    assert.deepEqual(
      moved.findings.map(({ formerCause }) => formerCause),
      [undefined, node],
    );
    const swapped = after(last, [dead(), waiting()], [{ effect: node, cause: pod, because: 'x' }]);
    assert.deepEqual(
      swapped.findings.map(({ check, formerCause }) => [check, formerCause]),
      [['pod-waiting', node]],
    );
  });

  test('a cause is as grave as what it does: it is raised by a graver consequence', () => {
    const pressed = dead({ severity: 'warning' });
    const report = after(before([pressed]), [pressed, waiting({ severity: 'critical' })], [onNode]);
    assert.equal(report.findings[0]?.raisedFrom, 'warning');
  });

  test('a consequence that is gone is not called resolved: nobody was told of it', () => {
    assert.deepEqual(after(before([dead(), waiting()], [onNode]), [dead()]).resolved, []);
  });
});

describe('what did not run today', () => {
  test('a check that is incomplete resolves nothing: its findings stay as they stood, unverified', () => {
    const report = after(before([dead({ message: 'as it stood' })]), [], [], [incomplete('node-not-ready')]);
    assert.deepEqual(states(report), [['node-not-ready', 'unverified', day.before]]);
    assert.equal(report.findings[0]?.message, 'as it stood');
    assert.equal(report.status, 'critical');
    assert.equal(report.complete, false);
    assert.deepEqual(report.resolved, []);
  });

  test('what an incomplete check found nevertheless is ongoing', () => {
    assert.deepEqual(states(after(before([dead()]), [dead()], [], [incomplete('node-not-ready')])), [
      ['node-not-ready', 'ongoing', day.before],
    ]);
  });

  test('unverified, then found again: ongoing; unverified, then gone: resolved', () => {
    const between = after(before([dead()]), [], [], [incomplete('node-not-ready')], { facts: facts({ runId: 'b' }) });
    assert.deepEqual(states(after(between, [dead()])), [['node-not-ready', 'ongoing', day.before]]);
    assert.deepEqual(
      after(between, []).resolved.map(({ check }) => check),
      ['node-not-ready'],
    );
  });

  test('a consequence of an incomplete check stays with its cause, which is as grave as it was and is not raised by its return', () => {
    const waits = waiting({ severity: 'critical' });
    const pressed = dead({ severity: 'warning' });
    const between = after(before([pressed, waits], [onNode]), [pressed], [], [incomplete('pod-waiting')], { facts: facts({ runId: 'b' }) });
    assert.equal(between.findings[0]?.severity, 'critical');
    assert.deepEqual(
      between.findings[0]?.consequences?.map(({ check, change, since }) => [check, change, since]),
      [['pod-waiting', 'unverified', day.before]],
    );
    const back = after(between, [pressed, waits], [onNode]);
    assert.equal(back.findings[0]?.raisedFrom, undefined);
    assert.deepEqual(
      back.findings[0]?.consequences?.map(({ change, since }) => [change, since]),
      [[undefined, day.before]],
    );
    assert.equal(after(between, [pressed]).findings[0]?.consequences, undefined);
  });

  test('a consequence of an incomplete check whose cause is resolved stands for itself: no all-clear', () => {
    const last = before([dead(), waiting({ severity: 'critical' })], [onNode]);
    const between = after(last, [], [], [incomplete('pod-waiting')], { facts: facts({ runId: 'b' }) });
    assert.deepEqual(states(between), [['pod-waiting', 'unverified', day.before]]);
    assert.deepEqual(between.findings[0]?.formerCause, node);
    assert.equal(between.status, 'critical');
    assert.deepEqual(
      between.resolved.map(({ check }) => check),
      ['node-not-ready'],
    );
    assert.deepEqual(states(after(between, [waiting()])), [['pod-waiting', 'ongoing', day.before]]);
    assert.deepEqual(
      after(between, []).resolved.map(({ check }) => check),
      ['pod-waiting'],
    );
  });

  test('an unverified finding keeps only what is not known better', () => {
    const service = ref('Service', 's', 'shop');
    const links = [onNode, { effect: service, cause: node, because: 'x' }];
    const last = before([dead(), waiting(), found('service-without-endpoints', service)], links);
    const report = after(last, [waiting()], [], [incomplete('node-not-ready'), incomplete('service-without-endpoints')]);
    const [kept, root] = report.findings;
    assert.deepEqual(
      kept?.consequences?.map(({ check }) => check),
      ['service-without-endpoints'],
    );
    assert.equal(kept?.consequenceCount, 1);
    assert.deepEqual([root?.check, root?.change], ['pod-waiting', 'ongoing']);
  });

  test('a check that is turned off, or that there is no more, neither keeps nor resolves', () => {
    const last = before([dead(), waiting()]);
    const report = after(last, [waiting()], [], [off('node-not-ready')]);
    assert.deepEqual([states(report).length, report.resolved, report.complete], [1, [], true]);
    const renamed: Report = {
      ...last,
      findings: last.findings.map((finding) => ({ ...finding, check: 'gone', fingerprint: `${finding.fingerprint}x` })),
    };
    assert.deepEqual(after(renamed, []).resolved, []);
  });

  test('a finding that is ignored today is not called resolved, nor kept as unverified', () => {
    const ignore = [{ check: 'node-not-ready', reason: 'known' }];
    assert.deepEqual(after(before([dead()]), [dead()], [], [], { ignore }).resolved, []);
    const report = after(before([dead()]), [], [], [incomplete('node-not-ready')], { ignore });
    assert.deepEqual([report.findings, report.resolved], [[], []]);
  });

  test('what an ignored cause explained stands for itself, and is not new', () => {
    const report = after(before([dead(), waiting()], [onNode]), [dead(), waiting()], [onNode], [], {
      ignore: [{ check: 'node-*', reason: 'known' }],
    });
    assert.deepEqual(states(report), [['pod-waiting', 'ongoing', day.before]]);
    assert.equal(report.ignored[0]?.count, 1);
  });
});

describe('a retry of the same run', () => {
  const flaps = fc
    .boolean()
    .map((some) => checks.map((check) => (some && check.id.startsWith('pod-') ? { ...check, flaps: true as const } : check)));
  const finding = fc.constantFrom(
    dead(),
    waiting(),
    waiting({ severity: 'critical' }),
    found('service-without-endpoints', ref('Service', 's', 'shop')),
    found('warning-events', pod, { severity: 'info' }),
  );
  const scan = fc.record({
    out: fc.uniqueArray(finding, { selector: ({ observer }) => observer }),
    links: fc.subarray([onNode, { effect: ref('Service', 's', 'shop'), cause: pod, because: 'x' }]),
    ends: fc.subarray([incomplete('node-not-ready'), incomplete('pod-waiting'), off('service-without-endpoints')]),
  });

  test('that sees the same says the same, to the byte, whatever was before', () => {
    fc.assert(
      fc.property(fc.array(scan, { maxLength: 3 }), scan, flaps, (nights, now, checks) => {
        const previous = nights.reduce<Report | undefined>(
          (before, each, index) =>
            reportOf(scanOf(each.out, each.links, each.ends), {
              facts: facts({ ...yesterday, runId: `${index}` }),
              previous: before,
              checks,
            }),
          undefined,
        );
        const result = scanOf(now.out, now.links, now.ends);
        const once = reportOf(result, { previous, checks });
        assert.equal(JSON.stringify(reportOf(result, { previous: once, checks })), JSON.stringify(once));
      }),
      { numRuns: 500 },
    );
  });

  test('what the first try called resolved and the second finds again was there before both', () => {
    const first = after(before([dead()]), []);
    assert.deepEqual(states(after(first, [dead()])), [['node-not-ready', 'ongoing', day.before]]);
  });

  test('what only the first try found is dropped, and neither settles nor is resolved: it was new, and nobody may have been told', () => {
    for (const flapping of [checks, checks.map((check) => ({ ...check, flaps: true as const }))]) {
      const first = reportOf(scanOf([dead()]), { previous: before([]), checks: flapping });
      const again = reportOf(scanOf([]), { previous: first, checks: flapping });
      assert.deepEqual([again.findings, again.resolved, again.settling], [[], [], undefined]);
      assert.deepEqual(states(reportOf(scanOf([dead()]), { previous: again, checks: flapping })), [
        ['node-not-ready', 'new', facts().startedAt],
      ]);
    }
  });

  test('what the first try had to tell is still to be told where the second could not look', () => {
    const ends = [incomplete('node-not-ready'), incomplete('pod-waiting')];
    const last = before([waiting()]);
    const first = after(last, [dead(), waiting({ severity: 'critical' })]);
    const again = reportOf(scanOf([], [], ends), { previous: first });
    assert.deepEqual(
      again.findings.map(({ check, change, raisedFrom }) => [check, change, raisedFrom]),
      [
        ['node-not-ready', 'new', undefined],
        ['pod-waiting', 'unverified', 'warning'],
      ],
    );
  });

  test('what became graver between its tries is graver than in the last report, and what is as it was there is not', () => {
    const last = before([waiting()]);
    const first = after(last, [waiting()]);
    const graver = after(first, [waiting({ severity: 'critical' })]);
    assert.deepEqual([graver.findings[0]?.change, graver.findings[0]?.raisedFrom], ['ongoing', 'warning']);
    assert.equal(after(graver, [waiting({ severity: 'critical' })]).findings[0]?.raisedFrom, 'warning');
    assert.equal(after(graver, [waiting()]).findings[0]?.raisedFrom, undefined);
  });

  test('since is told from the first try', () => {
    const once = before([dead()]);
    const again = reportOf(scanOf([dead()]), { previous: once, facts: facts({ ...yesterday, startedAt: '2026-11-23T06:05:00.000Z' }) });
    assert.deepEqual(states(again), [['node-not-ready', 'new', day.before]]);
  });

  test('every finding of the last report is accounted for', () => {
    fc.assert(
      fc.property(scan, scan, flaps, (last, now, checks) => {
        const previous = reportOf(scanOf(last.out, last.links, last.ends), { facts: facts(yesterday), checks });
        const report = reportOf(scanOf(now.out, now.links, now.ends), { previous, checks });
        const present = new Set(
          report.findings.flatMap(({ fingerprint, consequences = [] }) => [fingerprint, ...consequences.map((each) => each.fingerprint)]),
        );
        const resolved = new Set([...report.resolved, ...(report.settling ?? [])].map(({ fingerprint }) => fingerprint));
        assert.equal(resolved.size, report.resolved.length + (report.settling?.length ?? 0));
        const outcome = (id: string) => now.ends.find((end) => end.id === id)?.outcome ?? 'ran';
        for (const { fingerprint, check } of previous.findings) {
          assert.ok(!(present.has(fingerprint) && resolved.has(fingerprint)));
          assert.equal(present.has(fingerprint) || resolved.has(fingerprint), present.has(fingerprint) || outcome(check) === 'ran');
          if (outcome(check) === 'incomplete') assert.ok(present.has(fingerprint));
        }
        for (const { fingerprint, check } of previous.findings.flatMap(({ consequences = [] }) => consequences)) {
          if (outcome(check) === 'incomplete') assert.ok(present.has(fingerprint), 'a consequence, too');
        }
      }),
      { numRuns: 500 },
    );
  });
});
