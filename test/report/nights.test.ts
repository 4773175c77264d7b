/** Many nights in a row, with what a receiver reads: whatever happens, it hears of all that stands, and of no end without a beginning. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { notification } from '../../functions/report/messages/notification.ts';
import type { Report, ReportedFinding } from '../../functions/report/model.ts';
import { severityRank } from '../../functions/report/model.ts';
import { type Publisher, publishReport } from '../../functions/report/publish.ts';
import { reportStore } from '../../functions/report/store/report-store.ts';
import { objectName } from '../../functions/report/wording.ts';
import type { Link, ObserverEnd, Severity } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';
import { checks, facts, found, ref, reportOf, scanOf } from './sample-report.ts';

const node = ref('Node', 'n');
const pod = ref('Pod', 'p', 'shop');
const service = ref('Service', 's', 'shop');
const links: readonly Link[] = [
  { effect: pod, cause: node, because: 'it runs there' },
  { effect: service, cause: pod, because: 'it is behind it' },
  { effect: pod, cause: service, because: 'it asks it' },
];
const checkOf = { 'node-not-ready': node, 'pod-waiting': pod, 'service-without-endpoints': service };
type CheckId = keyof typeof checkOf;
const checkIds = Object.keys(checkOf) as CheckId[];

/** Found in two nights of three: what comes and goes is what is looked at here. */
const severity = fc.option(fc.constantFrom<Severity>('critical', 'warning', 'info'), { nil: undefined, freq: 2 });
const seen = fc.record({
  severities: fc.record({ 'node-not-ready': severity, 'pod-waiting': severity, 'service-without-endpoints': severity }),
  links: fc.subarray([...links]),
  incomplete: fc.subarray(checkIds),
});
type Seen = typeof seen extends fc.Arbitrary<infer N> ? N : never;
/** What the configuration leaves out, seldom. */
interface LeftOut {
  readonly ignored: readonly CheckId[];
  readonly off: readonly CheckId[];
}
const some = fc.oneof({ weight: 4, arbitrary: fc.constant<CheckId[]>([]) }, { weight: 1, arbitrary: fc.subarray(checkIds) });
const leftOut: fc.Arbitrary<LeftOut> = fc.record({ ignored: some, off: some });
const night = fc.tuple(seen, leftOut).map(([what, without]) => ({ ...what, ...without }));

const reportOfNight = (
  { severities, links: evidence, incomplete, ignored = [], off = [] }: Seen & Partial<LeftOut>,
  index: number,
  previous: Report | undefined,
  flapping: readonly CheckId[] = [],
): Report => {
  const out = Object.entries(checkOf).flatMap(([check, object]) => {
    const graded = severities[check as CheckId];
    return graded && !off.includes(check as CheckId) ? [found(check, object, { severity: graded })] : [];
  });
  const ends: ObserverEnd[] = [
    ...off.map((id) => ({ id, outcome: 'not-run', objects: 0, reason: 'turned off' }) as const),
    ...incomplete.map((id) => ({ id, outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'grant it' }) as const),
  ];
  const startedAt = `2026-11-${10 + index}T06:00:00.000Z`;
  return reportOf(scanOf(out, evidence, ends), {
    previous,
    facts: facts({ runId: `night-${index}`, startedAt, eventTime: startedAt }),
    checks: checks.map((check) => (flapping.includes(check.id as CheckId) ? { ...check, flaps: true } : check)),
    ignore: ignored.map((check) => ({ check, reason: 'known' })),
  });
};

/** The objects that a message names as being in trouble, and those that it calls resolved. */
const told = (text: string): { trouble: string[]; resolved: string[] } => ({
  trouble: [...text.matchAll(/^(?:critical|warning|info): (\w+ \S+)$/gm)].flatMap(([, name]) => name ?? []),
  resolved: [...text.matchAll(/^(\w+ \S+): (?:critical|warning|info) since /gm)].flatMap(([, name]) => name ?? []),
});

