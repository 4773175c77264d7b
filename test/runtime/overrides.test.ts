import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup } from '../../functions/cleanup/operation.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { reportStore } from '../../functions/report/store/report-store.ts';
import { type Storage, type StoredText, TooLong } from '../../functions/report/store/storage.ts';
import { validateCheckOptions } from '../../functions/runtime/check-options.ts';
import { ConfigurationError } from '../../functions/runtime/configuration-error.ts';
import { layOptions, layOver } from '../../functions/runtime/lay-options.ts';
import { layNotify, overridingOptions } from '../../functions/runtime/lay-overrides.ts';
import type { Overrides } from '../../functions/runtime/overrides.ts';
import { overridesInForce } from '../../functions/runtime/overrides-in-force.ts';
import { readConfiguration } from '../../functions/runtime/read-configuration.ts';
import { readOverrides } from '../../functions/runtime/read-overrides.ts';
import fc from '../fuzz.ts';

const arn = 'arn:aws:sns:eu-central-1:123456789012:oncall';
const configuration = readConfiguration(
  `
clusters:
  prod:
    eks: { name: prod, region: eu-central-1 }
    labels: { team: core }
    options: { health-check: { checks: { pod-pending: { graceMinutes: 5 } } } }
  edge: { eks: { name: edge, region: eu-central-1 } }
options:
  health-check:
    checks: { off: [warning-events], pod-pending: { graceMinutes: 30 } }
    ignore: [{ check: "pod-*", namespace: sandbox, reason: of the deployment }]
notify:
  - { topic: create, format: chat, atLeast: critical }
  - { topic: ${arn}, when: always, remindAfterDays: 3 }
  - { topic: create, clusters: [edge] }
`,
  'nightshift.yaml',
);
const file = 'config/overrides.yaml';
/** What the page's example is laid over, beside its rules. */
const access = `
clusters: { prod: { eks: { name: prod, region: eu-central-1 } } }
notify: [{ topic: create }, { topic: "${arn}" }]
`;
const read = (text: string) => readOverrides(text, file, healthCheck, configuration);
const optionsOn = (cluster: string, text: string) =>
  layOver(layOptions(configuration, cluster, 'health-check'), overridingOptions(read(text), cluster, 'health-check'));

