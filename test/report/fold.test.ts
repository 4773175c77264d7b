import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FoldedFinding, fold, type IdentifiedFinding } from '../../functions/report/fold.ts';
import { type Link, type Ref, refKey, type Severity } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';
import { ref } from './sample-report.ts';

const symptoms = new Set(['warning-events']);
const finding = (fingerprint: string, object: Ref, more: Partial<IdentifiedFinding> = {}): IdentifiedFinding => ({
  check: 'some-check',
  fingerprint,
  object,
  severity: 'warning',
  message: 'm',
  remedy: 'r',
  ...more,
});
const link = (effect: Ref, cause: Ref, because = 'so it is'): Link => ({ effect, cause, because });

/** Root fingerprints, each with those of its consequences. */
const shape = (folded: readonly FoldedFinding[]) =>
  Object.fromEntries(folded.map((root) => [root.finding.fingerprint, root.consequences.map((each) => each.finding.fingerprint)]));

const node = ref('Node', 'n1');
const pod = (name: string) => ref('Pod', name, 'shop');
const deployment = ref('Deployment', 'checkout', 'shop');
const service = ref('Service', 'checkout', 'shop');

describe('fold', () => {
  test('one dead node is one finding, with its pods, their workload and the Service before it as consequences, nearest first', () => {
    const findings = [
      finding('d', service, { severity: 'critical' }),
      finding('c', deployment),
      finding('b', pod('p1')),
      finding('a', pod('p2')),
      finding('z', node, { severity: 'critical' }),
    ];
    const links = [
      link(pod('p1'), node, 'it runs there'),
      link(pod('p2'), node, 'it runs there'),
      link(deployment, pod('p1'), 'its pod'),
      link(service, pod('p2'), 'its endpoint'),
    ];
    const folded = fold(findings, links, symptoms);
    assert.deepEqual(shape(folded), { z: ['b', 'a', 'd', 'c'] });
    assert.deepEqual(
      folded[0]?.consequences.map(({ because }) => because),
      ['it runs there', 'it runs there', 'its endpoint', 'its pod'],
    );
  });

  test('follows links over objects that no finding covers', () => {
    const claim = ref('PersistentVolumeClaim', 'data', 'shop');
    const folded = fold(
      [finding('a', deployment), finding('b', node)],
      [link(deployment, claim, 'it waits for it'), link(claim, node)],
      symptoms,
    );
    assert.deepEqual(shape(folded), { b: ['a'] });
    assert.equal(folded[0]?.consequences[0]?.because, 'it waits for it');
  });

  test('stops at the first covered object: what is behind it explains through it', () => {
    const folded = fold(
      [finding('a', service), finding('b', pod('p')), finding('c', node)],
      [link(service, pod('p')), link(pod('p'), node)],
      symptoms,
    );
    assert.deepEqual(shape(folded), { c: ['b', 'a'] });
    const unexplained = fold(
      [finding('a', service), finding('b', pod('p'), { members: [pod('p'), pod('q')] }), finding('c', node)],
      [link(service, pod('p')), link(pod('p'), node)],
      symptoms,
    );
    assert.deepEqual(shape(unexplained), { b: ['a'], c: [] });
  });

  test('folds a finding with members only if each member has a cause', () => {
    const crashing = finding('a', deployment, { members: [pod('p1'), pod('p2')] });
    const dead = finding('b', node);
    assert.deepEqual(shape(fold([crashing, dead], [link(pod('p1'), node)], symptoms)), { a: [], b: [] });
    assert.deepEqual(shape(fold([crashing, dead], [link(pod('p1'), node), link(pod('p2'), node)], symptoms)), { b: ['a'] });
    const other = finding('c', ref('Node', 'n2'), { severity: 'critical' });
    const links = [link(pod('p1'), node), link(pod('p2'), other.object)];
    assert.deepEqual(shape(fold([crashing, dead, other], links, symptoms)), { b: [], c: ['a'] }, 'under the graver of two');
  });

  test('a finding is no cause of itself, neither through its own members nor through a link to its own object', () => {
    const crashing = finding('a', deployment, { members: [pod('p1'), pod('p2')] });
    assert.deepEqual(
      shape(fold([crashing], [link(pod('p1'), deployment), link(pod('p2'), deployment), link(deployment, pod('p1'))], symptoms)),
      { a: [] },
    );
    // p2 waits for room, not for the node of p1, which it only shares an owner with.
    const links = [link(pod('p1'), node), link(pod('p1'), deployment), link(pod('p2'), deployment), link(deployment, pod('p1'))];
    assert.deepEqual(shape(fold([crashing, finding('b', node)], links, symptoms)), { a: [], b: [] });
  });

  test('of two causes the graver wins, then the lower fingerprint', () => {
    const [x, y] = [ref('Node', 'x'), ref('Node', 'y')];
    const links = [link(pod('p'), x), link(pod('p'), y)];
    assert.deepEqual(shape(fold([finding('p', pod('p')), finding('x', x), finding('y', y, { severity: 'critical' })], links, symptoms)), {
      x: [],
      y: ['p'],
    });
    assert.deepEqual(shape(fold([finding('p', pod('p')), finding('x', x), finding('y', y)], links, symptoms)), { x: ['p'], y: [] });
  });

  test('a circle follows the cause outside of it, else its gravest', () => {
    const circle = [finding('a', pod('p')), finding('b', deployment, { severity: 'critical' })];
    const links = [link(pod('p'), deployment), link(deployment, pod('p'), 'its pod')];
    assert.deepEqual(shape(fold(circle, links, symptoms)), { b: ['a'] });
    assert.deepEqual(
      shape(fold([...circle, finding('s', service, { severity: 'critical' })], [...links, link(service, pod('p'))], symptoms)),
      { b: ['s', 'a'] },
    );
    assert.deepEqual(shape(fold([...circle, finding('z', node)], [...links, link(pod('p'), node)], symptoms)), { z: ['b', 'a'] });
  });

  test('a symptom is folded, without a link, under what another check says of its object or members', () => {
    const events = finding('a', deployment, { check: 'warning-events', members: [pod('p1')], severity: 'critical' });
    assert.deepEqual(shape(fold([events, finding('b', deployment)], [], symptoms)), { b: ['a'] });
    assert.deepEqual(shape(fold([events, finding('b', ref('Deployment', 'other', 'shop'), { members: [pod('p1')] })], [], symptoms)), {
      b: ['a'],
    });
    assert.deepEqual(shape(fold([events, finding('b', pod('p2'))], [], symptoms)), { a: [], b: [] });
    assert.equal(fold([events, finding('b', deployment)], [], symptoms)[0]?.consequences[0]?.because, undefined);
    assert.deepEqual(shape(fold([events, finding('b', deployment, { check: 'warning-events', subject: 'x' })], [], symptoms)), {
      a: [],
      b: [],
    });
  });

  test('neither symptoms nor notes are causes along links', () => {
    const links = [link(pod('p'), node)];
    assert.deepEqual(shape(fold([finding('a', pod('p')), finding('b', node, { check: 'warning-events' })], links, symptoms)), {
      a: [],
      b: [],
    });
    assert.deepEqual(shape(fold([finding('a', pod('p')), finding('b', node, { severity: 'info' })], links, symptoms)), { a: [], b: [] });
  });

  test('a cause is as grave as what it does', () => {
    const [root] = fold([finding('a', pod('p')), finding('b', service, { severity: 'critical' })], [link(service, pod('p'))], symptoms);
    assert.equal(root?.finding.severity, 'warning');
    assert.equal(root?.severity, 'critical');
  });
});

