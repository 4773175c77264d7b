import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Condition, ConditionMistake, conditionOf, NotTold, type Subject } from '../../../functions/cleanup/user-rules/condition.ts';
import { visibleObject } from '../../../functions/cleanup/user-rules/values.ts';
import fc from '../../fuzz.ts';

const day = 86_400_000;
const object = {
  metadata: {
    name: 'web-1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'web', 'example.org/team': 'core' },
    finalizers: [],
  },
  spec: {
    replicas: 0,
    share: 0.5,
    paused: true,
    list: [1, 2, 3],
    none: null,
    containers: [{ image: 'nginx:1.27' }, { image: 'app:latest' }],
  },
};
const subject: Subject = { object, now: Date.UTC(2026, 1, 1), age: 31 * day, owner: { apiVersion: 'batch/v1', kind: 'Job', name: 'x' } };
const isTrue = (condition: Condition, asked: Subject): boolean => {
  const [told, ...others] = condition.areTrue([asked]);
  assert.equal(others.length, 0);
  if (typeof told !== 'boolean') throw told;
  return told;
};
const ask = (expression: string, more: Partial<Subject> = {}) => isTrue(conditionOf(expression), { ...subject, ...more });

describe('a condition that holds', () => {
  for (const expression of [
    'object.spec.replicas == 0',
    'object.spec.replicas + 1 == 1',
    'object.spec.share * 2.0 == 1.0',
    'object.spec.share < 1',
    'object.spec.list.map(x, x * 2) == [2, 4, 6]',
    'object.spec.list.filter(x, x > 1).size() == 2',
    'object.spec.containers.exists(c, c.image.endsWith(":latest"))',
    'object.spec.containers.all(c, has(c.image))',
    'object.spec.containers.exists_one(c, c.image.matches("^nginx:[0-9.]+$"))',
    '!has(object.status)',
    'has(object.spec) && has(object.spec.replicas)',
    'object.metadata.labels["example.org/team"] == "core"',
    '"app" in object.metadata.labels && !("tier" in object.metadata.labels)',
    'object.metadata.name in ["web-1", "web-2"]',
    'age > duration("720h")',
    'age >= duration("744h")',
    'now - timestamp(object.metadata.creationTimestamp) == age',
    'now > timestamp("2026-01-31T00:00:00Z")',
    'owner != null && owner.kind == "Job"',
    'object.spec.none == null',
    'object.spec.paused',
    // One side that is told is enough, as in CEL.
    'object.spec.nothing == 1 || true',
  ]) {
    test(expression, () => assert.equal(ask(expression), true));
  }
});

describe('a condition that does not hold', () => {
  for (const expression of [
    'object.spec.replicas == 1',
    'object.spec.replicas == "0"',
    'has(object.spec.nothing)',
    'has(object.constructor)',
    '"__proto__" in object',
    'age > duration("745h")',
    'owner == null',
  ]) {
    test(expression, () => assert.equal(ask(expression), false));
  }
  test('without a controller', () => assert.equal(ask('owner != null && owner.kind == "Job"', { owner: undefined }), false));
});

describe('what cannot be told is never true', () => {
  for (const [expression, says] of [
    ['object.spec.nothing == 1', /^No such key: nothing \(at character 13\)$/],
    ['!has(object.status.phase)', /No such key: status/],
    ['object.spec.replicas', /neither true nor false/],
    ['object.metadata.name', /neither true nor false/],
    ['now - object.metadata.creationTimestamp > duration("24h")', /no such overload/],
    ['object.spec.share + 1 > 0', /no such overload/],
    ['timestamp(object.metadata.name) < now', /timestamp\(\) requires/],
    ['object.spec.list[7] == 1', /./],
    ['object.spec.replicas.startsWith("0")', /./],
    ['object.metadata.name.matches(object.metadata.name + "(")', /Invalid regular expression/],
    ['object.__proto__ == object', /No such key: __proto__/],
  ] as const) {
    test(expression, () => assert.throws(() => ask(expression), { name: 'NotTold', message: says, tooSlow: false }));
  }

  test('an age that nobody knows', () => {
    assert.throws(() => ask('age > duration("1h")', { age: undefined }), { name: 'NotTold', message: /age/ });
    assert.equal(ask('object.spec.replicas == 0', { age: undefined }), true);
  });

  test('a message is one line and short', () => {
    const long = { ...object, metadata: { ...object.metadata, name: `(${'x'.repeat(5000)}\n` } };
    assert.throws(
      () => ask('object.metadata.name.matches(object.metadata.name)', { object: long }),
      (error) => error instanceof NotTold && error.message.length <= 160 && !error.message.includes('\n'),
    );
  });
});