describe('config/overrides.yaml', () => {
  for (const key of ['guards: { limits: { number: 1000 } }', 'apply: { rules: [finished-jobs] }', 'rules: []']) {
    test(`what may be deleted takes a deployment: ${key}`, () => {
      const [name] = key.split(':');
      const says = new RegExp(`options\\.cleanup\\.${name}: unknown key; allowed: checks, ignore`);
      assert.throws(() => read(`options: { cleanup: { ${key} } }`), says);
      assert.throws(() => read(`clusters: { prod: { options: { cleanup: { ${key} } } } }`), says);
    });
  }

  for (const options of ['old-events: { enabled: true }', 'finished-jobs: { minimumAgeHours: 0 }']) {
    test(`a rule of the cleanup is turned off, and nothing else: ${options}`, () => {
      const [rule] = options.split(':');
      const says = new RegExp(`options\\.cleanup\\.checks\\.${rule}: unknown key; allowed: off`);
      const readCleanup = (text: string) => readOverrides(text, file, cleanup, configuration);
      assert.throws(() => readCleanup(`options: { cleanup: { checks: { ${options} } } }`), says);
      assert.throws(() => readCleanup(`clusters: { prod: { options: { cleanup: { checks: { ${options} } } } } }`), says);
      const { options: said } = readCleanup(`options: { cleanup: { checks: { off: [${rule}] } } }`);
      assert.deepEqual(said.cleanup?.checks?.off, [rule]);
    });
  }

  test('is laid over all that the bundle says, for all clusters and then for one', () => {
    const text = `
options: { health-check: { checks: { off: [pod-failed], pod-pending: { graceMinutes: 60 } }, ignore: [{ check: node-*, reason: all }] } }
clusters: { edge: { options: { health-check: { checks: { pod-pending: { graceMinutes: 90 } }, ignore: [{ name: x, reason: edge }] } } } }
`;
    const prod = optionsOn('prod', text);
    // What somebody lays over at night counts, also where the bundle has an option for this cluster alone.
    assert.deepEqual(prod.checks, { off: ['warning-events', 'pod-failed'], 'pod-pending': { graceMinutes: 60 } });
    assert.deepEqual(
      prod.ignore?.map(({ reason }) => reason),
      ['of the deployment', 'all'],
    );
    const edge = optionsOn('edge', text);
    assert.deepEqual(edge.checks?.['pod-pending'], { graceMinutes: 90 });
    assert.deepEqual(
      edge.ignore?.map(({ reason }) => reason),
      ['of the deployment', 'all', 'edge'],
    );
  });

  test('an empty file, or one of comments, has none', () => {
    for (const text of ['', '# nothing tonight\n', 'notify:\n', 'options: {}']) {
      if (text === 'notify:\n') assert.throws(() => read(text), /config\/overrides\.yaml:1: notify: empty; allowed: a list/);
      else assert.deepEqual(read(text), { options: {}, clusters: {}, notify: [] });
    }
  });

  const mistakes: Readonly<Record<string, readonly [string, string]>> = {
    'an unknown key': ['schedules: []', ':1: schedules: unknown key; allowed: options, clusters, notify'],
    'a rule without a reason': [
      'options:\n  health-check:\n    ignore:\n      - { check: x }',
      ':4: options.health-check.ignore[0].reason: missing; allowed: a string',
    ],
    'no date': [
      'options:\n  health-check:\n    ignore:\n      - { reason: x, until: 31.12.2026 }',
      ':4: options.health-check.ignore[0].until: "31.12.2026"; allowed: a date, such as 2026-12-31',
    ],
    'an unknown check': [
      'options:\n  health-check:\n    checks:\n      pod-pendng: { graceMinutes: 1 }',
      ':4: options.health-check.checks.pod-pendng: unknown check; health-check has ',
    ],
    'an unknown check turned off': [
      'options:\n  health-check:\n    checks:\n      off: [nope]',
      ':4: options.health-check.checks.off: "nope": unknown check',
    ],
    'a wrong option of a check, for one cluster': [
      'clusters:\n  edge:\n    options:\n      health-check:\n        checks:\n          pod-pending: { graceMinutes: -1 }',
      ':6: clusters.edge.options.health-check.checks.pod-pending.graceMinutes: -1; allowed: 0 or more',
    ],
    'an unknown cluster': ['clusters:\n  prd: { options: {} }', ':2: clusters.prd: "prd" picks no cluster; clusters: prod, edge'],
    'the access of a cluster': [
      'clusters:\n  prod: { options: {}, eks: { name: x, region: eu-central-1 } }',
      ':2: clusters.prod.eks: unknown key; allowed: options',
    ],
    'a topic that is not configured': [
      `notify:\n  - { topic: ${arn}-2 }`,
      `:2: notify[0].topic: "${arn}-2" is not configured, so that it cannot be told; allowed: create, ${arn}`,
    ],
    'a topic twice': ['notify:\n  - { topic: create, off: true }\n  - { topic: create }', ':3: notify[1].topic: "create" is given twice'],
    'a pattern that picks no cluster': [
      'notify:\n  - topic: create\n    clusters: [prod, "x-*"]',
      ':3: notify[0].clusters[1]: "x-*" picks no cluster',
    ],
    'no YAML': ['options: {', ':1: not valid YAML'],
    'a key twice': ['options: {}\noptions: {}', ':2: the key options is given twice'],
  };
  for (const [name, [text, says]] of Object.entries(mistakes)) {
    test(`${name} is a mistake with its line`, () => {
      assert.throws(
        () => read(text),
        (error: unknown) => error instanceof ConfigurationError && error.message.startsWith(`${file}${says}`),
        says,
      );
    });
  }

  test('all mistakes are told at once, in the order of their lines', () => {
    const text = `notify:\n  - { topic: ${arn}-2 }\nclusters: { prd: { options: {} } }\noptions: { health-check: { checks: { nope: {} } } }`;
    assert.throws(
      () => read(text),
      (error: Error) => {
        assert.deepEqual(
          error.message.split('\n').map((line) => line.split(':')[1]),
          ['2', '3', '4'],
        );
        return true;
      },
    );
  });

  test('what is taken never makes a run fail, on any cluster', () => {
    const value = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.string({ maxLength: 3 }), fc.boolean());
    const id = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...healthCheck.checks.map((check) => check.id)) }, fc.constant('nope'));
    const options = fc.record({
      off: fc.array(id, { maxLength: 2 }),
      some: fc.dictionary(id, fc.dictionary(fc.constantFrom('graceMinutes', 'warnDays', 'criticalDays'), value, { maxKeys: 1 }), {
        maxKeys: 1,
      }),
    });
    let taken = 0;
    fc.assert(
      fc.property(options, options, (general, own) => {
        const of = ({ off, some }: typeof general) => ({ 'health-check': { checks: { ...some, off } } });
        const text = JSON.stringify({ options: of(general), clusters: { edge: { options: of(own) } } });
        let overrides: Overrides;
        try {
          overrides = readOverrides(text, file, healthCheck, configuration);
        } catch (error) {
          assert.ok(error instanceof ConfigurationError);
          return;
        }
        taken += 1;
        for (const cluster of ['prod', 'edge', 'elsewhere']) {
          const laid = layOver(layOptions(configuration, cluster, 'health-check'), overridingOptions(overrides, cluster, 'health-check'));
          validateCheckOptions(healthCheck, laid);
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(taken > 20, `${taken} were taken`);
  });

  test('the examples of docs/mutes.md are taken as they stand', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/mutes.md'), 'utf8');
    const [rules = '', overrides = ''] = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text);
    const bundled = readConfiguration(`${rules}${access}`, 'nightshift.yaml');
    const laid = readOverrides(overrides, file, healthCheck, bundled);
    assert.deepEqual([bundled.options['health-check']?.ignore?.length, laid.notify.length, Object.keys(laid.clusters)], [2, 2, ['prod']]);
  });

  test('a cluster may be called constructor', () => {
    const own = readConfiguration('clusters: { constructor: { eks: { name: x, region: eu-central-1 } } }', 'nightshift.yaml');
    const laid = readOverrides('options: { health-check: { checks: { off: [pod-failed] } } }', file, healthCheck, own);
    assert.deepEqual(overridingOptions(laid, 'constructor', 'health-check'), { checks: { off: ['pod-failed'] } });
  });

  test('where nothing is configured, clusters and topics are not judged', () => {
    const text = 'clusters: { kind-kind: { options: {} } }\nnotify: [{ topic: create, off: true }]';
    assert.deepEqual(readOverrides(text, file, healthCheck, undefined).notify, [{ topic: 'create', off: true }]);
  });

  test('notify replaces what it says of every rule of its topic; off silences it; each stays at its place', () => {
    const laid = (text: string) => layNotify(configuration.notify, read(text));
    assert.deepEqual(laid(''), configuration.notify);
    assert.deepEqual(layNotify(configuration.notify, undefined), configuration.notify);
    const [first, second, third] = configuration.notify;
    assert.deepEqual(laid('notify: [{ topic: create, atLeast: info, remindAfterDays: 1 }]'), [
      { ...first, atLeast: 'info', remindAfterDays: 1 },
      second,
      { ...third, atLeast: 'info', remindAfterDays: 1 },
    ]);
    assert.deepEqual(laid(`notify: [{ topic: create, off: true }, { topic: ${arn}, when: changes, clusters: ["team=core"] }]`), [
      undefined,
      { ...second, when: 'changes', clusters: ['team=core'] },
      undefined,
    ]);
  });
});