/** Small graphs of everything at once: members, symptoms, notes, circles, links to nowhere. */
const objects = Array.from({ length: 7 }, (_, index) => ref('Pod', `o${index}`));
const someObject = fc.constantFrom(...objects);
const graph = fc.record({
  findings: fc
    .array(
      fc.record({
        check: fc.constantFrom('some-check', 'other-check', 'warning-events'),
        object: someObject,
        severity: fc.constantFrom<Severity>('critical', 'warning', 'info'),
        members: fc.uniqueArray(someObject, { maxLength: 3, selector: refKey }),
      }),
      { maxLength: 7 },
    )
    .map((list) =>
      list.map(({ members, ...rest }, index) => finding(`f${index}`, rest.object, { ...rest, ...(members.length > 0 && { members }) })),
    ),
  links: fc.array(
    fc.tuple(someObject, someObject, fc.constantFrom('x', 'y')).map(([effect, cause, because]) => link(effect, cause, because)),
    { maxLength: 12 },
  ),
});

const covers = ({ object, members = [] }: IdentifiedFinding): Set<string> => new Set([object, ...members].map(refKey));
const isSymptom = ({ check }: IdentifiedFinding) => symptoms.has(check);

/** The rule of fold() said once more, the plain and slow way: the direct causes of a finding, or none if a member lacks one. */
const causesOf = (asked: IdentifiedFinding, findings: readonly IdentifiedFinding[], links: readonly Link[]): Set<IdentifiedFinding> => {
  const eligible = findings.filter((one) => !isSymptom(one) && one.severity !== 'info');
  const along = (start: string): IdentifiedFinding[] => {
    const seen = new Set<string>();
    const causes: IdentifiedFinding[] = [];
    const visit = (from: string) => {
      for (const { effect, cause } of links) {
        const to = refKey(cause);
        if (refKey(effect) !== from || to === from || seen.has(to)) continue;
        seen.add(to);
        const covering = eligible.filter((one) => covers(one).has(to));
        if (covering.length === 0) visit(to);
        else causes.push(...covering.filter((one) => one !== asked));
      }
    };
    visit(start);
    return causes;
  };
  const restated = (object: string) =>
    isSymptom(asked)
      ? findings.filter((one) => !isSymptom(one) && covers(one).has(object) && (one.severity !== 'info' || asked.severity === 'info'))
      : [];
  const starts = (asked.members ?? [asked.object]).map(refKey);
  const byStart = starts.map((start) => [...along(start), ...restated(start)]);
  const ofObject = restated(refKey(asked.object));
  return ofObject.length > 0 || byStart.every(({ length }) => length > 0) ? new Set([...ofObject, ...byStart.flat()]) : new Set();
};

