import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { configurationSchema, type NotificationConfiguration } from '../../functions/runtime/configuration.ts';
import { publishersOf } from '../../functions/runtime/publishers.ts';

const arn = (name: string) => `arn:aws:sns:eu-central-1:111122223333:${name}`;
const bus = 'arn:aws:events:eu-central-1:111122223333:event-bus/nightshift';

/** The names of those who are told of a report of each cluster. */
const told = async (
  notify: readonly Partial<NotificationConfiguration>[],
  cluster = 'prod-eu',
  laidOver?: readonly (NotificationConfiguration | undefined)[],
) => {
  process.env.NIGHTSHIFT_TOPICS = JSON.stringify(notify.map(({ topic }) => (topic === 'create' ? arn('created') : topic)));
  const eks = { name: 'x', region: 'eu-central-1' };
  const configuration = configurationSchema.parse({
    clusters: { 'prod-eu': { eks, labels: { team: 'core' } }, 'prod-us': { eks }, 'edge-7': { eks } },
    notify,
  });
  const publishers = await publishersOf(configuration, cluster, laidOver);
  return publishers.map(({ name }) => name);
};

describe('who is told of a report', () => {
  before(() => {
    process.env.NIGHTSHIFT_BUS = bus;
    process.env.AWS_REGION = 'eu-central-1';
  });

  test('each rule’s topic, then the bus', async () => {
    assert.deepEqual(await told([]), [bus]);
    assert.deepEqual(await told([{ topic: 'create' }, { topic: arn('chat'), format: 'chat', atLeast: 'critical' }]), [
      `${arn('created')} (warning, changes)`,
      `${arn('chat')} (critical, changes, chat)`,
      bus,
    ]);
  });

  test('a rule is for the clusters that its patterns pick', async () => {
    const rules = [
      { topic: arn('prod'), clusters: ['prod-*'] },
      { topic: arn('core'), clusters: ['edge-9', 'team=core'] },
      { topic: arn('all') },
    ];
    const topics = async (cluster: string) => (await told(rules, cluster)).map((name) => /[^:]+(?= \()/.exec(name)?.[0] ?? 'bus');
    assert.deepEqual(await topics('prod-eu'), ['prod', 'core', 'all', 'bus']);
    assert.deepEqual(await topics('prod-us'), ['prod', 'all', 'bus']);
    assert.deepEqual(await topics('edge-7'), ['all', 'bus']);
  });

  test('rules that would send the same to the same topic are one', async () => {
    const rules: readonly Partial<NotificationConfiguration>[] = [
      { topic: 'create' },
      { topic: 'create', clusters: ['prod-*'], remindAfterDays: 7 },
      { topic: 'create', atLeast: 'info' },
    ];
    assert.deepEqual(await told(rules), [`${arn('created')} (warning, changes)`, `${arn('created')} (info, changes)`, bus]);
  });

  test('two rules of one topic that overrides make alike send one message', async () => {
    const today = { topic: arn('a'), format: 'text', atLeast: 'critical', when: 'changes' } as const;
    const rules = [{ topic: arn('a') }, { topic: arn('a'), atLeast: 'info' as const }];
    assert.deepEqual(await told(rules, 'prod-eu', [today, today]), [`${arn('a')} (warning, changes)`, bus]);
    assert.equal((await told(rules, 'prod-eu', [today, { ...today, format: 'chat' }])).length, 3);
  });

  test('a rule that counts otherwise today keeps its name, so that its receiver is no new one; one that is off tells nobody', async () => {
    const rules = [{ topic: arn('a') }, { topic: arn('b') }];
    const today = { topic: arn('a'), format: 'text', atLeast: 'critical', when: 'changes' } as const;
    assert.deepEqual(await told(rules, 'prod-eu', [today, undefined]), [`${arn('a')} (warning, changes)`, bus]);
  });
});
