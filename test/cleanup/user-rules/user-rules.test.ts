import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import { userRules } from '../../../functions/cleanup/user-rules/user-rules.ts';
import { pods } from '../../../functions/cluster/kinds.ts';
import { userRule } from '../../../functions/runtime/cleanup-options.ts';
import type { UserRule } from '../../../functions/runtime/configuration.ts';
import { NotReadable } from '../../../functions/scan/contracts.ts';
import fc from '../../fuzz.ts';
import { ago, now, pod } from '../../health-check/objects.ts';
import { askAgain, namesProposed, runRule, stored, theProposal } from '../rules/run-rule.ts';

type Fields = Readonly<Record<string, unknown>>;
const configMaps = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' };
const oldMaps: UserRule = {
  id: 'old-maps',
  resource: configMaps,
  when: 'age > duration("48h")',
  minimumAgeHours: 24,
  action: 'delete',
  reason: 'left over by test runs',
};
const secretRule: Partial<UserRule> = { resource: { group: '', version: 'v1', resource: 'secrets', kind: 'Secret' } };

const load = async (rule: Partial<UserRule>) => {
  const { rules, notTolds } = await userRules([{ ...oldMaps, ...rule }], ['finished-jobs']);
  const [only] = rules;
  assert.ok(only);
  return { rule: only, notTolds };
};
const ruleOf = async (rule: Partial<UserRule> = {}): Promise<Rule> => (await load(rule)).rule;

const map = (name: string, metadata: Fields = {}, more: Fields = {}) =>
  stored({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', creationTimestamp: ago({ days: 3 }), ...metadata },
    ...more,
  });
const namespace = (name: string, labels: Record<string, string> = {}) =>
  stored({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });

describe('what goes', () => {
  test('what the condition is true of, with what it rests on', async () => {
    const objects = [map('old', { labels: { a: 'b' }, annotations: { c: 'd' } }), map('young', { creationTimestamp: ago({ days: 1 }) })];
    const rule = await ruleOf();
    const proposal = await theProposal(rule, { objects });
    assert.deepEqual(proposal, {
      object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'old', uid: 'uid-ConfigMap-shop-old', resourceVersion: '7' },
      metadata: { namespace: 'shop', labels: { a: 'b' }, annotations: { c: 'd' } },
      reason: 'left over by test runs',
      since: Date.parse(ago({ days: 3 })),
      facts: { condition: 'age > duration("48h")', created: ago({ days: 3 }) },
      risk: 'medium',
    });
    assert.deepEqual([rule.does, rule.target.resource, rule.options.parse({}).minimumAgeHours], ['delete', 'configmaps', 24]);
    assert.equal(await askAgain(rule, objects[0]), undefined);
  });

  test('its age is the guard’s: what is younger than the minimum is proposed all the same', async () => {
    const rule = await ruleOf({ when: 'object.metadata.name.startsWith("tmp-")' });
    const { since } = await theProposal(rule, { objects: [map('tmp-1', { creationTimestamp: ago({}) }), map('web')] });
    assert.equal(since, now);
  });

  test('one without a creation time has no age', async () => {
    const rule = await ruleOf({ when: 'object.metadata.name == "x"' });
    assert.equal((await theProposal(rule, { objects: [map('x', { creationTimestamp: null })] })).since, undefined);
    const { rule: aged, notTolds } = await load({});
    assert.deepEqual(await namesProposed(aged, { objects: [map('x', { creationTimestamp: null })] }), []);
    assert.match(notTolds.findings('prod')[0]?.message ?? '', /age/);
  });

  test('apiVersion and kind are there though lists leave them out, and a controller is the owner', async () => {
    const rule = await ruleOf({ when: 'object.kind == "ConfigMap" && object.apiVersion == "v1" && owner != null && owner.name == "web"' });
    const controlled = map('x', {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Pod', name: 'other', uid: '1' },
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '2', controller: true },
      ],
    });
    const bare = ({ kind: _, apiVersion: __, ...object }: { readonly kind?: string; readonly apiVersion?: string }): object => object;
    const names = await namesProposed(rule, {
      objects: [controlled, map('y')],
      arrange: (batches) => batches.map(({ read, objects }) => ({ read, objects: objects.map((object) => bare(object as object)) })),
    });
    assert.deepEqual(names, ['x']);
  });

  test('of pods only those that ended', async () => {
    const rule = await ruleOf({
      resource: { group: '', version: 'v1', resource: 'pods', kind: 'Pod' },
      when: 'object.metadata.name != ""',
    });
    const objects = ['Running', 'Pending', 'Failed', 'Succeeded'].map((phase) =>
      stored(pod({ name: phase.toLowerCase(), status: { phase } })),
    );
    const { proposals } = await runRule(rule, { objects });
    assert.deepEqual(
      proposals.map(({ object, reportOnly, lost }) => [object.name, reportOnly !== undefined, lost]),
      [
        ['failed', false, ['its logs']],
        ['pending', true, ['its logs']],
        ['running', true, ['its logs']],
        ['succeeded', false, ['its logs']],
      ],
    );
    assert.match(String(await askAgain(rule, objects[0])), /has not ended/);
    assert.equal(await askAgain(rule, objects[2]), undefined);
    assert.equal(typeof rule.reads === 'object' && rule.reads.objects?.part, undefined);
    assert.deepEqual(pods.versions, rule.target.versions);
  });
});

