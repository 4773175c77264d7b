import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { excerpt } from '../../functions/report/excerpt.ts';
import type { Report } from '../../functions/report/model.ts';
import { type Publisher, publishReport } from '../../functions/report/publish.ts';
import { eventBridgePublisher, eventDetail } from '../../functions/report/publish-eventbridge.ts';
import { snsPublisher } from '../../functions/report/publish-sns.ts';
import { returnValue } from '../../functions/report/return-value.ts';
import { reportStore } from '../../functions/report/store/report-store.ts';
import type { Storage } from '../../functions/report/store/storage.ts';
import { chatSchema } from './messages/chat-format.ts';
import { facts, found, healthyReport, ref, reportOf, sampleReport, scanOf } from './sample-report.ts';

const memoryStorage = (): Storage => {
  const texts = new Map<string, string>();
  return {
    location: 's3://bucket',
    read: async (key) => {
      const text = texts.get(key);
      return text === undefined ? undefined : { text, version: text };
    },
    write: async (key, text) => {
      texts.set(key, text);
      return true;
    },
  };
};
const store = () => reportStore(memoryStorage(), assert.fail);
const stored = { location: 's3://bucket', json: 'a.json', html: 'a.html', latest: true, problems: [] };
const publisher = (name: string, publish: Publisher['publish']): Publisher => ({ name, publish });
const sending = (name: string, seen: unknown[]) =>
  publisher(name, async (_, { json }) => {
    seen.push(json);
    return { sent: true, detail: 'sent' };
  });

/** Much of everything: 5,000 findings of which the first has 1,000 consequences. */
const bigReport = (): Report => {
  const node = ref('Node', 'n');
  const pods = Array.from({ length: 1000 }, (_, index) => ref('Pod', `p${index}`, 'x'));
  const others = Array.from({ length: 5000 }, (_, index) =>
    found('pod-waiting', ref('Pod', `q${index}`, 'y'), { message: 'é'.repeat(300) }),
  );
  const scan = scanOf(
    [found('node-not-ready', node, { severity: 'critical', members: pods }), ...pods.map((pod) => found('pod-not-ready', pod)), ...others],
    pods.map((effect) => ({ effect, cause: node, because: 'it runs there' })),
  );
  return reportOf({ ...scan, memory: { 'pod-waiting': 'remembered' } });
};

