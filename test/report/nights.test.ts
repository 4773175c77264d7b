/** Many nights in a row, with what a receiver reads: whatever happens, it hears of all that stands, and of no end without a beginning. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Report } from '../../functions/report/model.ts';
import { severityRank } from '../../functions/report/model.ts';
import { notification } from '../../functions/report/notify.ts';
import { objectName } from '../../functions/report/wording.ts';
import type { Link, Severity } from '../../functions/scan/contracts.ts';
import { facts, found, ref, reportOf, scanOf } from './sample-report.ts';

const node = ref('Node', 'n');
const pod = ref('Pod', 'p', 'shop');
const service = ref('Service', 's', 'shop');
const links: readonly Link[] = [
  { effect: pod, cause: node, because: 'it runs there' },
  { effect: service, cause: pod, because: 'it is behind it' },
  { effect: pod, cause: service, because: 'it asks it' },
];
const checkOf = { 'node-not-ready': node, 'pod-waiting': pod, 'service-without-endpoints': service };

const severity = fc.option(fc.constantFrom<Severity>('critical', 'warning', 'info'), { nil: undefined });
const night = fc.record({
  severities: fc.record({ 'node-not-ready': severity, 'pod-waiting': severity, 'service-without-endpoints': severity }),
  links: fc.subarray([...links]),
  incomplete: fc.subarray(Object.keys(checkOf)),
});
type Night = typeof night extends fc.Arbitrary<infer N> ? N : never;

const reportOfNight = ({ severities, links: seen, incomplete }: Night, index: number, previous: Report | undefined): Report => {
  const out = Object.entries(checkOf).flatMap(([check, object]) => {
    const graded = severities[check as keyof typeof severities];
    return graded ? [found(check, object, { severity: graded })] : [];
  });
  const ends = incomplete.map((id) => ({ id, outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'grant it' }) as const);
  const startedAt = `2026-11-${10 + index}T06:00:00.000Z`;
  return reportOf(scanOf(out, seen, ends), { previous, facts: facts({ runId: `night-${index}`, startedAt, eventTime: startedAt }) });
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
        fc.property(fc.array(night, { minLength: 2, maxLength: 5 }), (nights) => {
          const known = new Set<string>();
          let previous: Report | undefined;
          for (const [index, each] of nights.entries()) {
            const report = reportOfNight(each, index, previous);
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

  test('a cluster that is the same as the night before is not told of again', () => {
    fc.assert(
      fc.property(fc.array(night, { minLength: 1, maxLength: 3 }), (nights) => {
        const last = nights.reduce<Report | undefined>((previous, each, index) => reportOfNight(each, index, previous), undefined);
        const same = nights.at(-1);
        assert.ok(same);
        const first = reportOfNight(same, 8, last);
        assert.equal(notification(reportOfNight(same, 9, first), { atLeast: 'info', when: 'changes' }), undefined);
      }),
      { numRuns: 500 },
    );
  });
});