describe('what it reads', () => {
  test('metadata alone where the condition needs no more', async () => {
    const reads = async (rule: Partial<UserRule>) => (await ruleOf(rule)).reads;
    assert.deepEqual(await reads({}), {
      objects: { group: '', resource: 'configmaps', kind: 'ConfigMap', versions: ['v1'], part: 'metadata' },
    });
    assert.deepEqual(Object.keys(await reads({ namespaceSelector: 'temporary' })), ['objects', 'namespaces']);
    assert.deepEqual(await reads({ ...secretRule, when: 'object.type == "x"' }), {
      objects: { group: '', resource: 'secrets', kind: 'Secret', versions: ['v1'], sensitive: true },
    });
  });
});

describe('selectors', () => {
  const objects = [
    ...['shop', 'shop-test', 'bank'].flatMap((name) => [
      map(`web-${name}`, { namespace: name, labels: { app: 'web' } }),
      map(`bare-${name}`, { namespace: name }),
    ]),
    namespace('shop', { temporary: 'no' }),
    namespace('shop-test', { temporary: 'yes' }),
    namespace('bank'),
  ];
  for (const [what, rule, names] of [
    ['globs of namespaces', { namespaces: ['shop*'] }, ['bare-shop-test', 'web-shop-test', 'bare-shop', 'web-shop']],
    ['labels of namespaces', { namespaceSelector: 'temporary=yes' }, ['bare-shop-test', 'web-shop-test']],
    ['labels of namespaces that none has', { namespaceSelector: 'temporary=perhaps' }, []],
    ['labels of the object', { selector: 'app in (web)', namespaces: ['shop', 'bank'] }, ['web-bank', 'web-shop']],
    ['labels that none has', { selector: 'app=nothing' }, []],
    ['a namespace that there is not', { namespaces: ['nowhere'] }, []],
    ['all three', { namespaces: ['shop*'], namespaceSelector: 'temporary!=yes', selector: '!app' }, ['bare-shop']],
  ] as const) {
    test(what, async () =>
      assert.deepEqual(
        await namesProposed(await ruleOf({ ...rule, namespaces: 'namespaces' in rule ? [...rule.namespaces] : undefined }), { objects }),
        names,
      ),
    );
  }

  test('namespaces that could not be read: nothing is concluded', async () => {
    const rule = await ruleOf({ namespaceSelector: '!temporary' });
    const { proposals, end } = await runRule(rule, {
      objects,
      endings: { namespaces: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'r' } },
    });
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
  });

  test('the order of objects changes nothing', async () => {
    const rule = await ruleOf({ namespaceSelector: 'temporary=yes', when: 'object.metadata.labels.app == "web"' });
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(objects, { minLength: objects.length }), async (shuffled) => {
        assert.deepEqual(await namesProposed(rule, { objects: shuffled }), ['web-shop-test']);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what cannot be told', () => {
  const objects = ['c', 'a', 'b'].map((name) => map(name)).concat(map('told', {}, { data: { state: 'done' } }));

  test('is kept, and the report says it once a rule', async () => {
    const { rule, notTolds } = await load({ when: 'object.data.state == "done"' });
    const { end } = await runRule(rule, { objects });
    assert.equal(end.outcome, 'ran');
    assert.deepEqual(await namesProposed(rule, { objects }), ['told']);
    // The second scan has not added to the first.
    const [finding, ...others] = notTolds.findings('prod');
    assert.deepEqual(others, []);
    assert.equal(
      finding?.message,
      'the condition of rule old-maps could not be told of 3 objects, which are kept; of ConfigMap shop/a: No such key: data (at character 8)',
    );
    assert.deepEqual(
      [finding.observer, finding.severity, finding.object.name, finding.subject],
      ['old-maps', 'warning', 'prod', 'old-maps'],
    );
    await assert.rejects(async () => askAgain(rule, objects[0]), { name: 'NotTold' });
  });

  test('of namespaces that the rule does not select nothing is told', async () => {
    const { rule, notTolds } = await load({ when: 'object.data.state == "done"', namespaceSelector: 'temporary' });
    const all = [...objects, map('x', { namespace: 'bank' }), namespace('shop'), namespace('bank', { temporary: '' })];
    assert.deepEqual(await namesProposed(rule, { objects: all }), []);
    assert.match(notTolds.findings('prod')[0]?.message ?? '', /of 1 object, which is kept; of ConfigMap bank\/x/);
  });

  test('is told the same in whatever order', async () => {
    const { rule, notTolds } = await load({ when: 'object.data.state == "done"' });
    await runRule(rule, { objects });
    const first = notTolds.findings('prod');
    await runRule(rule, { objects: objects.toReversed() });
    assert.deepEqual(notTolds.findings('prod'), first);
  });

  test('a rule that is too slow again and again is given up', async () => {
    const { rule } = await load({ when: 'object.metadata.name.matches("^(a+)+$")' });
    const hard = Array.from({ length: 12 }, (_, index) => map(`${'a'.repeat(40)}-${index}`));
    const { proposals, end } = await runRule(rule, { objects: [...hard, map('aa')] });
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
    assert.ok(end.outcome === 'incomplete' && /given up/.test(end.reason ?? ''));
  });
});

describe('a Secret', () => {
  const secret = stored({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: 's', namespace: 'shop', creationTimestamp: ago({ days: 3 }) },
    data: { password: 'aHVzaA==' },
    stringData: { password: 'hush' },
  });
  for (const when of ['object.data.password == "aHVzaA=="', 'object.stringData.password == "hush"']) {
    test(`its content is seen by no condition: ${when}`, async () => {
      const { rule, notTolds } = await load({ ...secretRule, when });
      assert.deepEqual(await namesProposed(rule, { objects: [secret] }), []);
      assert.doesNotMatch(
        JSON.stringify(notTolds.findings('prod').map(({ object, ...rest }) => ({ object, rest: rest.message.replace(when, '') }))),
        /aHVzaA|hush/,
      );
    });
  }
  test('and is in no proposal', async () => {
    const rule = await ruleOf({ ...secretRule, when: 'object.type == "Opaque"' });
    const proposal = await theProposal(rule, { objects: [secret] });
    assert.equal(proposal.risk, 'high');
    assert.doesNotMatch(JSON.stringify(proposal), /aHVzaA|hush/);
    assert.equal(await askAgain(rule, secret), undefined);
  });
});

describe('asked again before the write', () => {
  test('keeps what is no longer selected, or no longer fits', async () => {
    const rule = await ruleOf({ selector: 'app=web', namespaces: ['shop'], namespaceSelector: 'temporary=yes' });
    const fresh = map('x', { labels: { app: 'web' } });
    const live = [namespace('shop', { temporary: 'yes' })];
    assert.equal(await askAgain(rule, fresh, { live }), undefined);
    assert.match(String(await askAgain(rule, map('x', { labels: { app: 'api' } }), { live })), /do not select it/);
    assert.match(String(await askAgain(rule, map('x', { labels: { app: 'web' }, namespace: 'bank' }), { live })), /do not select it/);
    assert.match(String(await askAgain(rule, fresh, { live: [namespace('shop', { temporary: 'no' })] })), /labels of its namespace/);
    assert.match(String(await askAgain(rule, fresh, { live: [] })), /namespace is gone/);
    assert.match(
      String(await askAgain(rule, map('x', { labels: { app: 'web' }, creationTimestamp: ago({ hours: 47 }) }), { live })),
      /no longer holds/,
    );
  });

  test('an error is never an absence', async () => {
    const rule = await ruleOf({ namespaceSelector: '!temporary' });
    const error = new NotReadable('no', 'forbidden', 'r');
    await assert.rejects(async () => askAgain(rule, map('x'), { error }), error);
  });

  for (const odd of [null, undefined, 1, 'x', [], {}, { metadata: {} }, { ...map('x'), kind: 'Secret' }, { ...map('x'), metadata: null }]) {
    test(`keeps what is not as expected: ${JSON.stringify(odd)?.slice(0, 40)}`, async () => {
      assert.match(String(await askAgain(await ruleOf({ when: 'object != null', namespaces: ['*'] }), odd)), /not as expected/);
    });
  }

  test('a rule that only reports is not asked', async () => assert.equal((await ruleOf({ action: 'report' })).recheck, undefined));
});

describe('a mistake is told at once, with the rule, the place and what is allowed', () => {
  const widget = { group: 'example.org', version: 'v1', resource: 'widgets', kind: 'Widget' };
  for (const [what, rules, says] of [
    ['a broken selector', [{ selector: 'app in web' }], /options\.cleanup\.rules\[0\]\.selector: rule old-maps: "app in web": found "web"/],
    ['a broken namespace selector', [{ namespaceSelector: '=' }], /rules\[0\]\.namespaceSelector: rule old-maps/],
    ['no CEL', [{ when: 'object.' }], /rules\[0\]\.when: rule old-maps: no CEL/],
    ['a condition that is true for all', [{ when: 'true' }], /looks at nothing of the object and would take them all/],
    ['an id of a built-in rule', [{ id: 'finished-jobs' }], /rules\[0\]\.id: rule finished-jobs: a built-in rule has this id/],
    ['an id twice', [{}, {}], /rules\[1\]\.id: rule old-maps: a rule before it has the same id/],
    ['no minimum age', [{ minimumAgeHours: 0 }], /minimumAgeHours: rule old-maps: 0; allowed for what is deleted: 1 or more/],
    ['another kind', [{ resource: { ...configMaps, kind: 'Secret' } }], /"Secret"; the kind of configmaps is ConfigMap/],
    ['another version', [{ resource: { ...configMaps, version: 'v2' } }], /"v2"; configmaps are read in v1/],
    [
      'two versions of one kind',
      [{ resource: widget }, { id: 'b', resource: { ...widget, version: 'v2' } }],
      /rules\[1\]\.resource: rule b: version v2 and kind Widget; rule old-maps has v1/,
    ],
    ...[
      ['namespaces', 'Namespace', '', 'v1'],
      ['nodes', 'Node', '', 'v1'],
      ['persistentvolumes', 'PersistentVolume', '', 'v1'],
      ['customresourcedefinitions', 'CustomResourceDefinition', 'apiextensions.k8s.io', 'v1'],
      ['apiservices', 'APIService', 'apiregistration.k8s.io', 'v1'],
    ].map(
      ([resource = '', kind = '', group = '', version = '']) =>
        [
          `deleting ${resource}`,
          [{ resource: { resource, kind, group, version } }],
          new RegExp(`no rule may delete ${resource}: `),
        ] as const,
    ),
    [
      'a namespace of what has none',
      [{ resource: { group: '', version: 'v1', resource: 'nodes', kind: 'Node' }, action: 'report', namespaces: ['a'] }],
      /nodes are in no namespace/,
    ],
  ] as const) {
    test(what, async () => {
      const given = (rules as readonly Partial<UserRule>[]).map((rule) => ({ ...oldMaps, ...rule }));
      await assert.rejects(async () => userRules(given, ['finished-jobs']), { name: 'ConfigurationError', message: says });
    });
  }

  test('all at once', async () => {
    const given = [{ ...oldMaps, when: '1', selector: ',', minimumAgeHours: 0 }];
    await assert.rejects(
      async () => userRules(given, []),
      ({ message }: Error) => message.split('\n').length === 3,
    );
  });

  test('what is only reported may be of any age and kind, and of all', async () => {
    const resource = { group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace' };
    const { rules } = await userRules([{ ...oldMaps, resource, action: 'report', minimumAgeHours: 0, when: 'true' }], []);
    assert.deepEqual(
      rules.map(({ does, recheck }) => [does, recheck]),
      [['report', undefined]],
    );
  });

  test('no rules are no rules', async () => assert.deepEqual((await userRules([], [])).rules, []));

  test('the schema takes the rule of these tests', () => assert.deepEqual(userRule.parse(oldMaps), oldMaps));
});