describe('fold, whatever the graph', () => {
  test('keeps every finding exactly once, and its roots are those that the rule makes roots', () => {
    fc.assert(
      fc.property(graph, ({ findings, links }) => {
        const folded = fold(findings, links, symptoms);
        const all = folded.flatMap((root) => [root.finding, ...root.consequences.map((each) => each.finding)]);
        assert.deepEqual(all.map((one) => one.fingerprint).toSorted(), findings.map((one) => one.fingerprint).toSorted());

        const direct = new Map(findings.map((one) => [one, causesOf(one, findings, links)]));
        const behind = (one: IdentifiedFinding): Set<IdentifiedFinding> => {
          const reached = new Set<IdentifiedFinding>();
          const queue = [...(direct.get(one) ?? [])];
          for (let next = queue.pop(); next; next = queue.pop()) {
            if (reached.has(next)) continue;
            reached.add(next);
            queue.push(...(direct.get(next) ?? []));
          }
          return reached;
        };
        const rank = (one: IdentifiedFinding) => `${['critical', 'warning', 'info'].indexOf(one.severity)}${one.fingerprint}`;
        const isRoot = (one: IdentifiedFinding) => [...behind(one)].every((cause) => behind(cause).has(one) && rank(one) <= rank(cause));
        assert.deepEqual(
          folded.map((root) => root.finding.fingerprint).toSorted(),
          findings
            .filter(isRoot)
            .map((one) => one.fingerprint)
            .toSorted(),
        );
        for (const root of folded) {
          for (const { finding: explained } of root.consequences) assert.ok(behind(explained).has(root.finding));
        }

        const rootOf = new Map(
          folded.flatMap((root) => [root.finding, ...root.consequences.map((each) => each.finding)].map((one) => [one, root.finding])),
        );
        for (const one of findings) {
          const causes = [...(direct.get(one) ?? [])].toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
          const circular = [one, ...causes].some((each) => behind(each).has(each));
          if (causes[0] && !circular) assert.equal(rootOf.get(one), rootOf.get(causes[0]), 'the best of its causes wins');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('does not depend on the order of findings and links', () => {
    const shuffled = graph.chain(({ findings, links }) =>
      fc.record({
        findings: fc.constant(findings),
        links: fc.constant(links),
        otherFindings: fc.shuffledSubarray(findings, { minLength: findings.length }),
        otherLinks: fc.shuffledSubarray(links, { minLength: links.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ findings, links, otherFindings, otherLinks }) => {
        assert.deepEqual(fold(otherFindings, otherLinks, symptoms), fold(findings, links, symptoms));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('fold, at the size of a big cluster', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => index);
  const name = (index: number) => String(index).padStart(5, '0');
  const time = (work: () => readonly FoldedFinding[]): readonly FoldedFinding[] => {
    const start = performance.now();
    const folded = work();
    const spent = performance.now() - start;
    // Far from what it takes, so that a busy machine does not fail it; one loop in another would.
    assert.ok(spent < 5000, `20,000 links took ${Math.round(spent)} ms`);
    return folded;
  };

  test('10,000 pods of one node, each its own finding', () => {
    const findings = [finding('z', node), ...many.map((index) => finding(name(index), pod(name(index))))];
    const links = many.flatMap((index) => [link(pod(name(index)), node), link(deployment, pod(name(index)))]);
    assert.equal(time(() => fold(findings, links, symptoms))[0]?.consequences.length, 10_000);
  });

  test('a chain of 20,000 links', () => {
    const findings = many.map((index) => finding(name(index), pod(name(index))));
    const links = many.flatMap((index) => [
      link(pod(name(index)), ref('Node', name(index))),
      link(ref('Node', name(index)), pod(name(index + 1))),
    ]);
    assert.equal(time(() => fold(findings, links, symptoms))[0]?.finding.fingerprint, name(9_999));
  });

  test('10,000 pods that point to an uncovered object which points back to all of them', () => {
    const findings = many.map((index) => finding(name(index), pod(name(index))));
    const links = many.flatMap((index) => [link(pod(name(index)), deployment), link(deployment, pod(name(index)))]);
    assert.equal(time(() => fold(findings, links, symptoms)).length, 1);
  });
});
