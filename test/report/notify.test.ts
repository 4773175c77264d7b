import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Report } from '../../functions/report/model.ts';
import { asSubject, notification, textBudget } from '../../functions/report/notify.ts';
import type { Finding, ObserverEnd } from '../../functions/scan/contracts.ts';
import { facts, found, healthyReport, ref, reportOf, sampleReport, scanOf, yesterday } from './sample-report.ts';

const changes = { atLeast: 'warning', when: 'changes' } as const;
const stored = { location: 's3://bucket', json: 'reports/a.json', html: 'reports/a.html', latest: true, problems: [] };
const node = (severity: Finding['severity']) => found('node-not-ready', ref('Node', 'n1'), { severity, message: 'the kubelet stopped' });
const pod = found('pod-waiting', ref('Pod', 'p1', 'shop'), { severity: 'info', message: 'it waits' });
const gap: ObserverEnd = { id: 'warning-events', outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'grant it' };

type Scanned = readonly [out: Parameters<typeof scanOf>[0], ends?: readonly ObserverEnd[]];
const second = (last: Scanned, now: Scanned): Report =>
  reportOf(scanOf(now[0], [], now[1]), { previous: reportOf(scanOf(last[0], [], last[1]), { facts: facts(yesterday) }) });
const reason = (report: Report, rule: Parameters<typeof notification>[1] = changes) => notification(report, rule, { stored })?.reason;

describe('when a message is sent', () => {
  test('the first report: one message, however much or little it found', () => {
    assert.equal(reason(healthyReport()), 'baseline');
    assert.equal(reason(reportOf(scanOf([node('critical'), pod]))), 'baseline');
  });

  test('then on change alone, the gravest reason first', () => {
    assert.equal(reason(second([[]], [[]])), undefined);
    assert.equal(reason(second([[node('critical')]], [[node('critical')]])), undefined);
    assert.equal(reason(second([[]], [[node('warning')]])), 'new');
    assert.equal(reason(second([[node('warning')]], [[node('critical')]])), 'raised');
    assert.equal(reason(second([[node('critical')]], [[node('warning')]])), undefined);
    assert.equal(reason(second([[node('warning')]], [[]])), 'resolved');
    assert.equal(reason(second([[node('warning')]], [[found('pod-waiting', ref('Pod', 'x', 'y'))]])), 'new');
  });

  test('at or above the rule’s severity, for what is resolved too', () => {
    assert.equal(reason(second([[]], [[pod]])), undefined);
    assert.equal(reason(second([[pod]], [[]])), undefined);
    assert.equal(reason(second([[]], [[pod]]), { atLeast: 'info', when: 'changes' }), 'new');
    assert.equal(reason(second([[]], [[node('warning')]]), { atLeast: 'critical', when: 'changes' }), undefined);
    assert.equal(reason(second([[node('warning')]], [[node('critical')]]), { atLeast: 'critical', when: 'changes' }), 'raised');
  });

  test('when checks could not run that ran the last time, and not each time again', () => {
    assert.equal(reason(second([[]], [[], [gap]])), 'incomplete');
    assert.equal(reason(second([[], [gap]], [[], [gap]])), undefined);
    assert.equal(reason(second([[], [gap]], [[]])), undefined);
    const another: ObserverEnd = { ...gap, id: 'pod-waiting' };
    assert.equal(reason(second([[], [gap]], [[], [gap, another]])), 'incomplete', 'one more');
    assert.equal(reason(second([[], [gap]], [[], [another]])), 'incomplete', 'another');
    assert.equal(reason(second([[], [gap, another]], [[], [gap]])), undefined, 'one less');
  });

  test('when what people were told of is gone, but what it explained is not', () => {
    const link = { effect: pod.object, cause: ref('Node', 'n1'), because: 'it runs there' };
    const waits = { ...pod, severity: 'critical' } as const;
    const previous = reportOf(scanOf([node('critical'), waits], [link]), { facts: facts(yesterday) });
    const sent = notification(reportOf(scanOf([waits]), { previous }), changes, { stored });
    assert.equal(sent?.reason, 'remaining');
    assert.equal(sent?.subject, '[CRITICAL: 1 remains, 1 resolved] prod health-check');
    assert.match(
      sent?.text ?? '',
      /REMAINING\ncritical: Pod shop\/p1\n {2}it waits\n(?:.*\n)*? +no longer explained by Node n1, since 2026-11-23/,
    );
  });

  test('not for a run that a newer one overtook: the next tells it', () => {
    const late = second([[]], [[node('critical')]]);
    assert.equal(notification(late, changes, { stored: { ...stored, latest: false, overtaken: true } }), undefined);
    assert.equal(
      notification(late, changes, { stored: { ...stored, latest: false, problems: ['latest.json could not be written'] } })?.reason,
      'new',
    );
  });

  test('always, where that is wished', () => {
    assert.equal(reason(second([[]], [[]]), { atLeast: 'warning', when: 'always' }), 'always');
  });

  test('never for a run of less than full scope', () => {
    assert.equal(reason({ ...reportOf(scanOf([node('critical')])), fullScope: false }, { atLeast: 'info', when: 'always' }), undefined);
  });
});