describe('night after night', () => {
  for (const atLeast of ['critical', 'warning', 'info'] as const) {
    test(`who wants ${atLeast} hears of all that stands, and of no end without a beginning`, () => {
      fc.assert(
        fc.property(fc.array(seen, { minLength: 2, maxLength: 6 }), fc.subarray(checkIds), (nights, flapping) => {
          const known = new Set<string>();
          let previous: Report | undefined;
          for (const [index, each] of nights.entries()) {
            const report = reportOfNight(each, index, previous, flapping);
            const { trouble, resolved } = told(notification(report, { atLeast, when: 'changes' })?.text ?? '');
            for (const name of resolved) assert.ok(known.delete(name), `night ${index}: ${name} is called resolved and was never told`);
            for (const name of trouble) known.add(name);
            for (const { object, severity: graded } of report.findings) {
              const name = objectName(object);
              if (severityRank(graded) <= severityRank(atLeast)) assert.ok(known.has(name), `night ${index}: ${name} stands untold`);
            }
            previous = report;
          }
        }),
        { numRuns: 1_000 },
      );
    });
  }

  /** What happens to a try of a run once its report is stored. */
  const fate = fc.constantFrom('told', 'told', 'told', 'refused', 'killed', 'silenced', 'critical only', 'all');

  test('whatever becomes of the messages: whoever is reached has heard of all that stands, and of nothing twice', async () => {
    const tries = fc.array(fc.record({ seen, fate }), { minLength: 1, maxLength: 3 });
    const none = { 'node-not-ready': undefined, 'pod-waiting': undefined, 'service-without-endpoints': undefined };
    const quietNight: Seen = { severities: none, links: [], incomplete: [] };
    const flappingService: CheckId = 'service-without-endpoints';
    type Fate = typeof fate extends fc.Arbitrary<infer F> ? F : never;
    const nothing = { seen: quietNight, fate: 'told' as Fate };
    const nodeAlone = (graded: Severity, itsFate: Fate) => ({
      seen: { ...quietNight, severities: { ...none, 'node-not-ready': graded } },
      fate: itsFate,
    });
    const serviceAlone = { ...nothing, seen: { ...quietNight, severities: { ...none, [flappingService]: 'critical' as const } } };
    const behindNode = (itsFate: Fate) => ({
      seen: {
        ...quietNight,
        severities: { ...none, 'node-not-ready': 'critical' as const, [flappingService]: 'critical' as const },
        links: links.slice(0, 2),
      },
      fate: itsFate,
    });
    let [reached, owed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(tries, { minLength: 2, maxLength: 6 }), fc.subarray(checkIds), async (nights, flapping) => {
        const texts = new Map<string, string>();
        const store = reportStore(
          {
            location: 's3://bucket',
            read: async (key) => (texts.has(key) ? { text: texts.get(key) ?? '', version: '' } : undefined),
            write: async (key, text) => texts.set(key, text).has(key),
          },
          assert.fail,
        );
        const known = new Set<string>();
        const last = nights.at(-1)?.at(-1)?.seen;
        assert.ok(last);
        // What flaps is resolved by the second quiet night; the fourth has nothing more to say.
        const quiet = Array.from({ length: 4 }, () => [{ seen: last, fate: 'told' }]);
        for (const [index, runs] of [...nights, ...quiet].entries()) {
          for (const [number, each] of runs.entries()) {
            const previous = await store.latest('prod', 'health-check');
            const made = reportOfNight(each.seen, index, previous, flapping);
            const report = { ...made, startedAt: made.startedAt.replace(':00.000', `:0${number}.000`) };
            const atLeast = each.fate === 'critical only' ? 'critical' : each.fate === 'all' ? 'info' : 'warning';
            const receiver: Publisher = {
              name: 'ops',
              atLeast,
              publish: async (_, stored, told_) => {
                if (each.fate === 'refused') throw new Error('refused');
                const message = notification(report, { atLeast, when: 'changes' }, { stored, receiver: told_ });
                if (index === nights.length + 3) assert.equal(message, undefined);
                const { trouble, resolved } = told(message?.text ?? '');
                if (message?.reason === 'owed') owed++;
                else
                  for (const name of resolved) assert.ok(known.has(name), `night ${index}: ${name} is called resolved and was never told`);
                for (const name of trouble) known.add(name);
                for (const name of resolved) known.delete(name);
                return { sent: message !== undefined, detail: '' };
              },
            };
            if (each.fate === 'killed') await store.save(report, '');
            else await publishReport(report, '', store, each.fate === 'silenced' ? [] : [receiver], previous);
            // Of a run that was told of before nothing more is sent: the next one makes up for it.
            const isReached = !['killed', 'refused', 'silenced'].includes(each.fate) && number === 0;
            if (!isReached) continue;
            reached++;
            for (const { object, severity: graded } of report.findings) {
              const name = objectName(object);
              if (severityRank(graded) <= severityRank(atLeast)) assert.ok(known.has(name), `night ${index}: ${name} stands untold`);
            }
          }
        }
      }),
      {
        numRuns: 1_000,
        // A flapping finding is raised, or stands for itself, in a try that nobody hears of, and is gone in the next try of the same run.
        examples: [
          [
            [[nodeAlone('info', 'told')], [nodeAlone('critical', 'silenced'), nothing], [serviceAlone, nothing], [nothing]],
            ['node-not-ready'],
          ],
          [
            [
              [behindNode('told')],
              [{ ...nothing, seen: { ...quietNight, incomplete: [flappingService] }, fate: 'refused' }, nothing],
              [serviceAlone],
            ],
            [flappingService],
          ],
          [
            [[behindNode('told')], [{ ...serviceAlone, fate: 'killed' }, nothing], [nodeAlone('critical', 'told'), nothing], [nothing]],
            [flappingService],
          ],
        ],
      },
    );
    assert.ok(reached > 500 && owed > 100, `${reached}, ${owed}`);
  });

  test('a cluster that is the same as the night before is not told of again', () => {
    fc.assert(
      fc.property(fc.array(night, { minLength: 1, maxLength: 3 }), fc.subarray(checkIds), (nights, flapping) => {
        const last = nights.reduce<Report | undefined>(
          (previous, each, index) => reportOfNight(each, index, previous, flapping),
          undefined,
        );
        const same = nights.at(-1);
        assert.ok(same);
        // What flaps is still called resolved by the second night without it.
        const quiet = [7, 8].reduce((previous, index) => reportOfNight(same, index, previous, flapping), last);
        assert.equal(notification(reportOfNight(same, 9, quiet, flapping), { atLeast: 'info', when: 'changes' }), undefined);
      }),
      { numRuns: 500 },
    );
  });
});

