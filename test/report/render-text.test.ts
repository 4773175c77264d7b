import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Report } from '../../functions/report/model.ts';
import { wrapped } from '../../functions/report/paper.ts';
import { renderText, useColor } from '../../functions/report/render-text.ts';
import fc from '../fuzz.ts';
import { found, healthyReport, ref, reportOf, sampleReport, scanOf } from './sample-report.ts';

const plain = { columns: 80, color: false };
const isNameOrCommand = (line: string) => /^\s*(kubectl|aws|helm) /.test(line) || !/\S\s+\S/.test(line.trim());

describe('renderText', () => {
  test('begins and ends with the verdict', () => {
    const lines = renderText(sampleReport(), { columns: 200, color: false }).trimEnd().split('\n');
    assert.equal(
      lines[0],
      'CRITICAL  prod health-check: 2 critical (1 new, 1 not verified), 2 warnings (1 new), 1 resolved; 1 check could not run',
    );
    assert.equal(lines.at(-1), lines[0]);
    assert.match(renderText(healthyReport(), plain), /^HEALTHY {2}prod health-check: 10 checks on 1,204 objects found nothing\n/);
    const gap = reportOf(scanOf([], [], [{ id: 'pod-waiting', outcome: 'incomplete', objects: 0, reason: 'r', remedy: 'm' }]));
    assert.match(renderText(gap, plain), /^INCOMPLETE {2}prod health-check: 9 checks/);
  });

  test('is no wider than it may be, but for names and commands, also with wide characters', () => {
    const wide = reportOf(
      scanOf([
        found('pod-waiting', ref('Pod', 'p', 'x'), { message: '集群中的容器一直在重新启动 '.repeat(12), subject: '容器' }),
        found('pod-waiting', ref('Pod', 'n'.repeat(253), 'y'.repeat(63)), {
          message: 'word '.repeat(100),
          remedy: 'do this and that '.repeat(30),
        }),
      ]),
    );
    for (const report of [sampleReport(), healthyReport(), wide]) {
      for (const columns of [60, 80, 100]) {
        for (const line of renderText(report, { columns, color: true }).split('\n')) {
          const text = stripVTControlCharacters(line);
          assert.ok(stringWidth(text) <= columns || isNameOrCommand(text), `${columns}: ${text}`);
        }
      }
    }
  });

  test('never cuts a name', () => {
    const name = 'n'.repeat(253);
    const text = renderText(reportOf(scanOf([found('pod-waiting', ref('Pod', name, 'y'.repeat(63)))])), plain);
    assert.ok(text.includes(`${'y'.repeat(63)}/${name}`));
  });

  test('says of each finding what it is, of what, what to do, since when, and by which check', () => {
    const text = renderText(sampleReport(), plain);
    assert.ok(
      text.includes(`warning   Namespace preview-1421
          terminating for 9 days: 2 certificates.cert-manager.io still have the
          finalizer finalizer.acme.cert-manager.io
            kubectl -n preview-1421 get certificates.cert-manager.io -o yaml
          raised from info, since 2026-11-23 06:00 UTC · began 2026-11-15 09:12
          UTC · namespace-terminating
`),
    );
  });

  test('shows the gravest of what a finding explains, and how many more there are', () => {
    const text = renderText(sampleReport(), plain);
    assert.match(
      text,
      /explains 63 more \([^)]+\):\n +critical Deployment shop\/checkout: 0 of 60 replicas are available\n +critical Service shop\/checkout/,
    );
    assert.match(text, /and 60 more\n/);
  });

  test('prints an RBAC rule whole, each line as it is', () => {
    const rule = ['- apiGroups: ["batch"]', '  resources: ["cronjobs"]', '  verbs: ["list"]'];
    const indented = rule.map((line) => ' '.repeat(6) + line).join('\n');
    assert.ok(renderText(sampleReport(), { columns: 30, color: false }).includes(`\n${indented}\n`));
  });

  test('tells what changed, what was ignored and which rules are stale, and what did not run', () => {
    const text = renderText(sampleReport(), { columns: 200, color: false });
    for (const line of [
      'Changed since the report of 2026-11-23 06:00 UTC',
      '  new       Deployment monitoring/grafana (warning) pod-waiting',
      '  raised    Namespace preview-1421 (info to warning) namespace-terminating',
      '  resolved  Deployment shop/cart (critical since 2026-11-23 06:00 UTC) pod-waiting',
      '  1 finding: warning-events in namespace shop, named search, until 2026-12-31 (load tests; nightshift.yaml)',
      '  matches nothing: pod-* in namespace sandbox-* (sandboxes are nobody’s; nightshift.yaml)',
      '  expired: node-not-ready, named old-*, until 2026-10-01 (to be replaced; nightshift.yaml)',
      '8 checks ran on 1,204 objects.',
      'Did not run: helm-release-failed (the right to list Secrets is not granted)',
    ])
      assert.ok(text.split('\n').includes(line), line);
  });

  test('says the same with and without colour', () => {
    const coloured = renderText(sampleReport(), { columns: 80, color: true });
    assert.ok(coloured.includes('\u001b[31m'));
    const without = renderText(sampleReport(), plain);
    assert.ok(!without.includes('\u001b'));
    assert.equal(stripVTControlCharacters(coloured), without);
  });

  test('tells what settles, which namespaces alone were looked at, what is laid over, and where a mute stands', () => {
    const sample = sampleReport();
    const [cart] = sample.resolved;
    assert.ok(cart);
    const report: Report = {
      ...sample,
      source: { ...sample.source, namespaces: ['shop', 'payments'] },
      resolved: [],
      settling: [cart, { ...cart, change: 'unverified' }],
      overrides: { file: 'config/overrides.yaml', since: '2026-11-23T22:10:00Z', says: ['ignore rules: 1'] },
      ignored: [
        { rule: 'pod-waiting', reason: 'known', count: 2, from: 'config/overrides.yaml', until: '2026-12-01' },
        { rule: '* on Deployment shop/canary', reason: '', count: 1, from: 'annotation', object: ref('Deployment', 'canary', 'shop') },
        {
          rule: 'pod-wating on Pod shop/p',
          reason: 'x',
          count: 0,
          note: 'not understood',
          from: 'annotation',
          object: ref('Pod', 'p', 'shop'),
          mistake: 'no check is named "pod-wating"',
        },
      ],
    };
    const lines = renderText(report, { columns: 200, color: false }).split('\n');
    for (const line of [
      'cluster https://prod.example.com (only the namespaces shop, payments) · Kubernetes v1.36.3 · 1,204 objects in 3.2 s · 2026-11-24 06:00 UTC',
      '  settling  Deployment shop/cart (critical since 2026-11-23 06:00 UTC) pod-waiting',
      '  settling  Deployment shop/cart (critical since 2026-11-23 06:00 UTC, not verified today) pod-waiting',
      'Laid over the configuration: config/overrides.yaml, since 2026-11-23 22:10 UTC: ignore rules: 1',
      '  2 findings: pod-waiting (known; config/overrides.yaml; until 2026-12-01)',
      '  1 finding: * on Deployment shop/canary (annotation)',
      '  not understood: pod-wating on Pod shop/p (x; annotation; no check is named "pod-wating")',
    ])
      assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
  });
});

