import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReportInput } from '../../functions/report/build-report.ts';
import type { Report } from '../../functions/report/model.ts';
import type { Finding, Link, ObserverEnd } from '../../functions/scan/contracts.ts';
import { checks, facts, found, ref, reportOf, scanOf } from './sample-report.ts';

type Found = ReturnType<typeof found>;

const node = ref('Node', 'n1');
const pod = ref('Pod', 'p1', 'shop');
const dead = () => found('node-not-ready', node, { severity: 'critical' });
const waiting = (more: Partial<Finding> = {}) => found('pod-waiting', pod, more);
const onNode: Link = { effect: pod, cause: node, because: 'it runs there' };
const incomplete = (id: string): ObserverEnd => ({ id, outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'grant it' });
const off = (id: string): ObserverEnd => ({ id, outcome: 'not-run', objects: 0, reason: 'turned off' });
const states = (report: Report) => report.findings.map(({ check, change, since }) => [check, change, since]);

describe('what a flapping check no longer says', () => {
  const flapping = checks.map((check) => (check.id === 'pod-waiting' ? { ...check, flaps: true as const } : check));
  /** Night after night; each is given the last report. */
  const night = (
    day: number,
    previous: Report | undefined,
    out: readonly Found[],
    more: Partial<ReportInput> & { ends?: readonly ObserverEnd[]; links?: readonly Link[] } = {},
  ) => {
    const startedAt = `2026-12-${String(day).padStart(2, '0')}T06:00:00.000Z`;
    const { ends = [], links = [], ...rest } = more;
    return reportOf(scanOf(out, links, ends), {
      facts: facts({ runId: `night-${day}`, startedAt, eventTime: startedAt }),
      previous,
      checks: flapping,
      ...rest,
    });
  };
  const settlingOf = ({ settling = [] }: Report) => settling.map(({ check, change, since }) => [check, change, since]);
  const resolvedOf = ({ resolved }: Report) => resolved.map(({ check, since }) => [check, since]);
  const [since1, since2] = ['2026-12-01T06:00:00.000Z', '2026-12-02T06:00:00.000Z'];

  test('settles, and is resolved by a second complete run without it', () => {
    const first = night(1, undefined, [waiting(), dead()]);
    const second = night(2, first, []);
    assert.deepEqual(
      [settlingOf(second), resolvedOf(second), second.findings],
      [[['pod-waiting', 'ongoing', since1]], [['node-not-ready', since1]], []],
    );
    assert.equal(second.status, 'healthy');
    const third = night(3, second, []);
    assert.deepEqual([third.settling, resolvedOf(third)], [undefined, [['pod-waiting', since1]]]);
    const fourth = night(4, third, []);
    assert.deepEqual([fourth.settling, fourth.resolved], [undefined, []]);
    assert.deepEqual(
      states(night(5, fourth, [waiting()])),
      [['pod-waiting', 'new', '2026-12-05T06:00:00.000Z']],
      'and is new when it comes after that',
    );
  });

  test('and what only explained it no longer does, is still told when a further try of the same run finds it again', () => {
    const first = night(1, undefined, [waiting(), dead()], { links: [onNode] });
    assert.deepEqual(states(first), [['node-not-ready', 'new', since1]]);
    const alone = night(2, first, [waiting()]);
    const gone = night(2, alone, []);
    const back = night(2, gone, [waiting()]);
    const former = (report: Report) => report.findings.map(({ check, formerCause }) => [check, formerCause?.name]);
    assert.deepEqual([former(alone), former(back)], [[['pod-waiting', 'n1']], [['pod-waiting', 'n1']]]);
    assert.equal(settlingOf(gone).length, 1);
    const quiet = night(3, gone, []);
    assert.deepEqual(
      quiet.resolved.map(({ check, formerCause }) => [check, formerCause]),
      [['pod-waiting', undefined]],
      'the note is of that night alone',
    );
  });

  test('is ongoing since it was first seen when it is back, and graver where it is', () => {
    const settling = night(2, night(1, undefined, [waiting()]), []);
    const back = night(3, settling, [waiting()]);
    assert.deepEqual([states(back), back.settling, back.resolved], [[['pod-waiting', 'ongoing', since1]], undefined, []]);
    assert.equal(night(3, settling, [waiting({ severity: 'critical' })]).findings[0]?.raisedFrom, 'warning');
    assert.deepEqual(settlingOf(night(4, back, [])), [['pod-waiting', 'ongoing', since1]], 'and has to be absent twice again');
  });

  test('goes on settling while its check does not run whole', () => {
    const settling = night(2, night(1, undefined, [waiting()]), []);
    const third = night(3, settling, [], { ends: [incomplete('pod-waiting')] });
    assert.deepEqual([settlingOf(third), third.resolved, third.findings], [[['pod-waiting', 'unverified', since1]], [], []]);
    assert.deepEqual(resolvedOf(night(4, third, [])), [['pod-waiting', since1]]);
    assert.deepEqual(states(night(4, third, [waiting()])), [['pod-waiting', 'ongoing', since1]]);
    const unverified = night(2, night(1, undefined, [waiting()]), [], { ends: [incomplete('pod-waiting')] });
    assert.deepEqual(states(unverified), [['pod-waiting', 'unverified', since1]], 'what was not looked for does not settle');
    assert.deepEqual(settlingOf(night(3, unverified, [])), [['pod-waiting', 'ongoing', since1]]);
  });

  test('is dropped where its check is turned off, or where it is ignored', () => {
    const settling = night(2, night(1, undefined, [waiting()]), []);
    for (const more of [{ ends: [off('pod-waiting')] }, { ignore: [{ check: 'pod-*', reason: 'known' }] }] as const) {
      const report = night(3, settling, [], more);
      assert.deepEqual([report.settling, report.resolved, report.findings], [undefined, [], []]);
    }
    const ignored = night(2, night(1, undefined, [waiting()]), [waiting()], { ignore: [{ check: 'pod-*', reason: 'known' }] });
    assert.deepEqual([ignored.settling, ignored.resolved], [undefined, []]);
  });

  test('is resolved where its check flaps no more', () => {
    const settling = night(2, night(1, undefined, [waiting()]), []);
    assert.deepEqual(resolvedOf(night(3, settling, [], { checks })), [['pod-waiting', since1]]);
  });

  test('as a consequence of another it is found, and does not settle; nor does a consequence that goes', () => {
    const first = night(1, undefined, [waiting()]);
    const second = night(2, first, [waiting(), dead()], { links: [onNode] });
    assert.deepEqual([second.settling, second.findings[0]?.consequences?.[0]?.since], [undefined, since1]);
    const third = night(3, second, [dead()]);
    assert.deepEqual([third.settling, third.resolved], [undefined, []]);
    const folded = night(3, night(2, first, []), [waiting(), dead()], { links: [onNode] });
    assert.deepEqual([folded.settling, folded.findings[0]?.consequences?.[0]?.since], [undefined, since1], 'nor does it go on settling');
  });

  test('what it explained and is still there stands for itself', () => {
    const service = found('service-without-endpoints', ref('Service', 's', 'shop'));
    const links = [{ effect: service.object, cause: pod, because: 'it is behind it' }];
    const second = night(2, night(1, undefined, [waiting(), service], { links }), [service]);
    assert.deepEqual(states(second), [['service-without-endpoints', 'ongoing', since1]]);
    assert.deepEqual(second.findings[0]?.formerCause, pod);
    assert.deepEqual(second.settling?.[0]?.consequences, undefined);
    const back = night(3, second, [waiting(), service], { links });
    assert.deepEqual([states(back), back.findings[0]?.consequences?.[0]?.since], [[['pod-waiting', 'ongoing', since1]], since1]);
  });

  test('a retry of a run is no second run', () => {
    const first = night(1, undefined, [waiting()]);
    const second = night(2, first, []);
    const retry = night(2, second, []);
    assert.deepEqual(retry, second);
    assert.deepEqual(states(night(2, second, [waiting()])), [['pod-waiting', 'ongoing', since1]]);
    assert.deepEqual(settlingOf(night(2, second, [], { ends: [incomplete('pod-waiting')] })), [['pod-waiting', 'ongoing', since1]]);
    assert.deepEqual(resolvedOf(night(3, retry, [])), [['pod-waiting', since1]]);
    const blind = night(3, second, [], { ends: [incomplete('pod-waiting')] });
    assert.deepEqual(
      resolvedOf(night(3, blind, [])),
      [['pod-waiting', since1]],
      'the first try had not looked, the second is the second look',
    );
    const resolved = night(3, second, []);
    assert.deepEqual(night(3, resolved, []), resolved);
    assert.deepEqual(states(night(3, resolved, [waiting()])), [['pod-waiting', 'ongoing', since1]]);
  });

  test('what only the first try of a run found is new if another try finds it', () => {
    const tries = [[waiting()], [], [waiting()]];
    const last = tries.reduce((previous, out) => night(2, previous, out), night(1, undefined, []));
    assert.deepEqual(states(last), [['pod-waiting', 'new', since2]]);
  });
});