/** Where a report has what a check says, of the one object that it speaks of. */
interface Place {
  readonly state: 'root' | 'consequence' | 'settling' | 'resolved' | 'nowhere';
  readonly since?: string | undefined;
  readonly change?: ReportedFinding['change'] | undefined;
}

/** Fails if the report has it twice. */
const placeIn = (report: Report, check: string): Place => {
  const of = (
    state: Place['state'],
    list: readonly { check: string; since?: string | undefined; change?: ReportedFinding['change'] | undefined }[] = [],
  ): Place[] => list.filter((each) => each.check === check).map(({ since, change }) => ({ state, since, change }));
  const places = [
    ...of('root', report.findings),
    ...of(
      'consequence',
      report.findings.flatMap(({ consequences = [] }) => consequences),
    ),
    ...of('settling', report.settling),
    ...of('resolved', report.resolved),
  ];
  assert.ok(places.length <= 1, `${check} is ${places.map(({ state }) => state).join(' and ')}`);
  return places[0] ?? { state: 'nowhere' };
};

describe('what comes and goes, night after night', () => {
  /** What was seen of one check’s finding since it was new. */
  interface Known {
    readonly since: string;
    readonly newIn: number;
    /** The nights since it was last found in which its check ran whole and did not say it. */
    readonly absentIn: ReadonlySet<number>;
  }

  test('is new once, resolved only after enough complete nights without it, and as old as when it was first seen', () => {
    // Tries of the same run follow each other: each is given what the one before wrote.
    const nights = fc.array(fc.record({ tries: fc.array(seen, { minLength: 1, maxLength: 3 }), without: leftOut }), {
      minLength: 3,
      maxLength: 8,
    });
    let [resolvedLater, cameBack] = [0, 0];
    fc.assert(
      fc.property(nights, fc.subarray(checkIds), (all, flapping) => {
        const open = new Map<CheckId, Known>();
        let previous: Report | undefined;
        for (const [index, { tries, without }] of all.entries()) {
          for (const [tryIndex, each] of tries.entries()) {
            const report = reportOfNight({ ...each, ...without }, index, previous, flapping);
            for (const check of checkIds) {
              const { state, since = '', change } = placeIn(report, check);
              const known = open.get(check);
              const where = `night ${index}: ${check} is ${state} (${change}) since ${since}; ${JSON.stringify(known)}`;
              const isLeftOut = without.ignored.includes(check) || without.off.includes(check);
              if (state === 'nowhere') {
                const nobodyWasTold = previous !== undefined && placeIn(previous, check).state === 'consequence';
                // What only an earlier try of the same run saw was never there.
                const isTaken = tryIndex > 0 && known?.newIn === index;
                assert.ok(!known || isLeftOut || nobodyWasTold || isTaken, where);
                open.delete(check);
                continue;
              }
              if (known) assert.equal(since, known.since, where);
              if (known && state === 'root' && change === 'new') assert.equal(known.newIn, index, where);
              if (state === 'root' && known?.absentIn.size) cameBack++;
              const absentIn = new Set(state === 'settling' || state === 'resolved' ? known?.absentIn : []);
              if ((state === 'settling' || state === 'resolved') && !each.incomplete.includes(check)) absentIn.add(index);
              if (state === 'settling') assert.ok(flapping.includes(check) && absentIn.size === 1, where);
              if (state === 'resolved') assert.ok(absentIn.size >= (flapping.includes(check) ? 2 : 1), where);
              open.set(check, { since, newIn: known?.newIn ?? index, absentIn });
            }
            previous = report;
          }
          for (const check of checkIds) {
            if (!previous || placeIn(previous, check).state !== 'resolved') continue;
            if (flapping.includes(check)) resolvedLater++;
            open.delete(check);
          }
        }
      }),
      { numRuns: 1_000 },
    );
    assert.ok(resolvedLater > 20 && cameBack > 20, `of the nights some must flap: ${resolvedLater}, ${cameBack}`);
  });
});