describe('what takes too long is cut off, and told again afterwards', () => {
  const hard = 'a'.repeat(40);
  for (const [what, expression, made] of [
    ['a pattern', 'object.metadata.name.matches("^(a+)+$")', { ...object, metadata: { name: `${hard}!` } }],
    [
      'lists within lists',
      'object.l.all(a, object.l.all(b, object.l.all(c, object.l.all(d, a + b + c + d >= 0))))',
      { l: Array(500).fill(1) },
    ],
    [
      'one list of many values, again and again',
      Array.from({ length: 15 }, () => 'object.l.all(a, string(a) != "x" && a >= 0 && a + 1 > a)').join(' && '),
      { l: Array(100_000).fill(1) },
    ],
  ] as const) {
    test(what, () => {
      const condition = conditionOf(expression);
      const began = performance.now();
      assert.throws(() => isTrue(condition, { ...subject, object: made }), { name: 'NotTold', tooSlow: true });
      assert.ok(performance.now() - began < 5_000);
      assert.equal(isTrue(condition, { ...subject, object: { metadata: { name: 'aa' }, l: [1] } }), true);
    });
  }

  test('and those before and after it are told', () => {
    const named = (name: string): Subject => ({ ...subject, object: { metadata: { name } } });
    const told = conditionOf('object.metadata.name.matches("^(a+)+$")').areTrue(['aa', 'b', `${hard}!`, 'a', `${hard}?`, 'c'].map(named));
    assert.deepEqual(
      told.map((each) => (each instanceof NotTold ? each.tooSlow && 'too slow' : each)),
      [true, false, 'too slow', true, 'too slow', false],
    );
  });

  test('nesting without end', () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) nested = [nested];
    assert.throws(() => ask('object.spec == 1', { object: { spec: nested } }), { name: 'NotTold' });
  });
});

describe('a mistake is told before anything is read', () => {
  for (const [expression, says] of [
    ['object.spec.replicas ==', /^no CEL: .*\(at character \d+\)$/],
    ['', /^no CEL/],
    ['objekt.spec == 1', /Unknown variable: objekt/],
    ['references == 1', /Unknown variable/],
    ['quantity("1Gi") == 1', /no matching overload for 'quantity/],
    ['"a" + 1 == "b"', /no such overload: string \+ int/],
    ['age > 24', /no such overload/],
    ['age > "24h"', /no such overload/],
    ['size(object.spec)', /it gives int; allowed: what is true or false/],
    ['"yes"', /it gives string/],
    ['!has(object.metadata.lables)', /object\.metadata has no field lables; it has name, .*labels/],
    ['object["metadata"]["anotations"].size() == 0', /no field anotations/],
    ['owner.uid == "x"', /owner has no field uid; it has apiVersion, kind, name/],
    ['object.metadata.name.matches("(?i)tmp")', /matches\("\(\?i\)tmp"\): .*; allowed: JavaScript’s/],
    ['object.metadata.name.matches("[")', /matches\("\["\)/],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, /no CEL/],
    [Array(600).fill('age > age').join('||'), /no CEL/],
  ] as const) {
    test(expression.slice(0, 60), () => assert.throws(() => conditionOf(expression), { name: 'ConditionMistake', message: says }));
  }
});

describe('what a condition looks at', () => {
  for (const [expression, metadataOnly, constant] of [
    ['object.metadata.name == "x"', true, false],
    ['object["metadata"].name == "x" && age > duration("1h")', true, false],
    ['has(object.metadata.labels)', true, false],
    ['object.kind == "Pod" && object.apiVersion == "v1"', true, false],
    ['object.spec.replicas == 0', false, false],
    ['object.metadata.labels.all(key, object.data[key] == "")', false, false],
    ['object == 1', false, false],
    ['[object].size() == 1', false, false],
    ['{"a": object}.a == 1', false, false],
    ['true ? object.spec.a : false', false, false],
    ['-object.spec.a == 1', false, false],
    ['object[object.metadata.name] == 1', false, false],
    ['owner == null', true, false],
    ['true', true, true],
    ['now > timestamp("2026-01-01T00:00:00Z")', true, true],
  ] as const) {
    test(expression, () => {
      const condition = conditionOf(expression);
      assert.deepEqual([condition.metadataOnly, condition.constant], [metadataOnly, constant]);
    });
  }
});

test('of a Secret nothing is seen but metadata, type and whether it is immutable', () => {
  const secret = {
    metadata: {
      name: 's',
      annotations: { a: 'b', 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"aHVzaA=="}}' },
      managedFields: [{ manager: 'x' }],
    },
    type: 'Opaque',
    immutable: true,
    data: { password: 'aHVzaA==' },
    stringData: { password: 'hush' },
  };
  assert.deepEqual(visibleObject(secret, { apiVersion: 'v1', kind: 'Secret' }), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', annotations: { a: 'b' } },
    type: 'Opaque',
    immutable: true,
  });
  assert.deepEqual(visibleObject({ metadata: { name: 'c' }, data: { a: 'b' } }, { apiVersion: 'v1', kind: 'ConfigMap' }), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: { a: 'b' },
  });
});

test('whatever an object holds, a condition is true, false or not told', () => {
  const conditions = [
    'object.metadata.name.startsWith("a") && object.spec.replicas == 0',
    'object.spec.list.exists(x, x == 1 || x.a == object.metadata)',
    'object.spec.matches("^a") || has(object.spec.a.b)',
    'object.spec + object.spec == object.spec || size(object.spec) > 1',
  ].map(conditionOf);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 3 }), (metadata, spec) => {
      for (const condition of conditions) {
        try {
          assert.equal(typeof isTrue(condition, { ...subject, object: { metadata, spec } }), 'boolean');
        } catch (error) {
          assert.ok(error instanceof NotTold, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever text a condition is, it is understood or a mistake', () => {
  const piece = fc.constantFrom(
    ...[
      'object',
      '.metadata',
      '.name',
      '.spec',
      'age',
      'owner',
      ' == ',
      ' && ',
      '!',
      '(',
      ')',
      '"a"',
      '1',
      'has(',
      '.all(x, ',
      '[',
      ']',
      '?',
      ':',
      'x',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      try {
        const condition = conditionOf(pieces.join(''));
        isTrue(condition, subject);
      } catch (error) {
        assert.ok(error instanceof ConditionMistake || error instanceof NotTold, `${pieces.join('')}: ${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});
