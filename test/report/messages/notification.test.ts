import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { messageBudget, notification } from '../../../functions/report/messages/notification.ts';
import { asSubject } from '../../../functions/report/messages/subject.ts';
import type { Report } from '../../../functions/report/model.ts';
import type { Finding, ObserverEnd } from '../../../functions/scan/contracts.ts';
import fc from '../../fuzz.ts';
import { facts, found, healthyReport, ref, reportOf, sampleReport, scanOf, yesterday } from '../sample-report.ts';

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
    assert.equal(reason(healthyReport()), 'first');
    assert.equal(reason(reportOf(scanOf([node('critical'), pod]))), 'first');
  });

  test('then on change alone, the gravest reason first', () => {
    assert.equal(reason(second([[]], [[]])), undefined);
    assert.equal(reason(second([[node('critical')]], [[node('critical')]])), undefined);
    assert.equal(reason(second([[]], [[node('warning')]])), 'new');
    assert.equal(reason(second([[node('warning')]], [[node('critical')]])), 'graver');
    assert.equal(reason(second([[node('critical')]], [[node('warning')]])), undefined);
    assert.equal(reason(second([[node('warning')]], [[]])), 'resolved');
    assert.equal(reason(second([[node('warning')]], [[found('pod-waiting', ref('Pod', 'x', 'y'))]])), 'new');
  });

  test('at or above the rule’s severity, for what is resolved too', () => {
    assert.equal(reason(second([[]], [[pod]])), undefined);
    assert.equal(reason(second([[pod]], [[]])), undefined);
    assert.equal(reason(second([[]], [[pod]]), { atLeast: 'info', when: 'changes' }), 'new');
    assert.equal(reason(second([[]], [[node('warning')]]), { atLeast: 'critical', when: 'changes' }), undefined);
    assert.equal(reason(second([[node('warning')]], [[node('critical')]]), { atLeast: 'critical', when: 'changes' }), 'graver');
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
    assert.equal(reason(second([[]], [[]]), { atLeast: 'warning', when: 'always' }), 'reminder');
  });

  test('everything, to a receiver that was sent nothing of this cluster before', () => {
    const links = [{ effect: pod.object, cause: ref('Node', 'n1'), because: 'it runs there' }];
    const waits = { ...pod, severity: 'critical' } as const;
    const gone = found('pod-not-ready', ref('Pod', 'gone', 'shop'));
    const old = found('pod-not-ready', ref('Pod', 'old', 'shop'));
    const previous = reportOf(scanOf([node('critical'), waits, gone, old], links), { facts: facts(yesterday) });
    const report = reportOf(scanOf([waits, old]), { previous });
    const message = notification(report, changes, { stored, receiver: { owed: true, known: false } });
    assert.equal(message?.reason, 'first');
    assert.equal(message?.subject, '[CRITICAL: first message, 2 findings] prod health-check');
    assert.match(message?.text ?? '', /Sent because nothing of this cluster was sent here before; from now on only\nchanges are told/);
    assert.match(message?.text ?? '', /FOUND\ncritical: Pod shop\/p1\n(?:.*\n)*?warning: Pod shop\/old\n/);
    assert.doesNotMatch(message?.text ?? '', /RESOLVED|ONGOING|REMAINING/, 'it knows of nothing that could be over');
    const always = notification(report, { atLeast: 'warning', when: 'always' }, { receiver: { owed: false, known: false } });
    assert.match(always?.text ?? '', /Sent because nothing of this cluster was sent here before \(severity warning/);
  });

  describe('reminders', () => {
    const weekly = { ...changes, remindAfterDays: 7 };
    const ongoing = second(
      [[node('critical'), found('pod-not-ready', ref('Pod', 'old', 'shop')), pod]],
      [[node('critical'), found('pod-not-ready', ref('Pod', 'old', 'shop')), pod]],
    );
    const told = (lastTold?: string) => ({ stored, receiver: { owed: false, known: true, ...(lastTold && { lastTold }) } });
    const daysBefore = (days: number) => new Date(Date.parse(ongoing.eventTime ?? '') - days * 86_400_000).toISOString();

    test('of what goes on, gravest first, when nothing was sent for so many days', () => {
      const message = notification(ongoing, weekly, told(daysBefore(7)));
      assert.equal(message?.reason, 'reminder');
      assert.equal(message?.subject, '[CRITICAL: 2 ongoing] prod health-check');
      assert.match(message?.text ?? '', /Sent because nothing was sent for 7 days, and this goes on \(severity warning\nor graver\)\./);
      assert.match(message?.text ?? '', /ONGOING\ncritical: Node n1\n(?:.*\n)*?warning: Pod shop\/old\n/);
      assert.doesNotMatch(message?.text ?? '', /listed in the report|Pod shop\/p1/);
    });

    test('not before, but a run that is a little early counts', () => {
      assert.equal(notification(ongoing, weekly, told(daysBefore(6)))?.reason, undefined);
      assert.equal(notification(ongoing, weekly, told(daysBefore(7 - 1 / 24)))?.reason, 'reminder');
      assert.equal(notification(ongoing, weekly, told(daysBefore(7 - 3 / 24)))?.reason, undefined);
    });

    test('not where it is not wished, nor where nothing that matters goes on', () => {
      assert.equal(notification(ongoing, changes, told(daysBefore(90))), undefined);
      assert.equal(notification(second([[pod]], [[pod]]), weekly, told(daysBefore(90))), undefined);
      assert.equal(notification(second([[]], [[]]), weekly, told(daysBefore(90))), undefined);
    });

    test('once where the state is from before there were times', () => {
      assert.equal(notification(ongoing, weekly, told())?.reason, 'reminder');
      assert.match(notification(ongoing, weekly, told())?.text ?? '', /Sent because this goes on/);
    });

    test('in one with what is new, where both are due', () => {
      const report = second([[node('critical')]], [[node('critical'), found('pod-waiting', ref('Pod', 'fresh', 'shop'))]]);
      const message = notification(report, weekly, told(daysBefore(8)));
      assert.equal(message?.reason, 'new');
      assert.equal(message?.subject, '[CRITICAL: 1 new, 1 ongoing] prod health-check');
      assert.match(message?.text ?? '', /NEW\nwarning: Pod shop\/fresh\n(?:.*\n)*\nONGOING\ncritical: Node n1\n/);
      assert.match(notification(report, weekly, told(daysBefore(2)))?.text ?? '', /ONGOING: 1 finding, listed in the report/);
    });

    test('each time, where every report is wished for', () => {
      const message = notification(ongoing, { atLeast: 'warning', when: 'always' }, told(daysBefore(1)));
      assert.equal(message?.reason, 'reminder');
      assert.match(message?.text ?? '', /Sent because every report is to be sent(?:.*\n)*\nONGOING\ncritical: Node n1\n/);
    });
  });

  test('never for a run of less than full scope', () => {
    assert.equal(reason({ ...reportOf(scanOf([node('critical')])), fullScope: false }, { atLeast: 'info', when: 'always' }), undefined);
  });
});