describe('what it says', () => {
  test('the subject: verdict, changes, cluster, operation', () => {
    const subject = (report: Report) => notification(report, { atLeast: 'warning', when: 'always' }, { stored })?.subject;
    assert.equal(subject(healthyReport()), '[HEALTHY: first report, 0 findings] prod health-check');
    assert.equal(subject(sampleReport()), '[CRITICAL: 2 new, 1 raised, 1 resolved, 1 check could not run] prod health-check');
    assert.equal(subject(second([[node('warning')]], [[]])), '[HEALTHY: 1 resolved] prod health-check');
    assert.equal(subject(second([[]], [[], [gap]])), '[INCOMPLETE: 1 check could not run] prod health-check');
    assert.equal(subject(second([[]], [[]])), '[HEALTHY] prod health-check');
  });

  test('the text: why, what is new, raised and resolved, the rest as a count, the gaps, and how to open the report', () => {
    const report = second(
      [[node('warning'), found('pod-waiting', ref('Pod', 'gone', 'shop')), found('pod-not-ready', ref('Pod', 'old', 'shop'))]],
      [
        [node('critical'), found('pod-waiting', ref('Pod', 'fresh', 'shop')), found('pod-not-ready', ref('Pod', 'old', 'shop')), pod],
        [gap],
      ],
    );
    assert.equal(
      notification(report, changes, { stored })?.text,
      `prod health-check: critical. 1 critical, 2 warnings (1 new), 1 info (1 new),
1 resolved; 1 check could not run
Sent because there are new findings (severity warning or graver).

NEW
warning: Pod shop/fresh
  something is wrong
    kubectl -n shop describe pod fresh
  new; check pod-waiting

RAISED
critical: Node n1
  the kubelet stopped
    kubectl describe node n1
  raised from warning, since 2026-11-23 06:00 UTC; check node-not-ready

RESOLVED
Pod shop/gone: warning since 2026-11-23 06:00 UTC

ONGOING: 1 finding, listed in the report

COULD NOT RUN
warning-events
  forbidden
  grant it

The full report:
  aws s3 cp s3://bucket/reports/a.html report.html
  aws s3 cp s3://bucket/reports/a.json -
`,
    );
  });

  test('fits into a message, cut by whole findings, and says how many are left out', () => {
    const out = Array.from({ length: 3000 }, (_, index) =>
      found('pod-waiting', ref('Pod', `p${index}`, 'shop'), {
        message: `${'ü🌙'.repeat(30)} ${index}`,
        severity: index === 2999 ? 'critical' : 'warning',
      }),
    );
    const message = notification(reportOf(scanOf(out)), changes, { stored });
    assert.ok(message);
    assert.ok(Buffer.byteLength(message.text) <= textBudget);
    assert.ok(Buffer.byteLength(message.text) > textBudget - 1000, 'and uses its room');
    const listed = message.text.match(/^(critical|warning): Pod/gm) ?? [];
    assert.equal(listed.length + message.leftOut, 3000);
    assert.ok(message.leftOut > 0);
    assert.equal(listed[0], 'critical: Pod');
    assert.match(
      message.text,
      new RegExp(`\n${new Intl.NumberFormat('en').format(message.leftOut)} more findings had no room here; the report has all\\.\n`),
    );
    assert.match(message.text, /The full report:\n {2}aws s3 cp/);
    assert.equal(Buffer.from(message.text).toString(), message.text, 'no character is cut in two');
  });

  test('says what could not run, however many findings there are', () => {
    const long: ObserverEnd = { ...gap, reason: `forbidden: ${'a missing right, '.repeat(40)}` };
    const many = Array.from({ length: 3_000 }, (_, index) =>
      found('pod-waiting', ref('Pod', `p${index}`, 'x'), { message: 'é'.repeat(150) }),
    );
    const { text = '', leftOut = 0 } = notification(second([[]], [many, [long]]), changes, { stored }) ?? {};
    assert.ok(leftOut > 300);
    assert.match(text, /COULD NOT RUN\nwarning-events\n {2}forbidden/);
  });

  test('one finding that is too large alone does not take the place of the others', () => {
    const huge = found('node-not-ready', ref('Node', 'n'), { severity: 'critical', message: 'x '.repeat(200_000) });
    const message = notification(reportOf(scanOf([huge, node('warning')])), changes, { stored });
    assert.equal(message?.leftOut, 1);
    assert.match(message?.text ?? '', /warning: Node n1/);
  });

  test('a subject is what SNS takes, whatever the cluster is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        assert.match(asSubject(text), /^[\x21-\x7e][\x20-\x7e]{0,98}$/);
      }),
    );
    assert.equal(asSubject('Zürich\n– café 🌙'), 'Zurich ? cafe ?');
    assert.equal(asSubject('x'.repeat(99)).length, 99);
    assert.equal(asSubject('x'.repeat(100)), `${'x'.repeat(96)}...`);
  });
});