describe('publishReport', () => {
  test('stores first, then tells all, and one that fails does not keep the others from it', async () => {
    const seen: unknown[] = [];
    const failing = publisher('sns:broken', async () => {
      throw Object.assign(new Error('no such topic'), { name: 'NotFoundException' });
    });
    const { outcomes } = await publishReport(healthyReport(), '', store(), [failing, sending('sns:ops', seen)]);
    const json = 'reports/prod/health-check/2026/11/24/060000Z-0123456789abcdef.json';
    assert.deepEqual(seen, [json]);
    assert.deepEqual(outcomes, [
      { publisher: 's3://bucket', ok: true, detail: json },
      {
        publisher: 'sns:broken',
        ok: false,
        detail: 'NotFoundException: no such topic (the topic is gone: deploy again, or correct notify in nightshift.yaml)',
      },
      { publisher: 'sns:ops', ok: true, detail: 'sent' },
    ]);
  });

  test('throws, and tells nobody, if the report could not be stored', async () => {
    const seen: unknown[] = [];
    const full: Storage = { ...memoryStorage(), write: async () => Promise.reject(new Error('no room')) };
    await assert.rejects(publishReport(healthyReport(), '', reportStore(full, assert.fail), [sending('sns:ops', seen)]), /no room/);
    assert.deepEqual(seen, []);
  });

  test('the same run sends once, and after a failure only what had failed', async () => {
    const seen: unknown[] = [];
    let broken = true;
    const flaky = publisher('eventbridge:bus', async () => {
      if (broken) throw new Error('throttled');
      seen.push('event');
      return { sent: true, detail: 'sent' };
    });
    const kept = store();
    const publishers = [sending('sns:ops', seen), flaky];
    await publishReport(healthyReport(), '', kept, publishers);
    broken = false;
    const { outcomes } = await publishReport(healthyReport(), '', kept, publishers);
    await publishReport(healthyReport(), '', kept, publishers);
    assert.deepEqual(
      seen.map((each) => (each === 'event' ? each : 'message')),
      ['message', 'event'],
    );
    assert.deepEqual(outcomes.map(({ detail }) => detail).slice(1), ['this run had already sent it', 'sent']);
    await publishReport({ ...healthyReport(), runId: 'another' }, '', kept, publishers);
    assert.equal(seen.length, 4);
  });

  test('of many that send at once each is marked: a retry tells none of them twice', async () => {
    const texts = new Map<string, { text: string; version: string }>();
    // As S3 does it: a write that another one overtook is refused.
    const conditional: Storage = {
      location: 's3://bucket',
      read: async (key) => {
        await sleep(1);
        return texts.get(key);
      },
      write: async (key, text, _type, precondition) => {
        await sleep(1);
        const held = texts.get(key)?.version;
        if (precondition && (precondition === 'absent' ? held !== undefined : held !== precondition.version)) return false;
        texts.set(key, { text, version: `${Number(held ?? 0) + 1}` });
        return true;
      },
    };
    const kept = reportStore(conditional, assert.fail);
    const seen: unknown[] = [];
    const publishers = Array.from({ length: 12 }, (_, index) => sending(`sns:${index}`, seen));
    await publishReport(healthyReport(), '', kept, publishers);
    await publishReport(healthyReport(), '', kept, publishers);
    assert.equal(seen.length, 12);
  });

  test('a mark that cannot be written does not make a sent message a failure', async () => {
    const marked = store();
    const seen: unknown[] = [];
    const { outcomes } = await publishReport(
      healthyReport(),
      '',
      { ...marked, markNotified: async () => Promise.reject(new Error('no')) },
      [sending('sns:ops', seen)],
    );
    assert.deepEqual([outcomes[1]?.ok, seen.length], [true, 1]);
  });
});