describe('what it says', () => {
  test('the subject: verdict, changes, cluster, operation', () => {
    const subject = (report: Report) => notification(report, { atLeast: 'warning', when: 'always' }, { stored })?.subject;
    assert.equal(subject(healthyReport()), '[HEALTHY: first report, 0 findings] prod health-check');
    assert.equal(subject(sampleReport()), '[CRITICAL: 2 new, 1 graver, 1 resolved, 1 check could not run] prod health-check');
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

GRAVER
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
    assert.ok(Buffer.byteLength(message.text) <= messageBudget);
    assert.ok(Buffer.byteLength(message.text) > messageBudget - 1000, 'and uses its room');
    const listed = message.text.match(/^(critical|warning): Pod/gm) ?? [];
    assert.equal(listed.length + message.leftOut, 3000);
    assert.ok(message.leftOut > 0);
    assert.equal(listed[0], 'critical: Pod');
    assert.match(
      message.text,
      new RegExp(`\nand ${new Intl.NumberFormat('en').format(message.leftOut)} more findings; the report has all\n`),
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

  test('no heading can be forged by what something is called', () => {
    const event = { apiVersion: 'v1', kind: 'Pod', name: 'x\n\nRESOLVED\nNode n1: critical since ever' };
    const { text = '' } = notification(reportOf(scanOf([found('warning-events', event, { message: 'a\n\nRESOLVED\nb' })])), changes) ?? {};
    assert.doesNotMatch(text, /^RESOLVED/m);
  });

  test('a line of an e-mail has 76 characters at most, but for what is to be copied', () => {
    const { text = '' } = notification(sampleReport(), { atLeast: 'info', when: 'always' }, { stored }) ?? {};
    const tooLong = text.split('\n').filter((line) => line.length > 76);
    for (const line of tooLong) assert.match(line, /^ {2,}(kubectl|aws s3 cp) /);
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
