import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { actionInWords, actionSections } from '../../functions/report/actions.ts';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import { notification } from '../../functions/report/messages/notification.ts';
import type { Action, Report } from '../../functions/report/model.ts';
import { renderMarkdown } from '../../functions/report/render-markdown.ts';
import { renderText } from '../../functions/report/render-text.ts';
import { cleanedUp, wholeCluster } from '../cleanup/real-cluster.ts';
import { configMap, job, namespace, pod, running, secret, succeeded } from '../cleanup/real-cluster-objects.ts';

const textOf = (report: Report) => renderText(report, { columns: 80, color: false });
const action = (more: Partial<Action>): Action => ({
  id: 'r/shop/x',
  kind: 'delete',
  object: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'x', uid: 'u', resourceVersion: '1' },
  rule: 'r',
  reason: 'failed 2 days ago',
  risk: 'low',
  state: 'planned',
  ...more,
});
/** So many leftovers that a limit of Jobs is exceeded and nobody would read a line each. */
const spaces = ['a', 'b', 'c', 'd', 'e', 'f'];
const crowded = [
  ...wholeCluster,
  ...spaces.flatMap((name) => namespace(name)),
  ...Array.from({ length: 60 }, (_, index) => job(`batch/old-${index}`, 'Complete', 30)).flat(),
  ...Array.from({ length: 300 }, (_, index) => secret(`${spaces[index % 6]}/left-over-${index}`)),
  ...Array.from({ length: 30 }, (_, index) => configMap(`${spaces[index % 6]}/new-${index}`, { days: 0.5 + index / 10 })),
];

describe('an action in words', () => {
  test('what would be done needs no verb where it is deleted, and says what comes free', () => {
    assert.equal(actionInWords(action({})), 'failed 2 days ago');
    assert.equal(
      actionInWords(action({ kind: 'patch', frees: { bytes: 2 ** 34, disk: 'vol-1' } })),
      'patch: failed 2 days ago (16 GiB, disk vol-1)',
    );
  });
  test('what a guard holds says so; what is only reported is kept by nobody', () => {
    const heldBy = { guard: 'keep-keys', because: 'label x=y (Helm)' };
    assert.equal(actionInWords(action({ state: 'held', heldBy })), 'failed 2 days ago; kept by keep-keys: label x=y (Helm)');
    assert.equal(actionInWords(action({ state: 'reported', heldBy })), 'failed 2 days ago; belongs to another: label x=y (Helm)');
    assert.equal(
      actionInWords(action({ state: 'reported', kind: 'patch', heldBy: { guard: 'report-only', because: 'name it' } })),
      'failed 2 days ago; only reported: name it',
    );
  });
});

describe('the plan of a production cluster', () => {
  let report: Report;
  before(async () => {
    report = await cleanedUp(wholeCluster);
  });

  test('as text: what goes and why in a line each, what holds the rest, disks, and the commands; at 80 columns', () => {
    const text = textOf(report);
    assert.match(text, /^Planned: 9$/m);
    assert.match(text, /^ {6}backfill-2025: finished 40 days ago \(Complete\)$/m);
    assert.match(text, /^Held by a guard: 14 \(keep-keys 9, /m);
    assert.match(
      text,
      /pvc-gone: released 20 days ago by claim shop\/uploads, and its policy\s+Retain keeps the disk \(20 GiB, disk vol-pvc-gone\)/,
    );
    assert.match(text, /data-mysql-0: [^:]*;\s+reclaim policy Delete \(20 GiB, disk/);
    assert.match(text, /npx nightshift cleanup --cluster prod-eu --apply \d{8}T\d{6}Z-[0-9a-f]{16}$/m);
    const wide = text.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(
      wide.filter((line) => !/^ +(npx |\{|\S+$)/.test(line)),
      [],
      'only what is to be copied is wider',
    );
  });

  test('as a notification: the subject tells the plan, the text what cannot be undone by rule', () => {
    const message = notification(report, { atLeast: 'warning', when: 'changes' });
    assert.match(message?.subject ?? '', /^\[PLAN: 9 to delete, 14 held, 16 reported\] prod-eu cleanup$/);
    assert.match(message?.text ?? '', /^Cannot be undone \(terminated-pods\): its logs, the record of its run$/m);
    assert.match(message?.text ?? '', /^Held: keep-keys 9, /m);
  });

  test('as a page: each group for itself, and no column about outcomes that there are not', () => {
    const page = renderHtml(report);
    assert.match(page, /<h2 id="actions-planned">Planned/);
    assert.doesNotMatch(page, /what came of it/);
    assert.match(page, /None, beside what follows/);
  });
});

describe('a plan that would be too much', () => {
  let report: Report;
  before(async () => {
    report = await cleanedUp(crowded);
  });

  test('is shown whole, as the plan that it would have been, and why it is none is said once', () => {
    const [first] = actionSections(report);
    assert.equal(first?.key, 'too-much');
    const text = textOf(report);
    assert.match(text, /^Not planned, as it would be too much: 69\n {2}64 objects of jobs\.batch planned, at most 8 of/m);
    assert.equal(text.match(/^ {6}old-\d+: finished 30 days ago/gm)?.length, 60);
    for (const shown of [text, renderHtml(report), renderMarkdown(report)]) {
      assert.match(shown, /at most 8 of/);
      assert.doesNotMatch(shown, /kept by limits/);
    }
  });

  test('the warning is of the rule that proposes most of the kind that is too many', async () => {
    const told = ({ findings }: Report) => findings.map(({ check, subject }) => [check, subject]);
    assert.deepEqual(told(report), [['finished-jobs', 'limit of jobs.batch']]);
    const pods = Array.from({ length: 40 }, (_, index) => pod(`batch/bare-${index}`, running(), succeeded(4)));
    assert.deepEqual(told(await cleanedUp([...wholeCluster, ...pods])), [['terminated-pods', 'limit of pods']]);
  });

  test('hundreds that say the same are told once, with some names of each namespace', () => {
    const text = textOf(report);
    const part = text.slice(text.indexOf('Secrets that nothing refers to'), text.indexOf('ServiceAccounts that nothing uses'));
    assert.equal(part.match(/no pod, no pod template/g)?.length, 1);
    for (const name of spaces.slice(0, 4)) assert.match(part, new RegExp(`namespace ${name} \\(50\\): left-over-`));
    assert.match(part, /namespace f \(50\): 50 objects/);
    assert.ok(part.split('\n').length < 30, part);
    assert.equal(renderHtml(report).match(/no pod, no pod template and no other object refers to it<\/p>/g)?.length, 1);
  });

  test('hundreds that each say another thing are counted by namespace', () => {
    const text = textOf(report);
    assert.match(text, /and 26 more \(b 5, c 5, d 5, 3 more namespaces\), in the\s+report’s JSON/);
  });
});