const client = <C extends { send: unknown }>(made: C, answers: readonly unknown[]) => {
  const sent: Record<string, unknown>[] = [];
  made.send = async ({ input }: { input: Record<string, unknown> }) => {
    sent.push(input);
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { made, sent };
};
const options = { region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };

test('what could not be sent is made up for by the next run, once, though nothing changed by then', async () => {
  const texts: string[] = [];
  let refusing = true;
  const topic: SNSClient = new SNSClient(options);
  topic.send = (async ({ input }: { input: { Message: string } }) => {
    if (refusing) throw new Error('KMS says no');
    texts.push(input.Message);
    return { MessageId: 'm' };
  }) as unknown as SNSClient['send'];
  const told = snsPublisher(topic, 'arn:aws:sns:eu-central-1:111122223333:ops', { atLeast: 'warning', when: 'changes' });
  const kept = store();
  const first = sampleReport();
  const night = (day: number, { runId, startedAt }: Report): Report => ({
    ...first,
    runId: `night-${day}`,
    eventTime: `2026-12-0${day}T06:00:00.000Z`,
    startedAt: `2026-12-0${day}T06:00:00.000Z`,
    comparedWith: { runId, startedAt, incomplete: first.incomplete.map(({ check }) => check) },
    resolved: [],
    findings: first.findings.map(({ raisedFrom: _, formerCause: __, ...finding }) => ({ ...finding, change: 'ongoing' as const })),
  });
  refusing = false;
  const welcome: Report = {
    ...healthyReport(),
    runId: 'welcome',
    eventTime: '2026-11-01T06:00:00.000Z',
    startedAt: '2026-11-01T06:00:00.000Z',
  };
  assert.match((await publishReport(welcome, '', kept, [told])).outcomes[1]?.detail ?? '', /^sent \(first\)/);
  refusing = true;
  const failed = await publishReport(first, '', kept, [told]);
  assert.equal(failed.outcomes[1]?.ok, false);
  refusing = false;
  texts.length = 0;
  assert.match((await publishReport(night(1, first), '', kept, [told])).outcomes[1]?.detail ?? '', /^sent \(owed\)/);
  assert.match(texts[0] ?? '', /Sent because the last report was not told here/);
  for (const { object } of first.findings.filter(({ severity }) => severity !== 'info')) {
    assert.ok(texts[0]?.includes(object.name), `tells of ${object.name}`);
  }
  assert.match((await publishReport(night(2, night(1, first)), '', kept, [told])).outcomes[1]?.detail ?? '', /nothing changed/);
  assert.equal(texts.length, 1);
});

test('the first message that could not be sent is the first still, and lists everything', async () => {
  const { made, sent } = client(new SNSClient(options), [new Error('KMS says no'), { MessageId: 'm' }]);
  const told = snsPublisher(made, 'arn:aws:sns:eu-central-1:111122223333:ops', { atLeast: 'warning', when: 'changes' });
  const kept = store();
  const first = sampleReport();
  await publishReport(first, '', kept, [told]);
  const next: Report = { ...first, runId: 'next', comparedWith: { runId: first.runId, startedAt: first.startedAt } };
  assert.match((await publishReport(next, '', kept, [told])).outcomes[1]?.detail ?? '', /^sent \(first\)/);
  assert.match(String(sent[1]?.Message), /\nFOUND\n(?:.*\n)*critical: Node ip-10-0-3-17/);
});

test('a reminder comes so many days after the last message, and begins the time anew', async () => {
  const { made, sent } = client(new SNSClient(options), [{ MessageId: 'm' }]);
  const told = snsPublisher(made, 'arn:aws:sns:eu-central-1:111122223333:ops', { atLeast: 'warning', when: 'changes', remindAfterDays: 3 });
  const kept = store();
  const first = sampleReport();
  const night = async (day: number): Promise<string | undefined> => {
    const [before = '', time = ''] = [day - 1, day].map((each) => new Date(Date.UTC(2026, 10, 24 + each, 6)).toISOString());
    const report: Report = {
      ...first,
      runId: `night-${day}`,
      eventTime: time,
      startedAt: time,
      comparedWith: { runId: `night-${day - 1}`, startedAt: before, incomplete: first.incomplete.map(({ check }) => check) },
      resolved: [],
      findings: first.findings.map(({ raisedFrom: _, formerCause: __, ...finding }) => ({ ...finding, change: 'ongoing' as const })),
    };
    return /^sent \((.*)\)/.exec((await publishReport(report, '', kept, [told])).outcomes[1]?.detail ?? '')?.[1];
  };
  const reasons: (string | undefined)[] = [];
  for (let day = 0; day < 8; day++) reasons.push(await night(day));
  assert.deepEqual(reasons, ['first', undefined, undefined, 'reminder', undefined, undefined, 'reminder', undefined]);
  assert.equal(sent.length, 3);
});

describe('a receiver that did not hear of every report', () => {
  const arn = 'arn:aws:sns:eu-central-1:111122223333:ops';
  const rule = { atLeast: 'warning', when: 'changes' } as const;
  const dead = found('node-not-ready', ref('Node', 'n1'), { severity: 'critical' });
  const waiting = found('pod-waiting', ref('Pod', 'p1', 'shop'));
  const missed = found('cronjob-missed-schedule', ref('CronJob', 'c1', 'shop'));
  type Found = typeof dead;

  /** One topic night after night; `tell` gives the reason and the text of what was sent. */
  const nights = () => {
    const { made, sent } = client(new SNSClient(options), [{ MessageId: 'm' }]);
    const kept = store();
    let previous: Report | undefined;
    let night = 0;
    const tell = async (out: readonly Found[], as: { atLeast?: 'critical' | 'info' } | 'silent' = {}, run?: string) => {
      night += 1;
      const day = String(night).padStart(2, '0');
      const startedAt = `2026-12-${day}T06:00:00.000Z`;
      const report = reportOf(scanOf(out), { previous, facts: facts({ runId: run ?? `run-${day}`, eventTime: startedAt, startedAt }) });
      const before = sent.length;
      const publishers = as === 'silent' ? [] : [snsPublisher(made, arn, { ...rule, ...as }, { name: 'ops' })];
      const { outcomes } = await publishReport(report, '', kept, publishers, previous);
      previous = report;
      const reason = /^sent \((.*)\)/.exec(outcomes[1]?.detail ?? '')?.[1];
      return { reason, text: sent.length > before ? String(sent.at(-1)?.Message) : '' };
    };
    return tell;
  };

  test('for its topic was silenced, is told what it missed, and then changes again', async () => {
    const tell = nights();
    assert.equal((await tell([])).reason, 'first');
    await tell([dead], 'silent');
    await tell([dead, waiting], 'silent');
    const { reason, text } = await tell([dead, waiting]);
    assert.equal(reason, 'owed');
    assert.match(text, /ONGOING\ncritical: Node n1\n(?:.*\n)*?warning: Pod shop\/p1\n/);
    assert.equal((await tell([dead, waiting])).reason, undefined);
    assert.equal((await tell([dead])).reason, 'resolved');
  });

  test('for its rule was for graver ones meanwhile, is told them when it is for milder ones again, and not in between', async () => {
    const tell = nights();
    await tell([]);
    assert.equal((await tell([waiting], { atLeast: 'critical' })).reason, undefined);
    assert.equal((await tell([waiting, dead], { atLeast: 'critical' })).reason, 'new');
    assert.equal((await tell([waiting, dead], { atLeast: 'critical' })).reason, undefined);
    const { reason, text } = await tell([waiting, dead]);
    assert.equal(reason, 'owed');
    assert.match(text, /warning: Pod shop\/p1/);
    assert.equal((await tell([waiting, dead], { atLeast: 'critical' })).reason, undefined, 'who heard of all heard of the graver ones');
    assert.equal((await tell([waiting, dead], { atLeast: 'info' })).reason, 'owed', 'what is milder was never told');
  });

  test('is told at the next run what a second try of a run found that had been told already', async () => {
    const tell = nights();
    await tell([]);
    assert.equal((await tell([dead], {}, 'twice')).reason, 'new');
    assert.equal((await tell([dead, waiting], {}, 'twice')).reason, undefined, 'nobody is told twice of a run');
    const { reason, text } = await tell([dead, waiting]);
    assert.equal(reason, 'owed');
    assert.match(text, /warning: Pod shop\/p1/);
    assert.equal((await tell([dead, waiting, missed], {}, 'again')).reason, 'new');
    assert.equal((await tell([dead, waiting, missed], {}, 'again')).reason, undefined);
    assert.equal((await tell([dead, waiting, missed])).reason, undefined, 'a second try that says the same leaves nothing open');
  });
});

test('marks that cannot be read make nobody a new receiver, nor one that is due a reminder', async () => {
  const { made, sent } = client(new SNSClient(options), [{ MessageId: 'm' }]);
  const told = snsPublisher(made, 'arn:aws:sns:eu-central-1:111122223333:ops', { atLeast: 'warning', when: 'changes', remindAfterDays: 1 });
  const unreadable = { ...store(), deliveries: async () => Promise.reject(new Error('SlowDown')) };
  const report = sampleReport();
  await publishReport(report, '', unreadable, [told]);
  assert.match(String(sent[0]?.Message), /Sent because there are new findings/);
  const same: Report = {
    ...report,
    comparedWith: { runId: 'x', startedAt: report.startedAt, incomplete: report.incomplete.map(({ check }) => check) },
    resolved: [],
    findings: report.findings.map(({ raisedFrom: _, ...finding }) => ({ ...finding, change: 'ongoing' as const })),
  };
  await publishReport(same, '', unreadable, [told]);
  assert.equal(sent.length, 1);
});

describe('the SNS publisher', () => {
  const topic = 'arn:aws:sns:eu-central-1:111122223333:nightshift';
  const publish = async (report: Report, format: 'text' | 'chat' = 'text') => {
    const { made, sent } = client(new SNSClient(options), [{ MessageId: 'm-1' }]);
    const delivery = await snsPublisher(made, topic, { atLeast: 'warning', when: 'changes', format }).publish(report, stored, {
      owed: false,
      known: true,
    });
    return { delivery, sent };
  };

  test('sends subject, text and attributes to filter by', async () => {
    const { delivery, sent } = await publish(sampleReport());
    assert.deepEqual(delivery, { sent: true, detail: 'sent (new), message m-1' });
    const [{ TopicArn, Subject, Message, MessageAttributes } = {}] = sent;
    assert.equal(TopicArn, topic);
    assert.match(String(Subject), /^\[CRITICAL: 2 new/);
    assert.match(String(Message), /aws s3 cp s3:\/\/bucket\/a\.html/);
    const values = Object.entries(MessageAttributes as Record<string, { StringValue: string }>).map(([name, { StringValue }]) => [
      name,
      StringValue,
    ]);
    assert.deepEqual(Object.fromEntries(values), {
      severity: 'critical',
      cluster: 'prod',
      operation: 'health-check',
      reason: 'new',
      newCritical: '1',
    });
  });

  test('sends chat and text in one message', async () => {
    const [{ Message, MessageStructure, Subject } = {}] = (await publish(sampleReport(), 'chat')).sent;
    assert.equal(MessageStructure, 'json');
    const { default: text, https, ...others } = JSON.parse(String(Message));
    assert.deepEqual(others, {});
    const [plain = {}] = (await publish(sampleReport())).sent;
    assert.deepEqual([plain.MessageStructure, plain.Message, plain.Subject], [undefined, text, Subject]);
    assert.equal(chatSchema.parse(JSON.parse(https)).metadata.additionalContext.reason, 'new');
  });

  test('two rules of one topic are two receivers; whom else a rule is for makes none', () => {
    const name = (rule: Parameters<typeof snsPublisher>[2]) => snsPublisher(new SNSClient(options), topic, rule).name;
    const rule = { atLeast: 'warning', when: 'changes' } as const;
    assert.equal(name(rule), `${topic} (warning, changes)`);
    assert.equal(name({ ...rule, format: 'text', remindAfterDays: 7 }), name(rule));
    const others = [
      { ...rule, format: 'chat' },
      { ...rule, atLeast: 'info' },
      { ...rule, when: 'always' },
    ] as const;
    assert.equal(new Set([rule, ...others].map(name)).size, 4);
  });

  for (const format of ['text', 'chat'] as const)
    test(`stays within 262,144 bytes as ${format}, attributes counted, and says if it was cut`, async () => {
      const [{ Message, MessageAttributes } = {}] = (await publish(bigReport(), format)).sent;
      const attributes = Object.entries(MessageAttributes as Record<string, { DataType: string; StringValue: string }>);
      const bytes =
        Buffer.byteLength(String(Message)) +
        attributes.reduce((sum, [name, { DataType, StringValue }]) => sum + Buffer.byteLength(name + DataType + StringValue), 0);
      assert.ok(bytes <= 262_144);
      assert.ok(attributes.some(([name, { StringValue }]) => name === 'truncated' && StringValue === 'true'));
    });

  test('sends nothing where nothing changed, which is no delivery', async () => {
    const unchanged: Report = { ...healthyReport(), comparedWith: { runId: 'x', startedAt: '2026-11-23T06:00:00.000Z' } };
    const { delivery, sent } = await publish(unchanged);
    assert.deepEqual([delivery.sent, sent.length], [false, 0]);
  });
});

test('an excerpt lists what is settling within its limits', () => {
  const { resolved: _, ...report } = bigReport();
  const settling = report.findings;
  const { settling: listed, leftOut } = excerpt({ ...report, resolved: [], settling }, { findings: 20, bytes: 30_000 });
  assert.ok(listed && listed.length > 0 && listed.length < 20);
  assert.equal(leftOut.settling, settling.length - listed.length);
  const detail = eventDetail({ ...report, resolved: [], settling }, stored);
  assert.ok(Buffer.byteLength(JSON.stringify(detail)) < 262_144);
  assert.equal(detail.settling?.length, 20);
  assert.deepEqual(
    [excerpt(bigReport(), { findings: 1, bytes: 9e9 }).settling, eventDetail(bigReport(), stored).leftOut.settling],
    [undefined, undefined],
  );
});

describe('the EventBridge publisher', () => {
  const accepted = { FailedEntryCount: 0, Entries: [{ EventId: 'e-1' }] };
  const refused = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }] };
  const bus = 'arn:aws:events:eu-central-1:111122223333:event-bus/nightshift';
  const publish = async (answers: readonly unknown[]) => {
    const { made, sent } = client(new EventBridgeClient(options), answers);
    return {
      result: await eventBridgePublisher(made, bus, 1)
        .publish(sampleReport(), stored, { owed: false, known: true })
        .catch((error: unknown) => error),
      sent,
    };
  };

  test('puts Report Published with the report and where it lies', async () => {
    const { result, sent } = await publish([accepted]);
    assert.deepEqual(result, { sent: true, detail: 'sent, event e-1' });
    const [entry] = (sent[0]?.Entries ?? []) as { Source: string; DetailType: string; EventBusName: string; Detail: string }[];
    assert.deepEqual([entry?.Source, entry?.DetailType, entry?.EventBusName], ['nightshift', 'Report Published', bus]);
    const detail = JSON.parse(entry?.Detail ?? '');
    assert.deepEqual(detail.stored, { location: 's3://bucket', json: 'a.json', html: 'a.html', latest: true });
    assert.deepEqual([detail.runId, detail.findings.length, detail.memory], ['0123456789abcdef', 4, undefined]);
  });

  test('sends an entry again that the bus refused, and fails if it goes on refusing', async () => {
    const again = await publish([refused, accepted]);
    assert.deepEqual([(again.result as { sent: boolean }).sent, again.sent.length], [true, 2]);
    const never = await publish([refused]);
    assert.match((never.result as Error).message, /refused 1 event, each tried several times \(ThrottlingException: slow down\)/);
    assert.equal(never.sent.length, 3);
  });

  test('tells of the 20 gravest, in less than 256 KB', () => {
    const detail = eventDetail(bigReport(), stored);
    assert.equal(detail.findings.length, 20);
    assert.equal(detail.findings[0]?.check, 'node-not-ready');
    assert.deepEqual([detail.findings[0]?.consequences?.length, detail.findings[0]?.consequenceCount], [20, 1000]);
    assert.equal(detail.leftOut.findings, 5001 - 20);
    const large = { ...bigReport(), findings: bigReport().findings.map((finding) => ({ ...finding, message: 'é'.repeat(50_000) })) };
    const cut = eventDetail(large, stored);
    assert.ok(Buffer.byteLength(`nightshiftReport Published${JSON.stringify(cut)}`) + 14 < 262_144);
    assert.deepEqual([cut.findings.length, cut.leftOut.findings], [2, 4999]);
  });
});

describe('the return value', () => {
  test('has the verdict, where the report lies, who was told, and the gravest findings', () => {
    const outcomes = [{ publisher: 's3://bucket', ok: true, detail: 'a.json' }];
    const value = returnValue(sampleReport(), { stored, outcomes });
    assert.deepEqual([value.status, value.complete, value.report.json, value.publishers], ['critical', false, 'a.json', outcomes]);
    assert.equal(value.findings.length, 4);
    assert.deepEqual(value.leftOut, { findings: 0, resolved: 0, incomplete: 0, actions: 0 });
  });

  test('is 200 KB at most, and says how many findings it leaves out', () => {
    const report = bigReport();
    const value = returnValue(report, { stored, outcomes: [] });
    const bytes = Buffer.byteLength(JSON.stringify(value));
    assert.ok(bytes <= 200_000 && bytes > 190_000, `${bytes}`);
    assert.equal(value.findings.length + value.leftOut.findings, report.findings.length);
    assert.equal(value.findings[0]?.severity, 'critical');
  });
});
