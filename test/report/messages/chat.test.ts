import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ChatMessage, inChat } from '../../../functions/report/messages/chat.ts';
import { messageBudget, notification, structuredMessage } from '../../../functions/report/messages/notification.ts';
import type { Report } from '../../../functions/report/model.ts';
import fc from '../../fuzz.ts';
import { facts, found, healthyReport, ref, reportOf, sampleReport, scanOf, yesterday } from '../sample-report.ts';
import { assertHarmless, chatSchema } from './chat-format.ts';

const rule = { atLeast: 'warning', when: 'changes', format: 'chat' } as const;
const key = 'reports/prod/health-check/2026/11/24/060000Z-0123456789abcdef';
const stored = { location: 's3://nightshift-reports', json: `${key}.json`, html: `${key}.html`, latest: true, problems: [] };
const sent = (report: Report, context: Partial<Parameters<typeof notification>[2]> = {}) => {
  const message = notification(report, rule, { stored, region: 'eu-central-1', ...context });
  assert.ok(message?.chat);
  return { ...message, chat: message.chat };
};
const chatOf = (report: Report): ChatMessage => {
  const { chat } = sent(report);
  chatSchema.parse(chat);
  assertHarmless(chat);
  return chat;
};

describe('the chat message', () => {
  test('says why it was sent, what is new, graver and resolved, the rest as a count, and what could not run', () => {
    const { content, metadata } = chatOf(sampleReport());
    assert.equal(content.title, '[CRITICAL: 2 new, 1 graver, 1 resolved, 1 check could not run] prod health-check');
    assert.equal(
      content.description,
      `2 critical (1 new, 1 not verified), 2 warnings (1 new), 1 resolved; 1 check could not run
Sent because there are new findings (severity warning or graver).

*NEW*
*critical* Node ip-10-0-3-17.eu-central-1.compute.internal: the kubelet stopped posting node status (explains 63 more)
*warning* Deployment monitoring/grafana: cannot pull the image docker.io/grafana/grafana:11.99.0: not found

*GRAVER*
*warning* Namespace preview-1421: terminating for 9 days: 2 certificates.cert-manager.io still have the finalizer finalizer.acme.cert-manager.io (raised from info, since 2026-11-23 06:00 UTC)

*RESOLVED*
*critical* Deployment shop/cart: since 2026-11-23 06:00 UTC

*ONGOING*: 1 finding, listed in the report

*COULD NOT RUN*: 1 check
*cronjob-missed-schedule*: cronjobs.batch is forbidden: User "nightshift" cannot list resource "cronjobs" in API group "batch" at the cluster scope`,
    );
    assert.deepEqual(content.keywords, ['critical', 'prod', 'health-check', 'new']);
    assert.deepEqual(metadata, {
      threadId: 'nightshift/prod/health-check/2026-11-24',
      summary: 'prod health-check: critical. 2 critical (1 new, 1 not verified), 2 warnings (1 new), 1 resolved; 1 check could not run',
      eventType: 'Nightshift health-check',
      relatedResources: ['Node ip-10-0-3-17.eu-central-1.compute.internal', 'Deployment monitoring/grafana', 'Namespace preview-1421'],
      additionalContext: {
        reason: 'new',
        severity: 'critical',
        cluster: 'prod',
        operation: 'health-check',
        runId: '0123456789abcdef',
        report: `s3://nightshift-reports/${key}.json`,
      },
    });
  });

  test('its next steps are what to do about the gravest, and where the report is', () => {
    const link = `https://eu-central-1.console.aws.amazon.com/s3/object/nightshift-reports?region=eu-central-1&amp;prefix=${key}.html`;
    assert.deepEqual(chatOf(sampleReport()).content.nextSteps, [
      '*Node ip-10-0-3-17.eu-central-1.compute.internal*: kubectl describe node ip-10-0-3-17.eu-central-1.compute.internal',
      '*Deployment monitoring/grafana*: kubectl -n monitoring set image deployment/grafana grafana=docker.io/grafana/grafana:TAG',
      '*Namespace preview-1421*: kubectl -n preview-1421 get certificates.cert-manager.io -o yaml',
      `The full report in the S3 console: ${link}`,
      `The full report: aws s3 cp s3://nightshift-reports/${key}.html report.html`,
    ]);
    const steps = (context: Parameters<typeof sent>[1]) => sent(healthyReport(), context).chat.content.nextSteps;
    const folder = { ...stored, location: 's3://shared/night shift' };
    assert.match(steps({ stored: folder })[0] ?? '', /\/s3\/object\/shared\?region=eu-central-1&amp;prefix=night%20shift\/reports\//);
    assert.deepEqual(steps({ region: undefined }), [`The full report: aws s3 cp s3://nightshift-reports/${key}.html report.html`]);
    assert.deepEqual(steps({ stored: { ...stored, location: '/var/nightshift' } }), [`The full report: /var/nightshift/${key}.html`]);
  });

  test('a healthy first report is a message too', () => {
    const { content } = chatOf(healthyReport());
    assert.match(content.title, /^\[HEALTHY: first report, 0 findings\]/);
    assert.match(content.description, /^healthy|found nothing/);
    assert.equal(content.nextSteps.length, 2);
  });

  test('is cut by whole findings, gravest first, and says how many more there are', () => {
    const out = Array.from({ length: 300 }, (_, index) =>
      found('pod-waiting', ref('Pod', `p${index}`, 'shop'), {
        message: `${'<ü🌙>'.repeat(20)} ${index}`,
        severity: index >= 297 ? 'critical' : 'warning',
      }),
    );
    const message = sent(reportOf(scanOf(out)));
    chatSchema.parse(message.chat);
    assertHarmless(message.chat);
    const { description, nextSteps } = message.chat.content;
    const lines = description.split('\n');
    const told = lines.filter((line) => /^\*(critical|warning)\* Pod shop\/p\d+: .* \d+$/.test(line));
    assert.ok(told.length > 20 && told.length < 300);
    assert.ok(description.length > 7_500, 'and uses its room');
    assert.equal(told.filter((line) => line.startsWith('*critical*')).length, 3);
    assert.ok(description.endsWith(`and ${300 - told.length} more findings; the report has all`));
    assert.equal(message.leftOut, 300 - told.length);
    assert.equal(nextSteps.length, 10);
    assert.match(nextSteps[0] ?? '', /^\*Pod shop\/p297\*/);
    assert.match(nextSteps.at(-1) ?? '', /^The full report: aws s3 cp/);
    assert.equal(message.text.match(/^(critical|warning): Pod/gm)?.length, 300, 'the e-mail has room for all');
  });

  test('one finding that is too long alone is left out whole, and a step that is too long or a rule to copy is left to the report', () => {
    const report = reportOf(
      scanOf([
        found('node-not-ready', ref('Node', 'n1'), { severity: 'critical', message: 'x '.repeat(5_000) }),
        found('pod-waiting', ref('Pod', 'p1', 'shop'), { remedy: 'y'.repeat(351) }),
        found('pod-waiting', ref('Pod', 'p2', 'shop'), { remedy: 'add:\n- apiGroups: [""]' }),
      ]),
    );
    const { content } = chatOf(report);
    assert.match(content.description, /\*warning\* Pod shop\/p1(.|\n)*and 1 more finding; the report has all$/);
    assert.deepEqual(
      content.nextSteps.map((step) => step.split(':')[0]),
      ['*Node n1*', 'The full report in the S3 console', 'The full report'],
    );
  });

  test('a late run belongs to the day for which it was', () => {
    const late = reportOf(scanOf([]), { facts: facts({ eventTime: '2026-11-23T23:59:00.000Z', startedAt: '2026-11-24T00:10:00.000Z' }) });
    assert.equal(chatOf(late).metadata.threadId, 'nightshift/prod/health-check/2026-11-23');
  });
});

describe('what a cluster says, in chat', () => {
  const cases: Readonly<Record<string, [said: string, shown: string]>> = {
    'a mention of everybody': ['<!channel> <!here>', '&lt;!channel&gt; &lt;!here&gt;'],
    'a mention by name': ['@channel ask @ops-team', '@ channel ask @ ops-team'],
    'an image’s digest, which is no mention': ['repo/app@sha256:0a1b', 'repo/app@sha256:0a1b'],
    'a link with another face': [
      '<https://evil.example|the report> [the report](https://evil.example)',
      '&lt;https://evil.example|the report&gt; [the report] (https://evil.example)',
    ],
    formatting: ['*all* _fine_ ~now~ `ok`', '∗all∗ ˍfineˍ ∼now∼ ˋokˋ'],
    'an underscore within a word': ['my_config_map __init__', 'my_config_map ˍˍinitˍˍ'],
    entities: ['a &amp; b', 'a &amp;amp; b'],
    'lines and control characters': ['a\r\n\n*RESOLVED*\u0007\tb', 'a ∗RESOLVED∗ b'],
    'what turns the direction around, or is not seen': ['\u202egnp.exe\u2069 a\u200bb\u200f\ufeff\u061c', 'gnp.exe ab'],
    'half a character': ['a\ud83cb', 'ab'],
  };
  for (const [what, [said, shown]] of Object.entries(cases)) test(what, () => assert.equal(inChat(said), shown));

  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(...'<>&*_~`@![]()|#:\\"\n\r\u202e\u200f\u0000', '<!channel>', '](', '&lt', '@here'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
    ),
    maxLength: 300,
  });

  test('is harmless and within the format’s limits, whatever it is; all of it within SNS’s', () => {
    const finding = fc.record({ kind: hostile, name: hostile, message: hostile, remedy: hostile });
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 40 }), hostile, (findings, reason) => {
        const out = findings.map(({ kind, name, message, remedy }, index) =>
          found('warning-events', { apiVersion: 'v1', kind: `${kind}x`, name: `${name}${index}` }, { message, remedy }),
        );
        const gap = { id: 'pod-waiting', outcome: 'incomplete', objects: 0, reason: `${reason}x`, remedy: reason } as const;
        const previous = reportOf(scanOf(out.slice(0, 10)), { facts: facts(yesterday) });
        for (const report of [reportOf(scanOf(out, [], [gap])), reportOf(scanOf(out.slice(5), [], [gap]), { previous })]) {
          const message = notification(report, { ...rule, when: 'always' }, { stored, region: 'eu-central-1' });
          assert.ok(message?.chat);
          chatSchema.parse(message.chat);
          assertHarmless(message.chat);
          assert.ok(Buffer.byteLength(structuredMessage(message.text, message.chat)) <= messageBudget);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a message full of what JSON escapes stays within SNS’s bytes, and the e-mail loses what has no room', () => {
    const out = Array.from({ length: 4_000 }, (_, index) =>
      found('pod-waiting', ref('Pod', `p${index}`, 'shop'), { message: `"\\"\\"\\"\\ü🌙${'"\\'.repeat(20)} ${index}` }),
    );
    const { text, chat, leftOut } = sent(reportOf(scanOf(out)));
    const bytes = Buffer.byteLength(structuredMessage(text, chat));
    assert.ok(bytes <= messageBudget && bytes > messageBudget - 2_000, `${bytes}`);
    const listed = text.match(/^warning: Pod/gm)?.length ?? 0;
    assert.equal(listed + leftOut, 4_000);
    const parsed = JSON.parse(structuredMessage(text, chat));
    assert.equal(parsed.default, text);
    chatSchema.parse(JSON.parse(parsed.https));
  });
});