/** A storage that versions what it holds, counts what it transfers, and can refuse. */
const memoryStorage = () => {
  const texts = new Map<string, StoredText>();
  const transferred: string[] = [];
  const refusing = new Map<string, Error>();
  let versions = 0;
  const storage: Storage = {
    location: 's3://reports',
    async read(key, { known, mostBytes = Number.POSITIVE_INFINITY } = {}) {
      const refusal = refusing.get(key);
      if (refusal) throw refusal;
      const stored = texts.get(key);
      if (stored && stored.version === known?.version) return known;
      if (stored && stored.text.length > mostBytes) throw new TooLong(stored.text.length, mostBytes);
      if (stored) transferred.push(key);
      return stored;
    },
    async write(key, text) {
      texts.set(key, { text, version: `"${++versions}"` });
      return true;
    },
  };
  const put = (text: string | undefined) => {
    if (text === undefined) texts.delete(file);
    else void storage.write(file, text, 'application/yaml');
  };
  return { storage, texts, put, transferred, refusing };
};

describe('which overrides count', () => {
  const setUp = () => {
    const memory = memoryStorage();
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const store = reportStore(memory.storage, warn);
    const run = (day = 24) =>
      overridesInForce({
        storage: memory.storage,
        store,
        operation: healthCheck,
        cluster: 'prod',
        configuration,
        now: new Date(`2026-11-${day}T06:00:00Z`),
        warn,
      });
    return { ...memory, store, run, warnings };
  };
  const good = 'options: { health-check: { checks: { off: [pod-failed] }, ignore: [{ check: node-*, reason: tonight }] } }';
  const broken = 'options: { health-check: { ignore: [{ check: node-* }] } }';

  test('none where there is no file, and nothing is written for it', async () => {
    const { run, texts } = setUp();
    assert.deepEqual(await run(), { facts: { file: 's3://reports/config/overrides.yaml' } });
    assert.deepEqual([...texts], []);
  });

  test('a good one, told with since when; unchanged it is not transferred again', async () => {
    const { run, put, transferred, texts } = setUp();
    put(good);
    const first = await run(20);
    assert.deepEqual(first.overrides?.options['health-check']?.checks?.off, ['pod-failed']);
    assert.deepEqual(first.facts, {
      file: 's3://reports/config/overrides.yaml',
      inForce: {
        file: 's3://reports/config/overrides.yaml',
        since: '2026-11-20T06:00:00.000Z',
        says: ['checks turned off: pod-failed', 'ignore rules: 1'],
      },
    });
    const state = texts.get('state/prod/health-check.json')?.version;
    assert.deepEqual(await run(21), first);
    assert.deepEqual(
      transferred.filter((key) => key === file),
      [file],
    );
    assert.equal(texts.get('state/prod/health-check.json')?.version, state, 'the state is not written again');
  });

  test('one that is put again as it was counts since it was first read so, though its ETag is another', async () => {
    const { run, put } = setUp();
    put(good);
    const first = await run(20);
    put(good);
    assert.deepEqual(await run(21), first);
    put(`${good}\n`);
    assert.equal((await run(22)).facts.inForce?.since, '2026-11-22T06:00:00.000Z');
  });

  test('one that is too long is as good as broken: it is read, and nobody has to look for a right', async () => {
    const { run, put } = setUp();
    put(good);
    const before = await run(20);
    put(`${good}\n${'#'.repeat(70_000)}`);
    const { overrides, facts } = await run(21);
    assert.deepEqual([overrides, facts.unread], [before.overrides, undefined]);
    assert.match(facts.problem?.message ?? '', /nothing of it counts: it has 70\d\d\d bytes; at most 65536 are read; the last good one/);
    assert.match(facts.problem?.remedy ?? '', /^mend what is named/);
  });

  test('of a broken one nothing counts: the last good one does, and the mistake is told with its line', async () => {
    const { run, put } = setUp();
    put(good);
    const before = await run(20);
    put(broken);
    for (const day of [21, 22]) {
      const { overrides, facts } = await run(day);
      assert.deepEqual(overrides, before.overrides);
      assert.deepEqual(facts.inForce, before.facts.inForce);
      assert.equal(facts.unread, undefined);
      assert.equal(
        facts.problem?.message,
        'is not understood, so that nothing of it counts: config/overrides.yaml:1: options.health-check.ignore[0].reason: missing; allowed: a string; the last good one, of 2026-11-20 06:00 UTC, counts',
      );
      assert.match(facts.problem?.remedy ?? '', /aws s3 cp overrides\.yaml s3:\/\/reports\/config\/overrides\.yaml/);
    }
    put(good.replace('tonight', 'mended'));
    const after = await run(23);
    assert.deepEqual([after.facts.problem, after.facts.inForce?.since], [undefined, '2026-11-23T06:00:00.000Z']);
    assert.equal(after.overrides?.options['health-check']?.ignore?.[0]?.reason, 'mended');
  });

  test('a broken one without an earlier good one: only the configuration counts', async () => {
    const { run, put } = setUp();
    put(broken);
    const { overrides, facts } = await run();
    assert.deepEqual([overrides, facts.inForce], [undefined, undefined]);
    assert.match(facts.problem?.message ?? '', /no earlier one was good: the configuration counts as it was deployed$/);
  });

  test('refused: the last good one counts, and that it could not be read is told', async () => {
    const { run, put, refusing } = setUp();
    put(good);
    const before = await run(20);
    refusing.set(file, Object.assign(new Error('Access Denied'), { name: 'AccessDenied' }));
    const { overrides, facts } = await run(21);
    assert.deepEqual(overrides, before.overrides);
    assert.deepEqual(facts.unread, 'AccessDenied: Access Denied');
    assert.match(facts.problem?.message ?? '', /^could not be read, .*AccessDenied: Access Denied; the last good one, of 2026-11-20/);
    assert.match(facts.problem?.remedy ?? '', /s3:GetObject.*kms:Decrypt/);
  });

  test('a deleted one is forgotten: a broken one later does not revive it', async () => {
    const { run, put } = setUp();
    put(good);
    await run(20);
    put(undefined);
    assert.equal((await run(21)).overrides, undefined);
    put(broken);
    assert.equal((await run(22)).overrides, undefined);
  });

  test('one that is remembered is read anew: what a newer deployment no longer takes is told', async () => {
    const { storage, store, put, warnings } = setUp();
    put('clusters: { edge: { options: {} } }');
    const context = { storage, store, operation: healthCheck, cluster: 'prod', now: new Date('2026-11-24T06:00:00Z'), warn: assert.fail };
    assert.ok((await overridesInForce({ ...context, configuration })).overrides);
    const { edge: _, ...clusters } = configuration.clusters;
    const { overrides, facts } = await overridesInForce({ ...context, configuration: { ...configuration, clusters } });
    assert.equal(overrides, undefined);
    assert.match(facts.problem?.message ?? '', /"edge" picks no cluster.*no earlier one was good/);
    assert.deepEqual(warnings, []);
  });

  test('the marks of what was sent stay, and a damaged memory counts as none', async () => {
    const { run, put, store, texts, storage } = setUp();
    await store.markNotified(
      'prod',
      'health-check',
      { runId: 'run', startedAt: '2026-11-23T06:00:00.000Z' },
      { name: 'topic' },
      '2026-11-23T06:00:00.000Z',
    );
    put(good);
    await run();
    assert.deepEqual((await store.deliveries('prod', 'health-check')).notified, ['run topic']);
    assert.ok(texts.get('state/prod/health-check.json')?.text.includes('tonight'));
    await storage.write('state/prod/health-check.json', '{"overrides": {"text": 1}}', '');
    put(broken);
    assert.equal((await run()).overrides, undefined);
  });

  test('a state that cannot be read or written costs a warning, and the file counts', async () => {
    const { run, put, refusing, warnings } = setUp();
    put(good);
    refusing.set('state/prod/health-check.json', new Error('no access'));
    assert.ok((await run()).overrides);
    assert.deepEqual(warnings, ['config/overrides.yaml counts, but is not remembered for a run that finds it broken: no access']);
  });

  test('many mistakes, long ones and secrets: a short message', async () => {
    const { run, put } = setUp();
    put(`notify:\n${Array.from({ length: 50 }, (_, index) => `  - { topic: "${'s'.repeat(500)}${index}" }`).join('\n')}`);
    const { problem } = (await run()).facts;
    assert.ok((problem?.message.length ?? 0) < 2_500, problem?.message);
    assert.match(problem?.message ?? '', /and 45 more/);
    assert.ok(!problem?.message.includes('s'.repeat(100)));
  });

  test('never throws, whatever lies there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.json(), fc.constantFrom('&a [*a]', '- - -', '!!js/function x', '"\\x1b[31m": 1')),
        async (text) => {
          const { run, put } = setUp();
          put(text);
          const { overrides, facts } = await run();
          assert.equal(overrides === undefined, facts.problem !== undefined);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
          assert.doesNotMatch(facts.problem?.message ?? '', /[\u0000-\u0008\u000b-\u001f]/);
        },
      ),
      { numRuns: 200 },
    );
  });
});
