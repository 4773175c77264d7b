import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { overdueMessage } from '../../functions/overdue-reports/message.ts';
import type { OverdueReport } from '../../functions/overdue-reports/overdue.ts';

const stage: OverdueReport = {
  cluster: 'stage',
  operation: 'health-check',
  lastReport: '2026-11-22T05:00:12.000Z',
  due: '2026-11-24T05:00:00.000Z',
  schedule: 'cron 0 6 * * ? * (Europe/Berlin)',
};
const { lastReport: _, ...never } = stage;
const checkedAt = '2026-11-24T10:00:00.000Z';

describe('the message', () => {
  test('says of each when it last reported and when it was due, in the order given', () => {
    const message = overdueMessage([{ ...never, cluster: 'prod' }, stage], checkedAt);
    assert.equal(message.subject, '[OVERDUE 2] prod health-check');
    assert.deepEqual(message.text.split('\n').slice(0, 6), [
      'Nightshift: 2 reports are overdue. Nobody knows how these clusters are.',
      '',
      'prod health-check: never reported',
      '  the last one was due 2026-11-24 05:00 UTC, by cron 0 6 * * ? * (Europe/Berlin)',
      'stage health-check: last report 2026-11-22 05:00 UTC',
      '  the last one was due 2026-11-24 05:00 UTC, by cron 0 6 * * ? * (Europe/Berlin)',
    ]);
    assert.match(message.text, /What to do: /);
    assert.match(overdueMessage([stage], checkedAt).text, /^Nightshift: 1 report is overdue\./);
  });

  test('is one for chat too, in which the stars of a cron format nothing', () => {
    const { chat } = overdueMessage([stage], checkedAt);
    assert.equal(chat.content.title, '[OVERDUE 1] stage health-check');
    assert.deepEqual(chat.content.description.split('\n'), [
      '1 report is overdue. Nobody knows how these clusters are.',
      '',
      '*stage health-check*: last report 2026-11-22 05:00 UTC; the last one was due 2026-11-24 05:00 UTC, by cron 0 6 ∗ ∗ ? ∗ (Europe/Berlin)',
    ]);
    assert.ok(chat.content.nextSteps.every((step) => step.length <= 350));
    assert.equal(chat.metadata.threadId, 'nightshift/overdue-reports/2026-11-24');
  });

  test('fits SNS for a whole fleet: an ASCII subject of under 100 characters, under 256 KB, and says how many are left out', () => {
    const fleet = Array.from({ length: 500 }, (_, index) => ({ ...stage, cluster: `${index}`.padStart(40, 'c') }));
    const { subject, text, chat } = overdueMessage(fleet, checkedAt);
    assert.match(subject, /^[\x21-\x7e][\x20-\x7e]{0,98}$/);
    assert.ok(Buffer.byteLength(text) < 262_144);
    assert.equal(text.match(/last report/g)?.length, 100);
    assert.match(text, /and 400 more/);
    const { description } = chat.content;
    assert.ok(description.length <= 8_000 && description.length > 7_500, `${description.length}`);
    const listed = description.match(/last report/g)?.length ?? 0;
    assert.match(description, new RegExp(`\\nand ${500 - listed} more$`));
    assert.equal(chat.metadata.relatedResources.length, 10);
  });
});