test('tables stand in columns as far as they fit, the rest below each row', () => {
  const tables = [
    {
      title: 'Versions',
      columns: ['component', 'nodes', 'version'],
      rows: [
        ['kubelet', 1204, 'v1.36.3'],
        ['集群', 2, 'v1'],
      ],
    },
  ];
  const text = renderText({ ...healthyReport(), tables }, plain);
  assert.ok(
    text.includes(['', 'Versions', '  component  nodes  version', '  kubelet    1,204  v1.36.3', '  集群       2      v1', ''].join('\n')),
    text,
  );
  const narrow = renderText({ ...healthyReport(), tables }, { columns: 24, color: false });
  assert.ok(narrow.includes('Versions\n  component  nodes\n  kubelet    1,204\n    v1.36.3\n  集群       2\n    v1\n'), narrow);
});

test('a long table shows what there is to say, and counts the rest', () => {
  const rows = Array.from({ length: 31 }, (_, index) => [
    `nightly-${index}`,
    index === 20 ? 'error' : 'ok',
    index === 20 ? 'cut short' : '',
  ]);
  const tables = [{ title: 'Backups', columns: ['Backup', 'Verdict', 'What was found'], rows }];
  const text = renderText({ ...healthyReport(), tables }, plain);
  const shown = text.split('\n').filter((line) => line.includes('nightly-'));
  assert.deepEqual(
    shown.map((line) => line.trim().split(/ +/)[0]),
    [0, 1, 2, 3, 4, 20].map((index) => `nightly-${index}`),
  );
  assert.ok(text.includes('  and 25 rows more of which there is nothing to say'), text);
});

describe('wrapped', () => {
  const esc = '\u001b';
  const letter = fc.constantFrom('a', 'W', '-', '/', '·', '’', '集', 'é', '👩‍👩‍👧', '\u0301', '\t', '', ' ', `${esc}[1m`, `${esc}[22m`);
  const word = fc.array(letter, { maxLength: 30 }).map((letters) => letters.join(''));
  const text = fc.array(fc.oneof(word, fc.stringMatching(/^[!-~]{1,40}$/)), { maxLength: 20 }).map((words) => words.join(' '));

  test('breaks as wrap-ansi does, whatever the text', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 20, max: 100 }), (given, width) => {
        assert.deepEqual(wrapped(given, width), wrapAnsi(given, width).split('\n'));
      }),
      { numRuns: 500 },
    );
  });

  test('breaks plain words in a quarter of the time that wrap-ansi takes', () => {
    const message =
      'cannot pull the image registry.example.com/shop/checkout:1.2.3: not found; the kubelet tries again every five minutes · pod-waiting';
    const cpu = (run: () => unknown): number => {
      const before = process.cpuUsage();
      for (let times = 0; times < 3000; times += 1) run();
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    cpu(() => wrapped(message, 90));
    cpu(() => wrapAnsi(message, 90));
    assert.ok(cpu(() => wrapped(message, 90)) * 4 < cpu(() => wrapAnsi(message, 90)));
  });
});

describe('useColor', () => {
  test('asks NO_COLOR, FORCE_COLOR, TERM and then the terminal', () => {
    const cases: readonly [boolean, boolean, Record<string, string>][] = [
      [false, false, {}],
      [true, true, {}],
      [false, true, { NO_COLOR: '1' }],
      [true, true, { NO_COLOR: '' }],
      [false, true, { NO_COLOR: '1', FORCE_COLOR: '1' }],
      [true, false, { FORCE_COLOR: '1' }],
      [false, false, { FORCE_COLOR: '' }],
      [false, true, { FORCE_COLOR: '0' }],
      [true, false, { FORCE_COLOR: '1', TERM: 'dumb' }],
      [false, true, { TERM: 'dumb' }],
      [true, true, { TERM: 'xterm' }],
      [false, true, { NO_COLOR: '1', GITHUB_ACTIONS: 'true' }],
    ];
    for (const [expected, isTTY, env] of cases) assert.equal(useColor({ isTTY }, env), expected, JSON.stringify({ isTTY, env }));
  });
});
