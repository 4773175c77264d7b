import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ruleOptions } from '../../functions/cleanup/contracts.ts';
import { configurationError } from '../../functions/runtime/configuration-error.ts';
import { readConfiguration } from '../../functions/runtime/read-configuration.ts';
import { cleanupMistakes } from '../../infra/check-cleanup.ts';

const builtIn = (id: string, does: string) => ({
  id,
  does,
  title: id,
  why: id,
  upstream: id,
  reads: {},
  options: ruleOptions({ enabled: true, minimumAgeHours: 1 }),
});
const rules = [builtIn('finished-jobs', 'delete'), builtIn('reclaim-released-volumes', 'patch'), builtIn('unused-secrets', 'report')];

const told = (text: string): string => {
  const mistakes = cleanupMistakes(readConfiguration(text, 'nightshift.yaml'), rules);
  return mistakes.length === 0 ? '' : configurationError('f', mistakes).message;
};

const eks = 'eks: { name: prod, region: eu-central-1 }';
const write = 'write: { role: "arn:aws:iam::123456789012:role/write" }';
const own = (lines: string, access = `${eks}, ${write}`) => `clusters:\n  prod: { ${access}, options: { cleanup: { ${lines} } } }\n`;
const forAll = (lines: string) => `clusters:\n  prod: { ${eks} }\noptions:\n  cleanup: { ${lines} }\n`;
const rule = (more: string) =>
  `rules: [{ id: old-maps, resource: { version: v1, resource: configmaps, kind: ConfigMap }, when: "age > duration('24h')", minimumAgeHours: 24, action: delete, reason: old, ${more} }]`;

describe('right', () => {
  for (const [what, text] of Object.entries({
    guards: forAll(
      'guards: { limits: { number: 5 }, protectedNamespaces: [pay-*], unprotectedNamespaces: [default], windows: [{ cron: "0 2 * * ? *", durationMinutes: 60, timeZone: Europe/Berlin }] }',
    ),
    'what a cluster permits': own('apply: { rules: [finished-jobs, reclaim-released-volumes] }'),
    'a rule of one’s own, applied unasked': `${own('apply: { rules: [old-maps] }')}options:\n  cleanup: { ${rule('')} }\n`,
    'a cluster’s rule in the place of the one for all': `${own(rule('selector: app'))}options:\n  cleanup: { ${rule('')} }\n`,
    'a schedule that applies where it is permitted': `${own('apply: { rules: [finished-jobs] }')}  stage: { ${eks} }\nschedules:\n  - { operation: cleanup, clusters: ["*"], rate: 1 day, with: { applyPermitted: true } }\n`,
  })) {
    test(what, () => assert.equal(told(text), ''));
  }
});

describe('a mistake', () => {
  for (const [what, [text, says]] of Object.entries<[string, string]>({
    'apply for all clusters': [
      forAll('apply: { rules: [finished-jobs] }'),
      'options.cleanup.apply: what a schedule may apply is said of each cluster alone; move it to clusters.NAME.options.cleanup.apply',
    ],
    'apply where nothing can be written': [
      own('apply: { rules: [finished-jobs] }', eks),
      'clusters.prod.options.cleanup.apply: nothing says how the cluster is written to; give it write',
    ],
    'apply of a rule that only reports': [
      own('apply: { rules: [unused-secrets] }'),
      'apply.rules[0]: "unused-secrets" only reports; allowed: finished-jobs, reclaim-released-volumes',
    ],
    'apply of a rule that is none': [own('apply: { rules: [finished-jbos] }'), '"finished-jbos" is no rule; allowed: finished-jobs'],
    'apply of a rule that is off': [
      `${own('apply: { rules: [finished-jobs] }')}options: { cleanup: { checks: { off: [finished-jobs] } } }\n`,
      '"finished-jobs" is turned off',
    ],
    'apply of a rule of one’s own that only reports': [
      own(`apply: { rules: [old-maps] }, ${rule('').replace('action: delete', 'action: report')}`),
      '"old-maps" only reports',
    ],
    'a window’s cron': [
      forAll('guards: { windows: [{ cron: "0 2 * * *", durationMinutes: 60 }] }'),
      'options.cleanup.guards.windows[0].cron: "0 2 * * *": 5 fields; AWS’s cron has six',
    ],
    'a window’s time zone, of a cluster': [
      own('guards: { windows: [{ cron: "0 2 * * ? *", durationMinutes: 60, timeZone: europe/berlin }] }'),
      'clusters.prod.options.cleanup.guards.windows[0].timeZone: "europe/berlin" is written Europe/Berlin',
    ],
    'a namespace that is not protected anyway': [
      forAll('guards: { unprotectedNamespaces: [kube-systm] }'),
      'unprotectedNamespaces[0]: "kube-systm" is not protected but by protectedNamespaces; allowed: kube-system, kube-public',
    ],
    'a rule with the id of a built-in one': [
      forAll(rule('').replace('id: old-maps', 'id: finished-jobs')),
      'options.cleanup.rules[0].id: rule finished-jobs: a built-in rule has this id',
    ],
    'a broken selector': [
      own(rule('selector: "app in web"')),
      'clusters.prod.options.cleanup.rules[0].selector: rule old-maps: "app in web": found "web", where ( is allowed; such as app=web',
    ],
    'a condition with a wrong type': [
      forAll(rule('').replace("duration('24h')", '24')),
      'options.cleanup.rules[0].when: rule old-maps: no such overload',
    ],
    'a schedule that applies where nothing is permitted': [
      `clusters:\n  prod: { ${eks} }\nschedules:\n  - { operation: cleanup, clusters: [prod], rate: 1 day, with: { applyPermitted: true } }\n`,
      'schedules[0].clusters[0]: the cluster prod permits nothing to be applied; give a cluster options.cleanup.apply, or leave applyPermitted out',
    ],
    'and by a glob': [
      `clusters:\n  prod: { ${eks} }\nschedules:\n  - { operation: cleanup, clusters: ["*"], rate: 1 day, with: { applyPermitted: true } }\n`,
      '"*" picks no cluster that permits anything to be applied',
    ],
  })) {
    test(what, () => {
      const message = told(text);
      assert.ok(message.includes(says), message || 'no mistake was told');
    });
  }
});
