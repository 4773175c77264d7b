/** Read by micromark with GitHub's extensions, which follows cmark-gfm: what a reader of the text gets, not what we think that we wrote. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { code, fenced, listItem, prose, table } from '../../functions/report/markdown-text.ts';
import type { Report } from '../../functions/report/model.ts';
import { renderMarkdown } from '../../functions/report/render-markdown.ts';
import fc from '../fuzz.ts';
import { found, healthyReport, ref, reportOf, sampleReport, scanOf } from './sample-report.ts';

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly depth?: number;
  readonly children?: readonly Node[];
}
const parse = (markdown: string): Node => fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
const all = (node: Node): Node[] => [node, ...(node.children ?? []).flatMap(all)];
const ofType = (node: Node, type: string): Node[] => all(node).filter((inner) => inner.type === type);
/** What a reader sees of it. */
const seen = (node: Node): string => node.value ?? (node.children ?? []).map(seen).join('');
const cells = (node: Node): string[][] => ofType(node, 'tableRow').map((row) => (row.children ?? []).map(seen));

/** The kinds of nodes that a report is made of: no link, image, HTML, quote, rule, emphasis but our own. */
const expected = new Set('root heading paragraph text strong inlineCode code list listItem table tableRow tableCell'.split(' '));
/** What GitHub and GitLab make of text that is in no code, after it is rendered. */
const linked = /(?<![\w`])@[a-z0-9]|(?<!\w)#\d|\b[a-z]+-\d|\b[0-9a-f]{7,40}\b|:[\w+-]+:|:\/\/|www\.|!\d/i;

const assertHarmless = (markdown: string): Node => {
  const root = parse(markdown);
  assert.deepEqual(
    [...new Set(all(root).map(({ type }) => type))].filter((type) => !expected.has(type)),
    [],
  );
  return root;
};
const assertUnlinked = (root: Node): void => {
  for (const { value = '' } of ofType(root, 'text')) assert.doesNotMatch(value, linked);
};

const hostile = [
  'a | b',
  '| --- |',
  'a\\|b \\| \\\\|',
  '`code` ``two`` `',
  '`',
  '<script>alert(1)</script> <!-- --> <img src=x onerror=alert(1)> &lt;',
  '@octocat @org/team please',
  '#123 org/repo#7 GH-42 OPS-12 !9 %"x" ~label',
  'https://evil.example/x?a=b www.evil.example mail@evil.example ftp://x',
  '[click](https://evil.example) ![x](y) [x]: http://z [^1] [ ] done',
  '**bold** _it_ ~~gone~~ $x^2$ $$',
  '# heading\n## two\n\n---\n===\n- item\n1. one\n1) one\n> quote\n> [!CAUTION]\n```\nfence\n~~~',
  '    indented\n\ttab',
  'deadbeef 0123456789abcdef0123456789abcdef01234567 1234567',
  ':tada: :+1: :100:',
  '- - -',
  '+',
  '1.',
  '=====',
  '\u0000\u001b[31mred\r\n\u2028x',
  '集群 👩‍👩‍👧 é \u202e',
  '<details><summary>x',
  '{{ template }} {% raw %}',
] as const;
const flat = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();

describe('text of a cluster', () => {
  const text = fc.oneof(
    fc.constantFrom(...hostile),
    fc
      .array(fc.constantFrom(...hostile, ' ', '\n', '|', '`', '\\', '<', '*', '_', '[', ']', '(', ')', '&', '@a', '#1', 'a'), {
        maxLength: 8,
      })
      .map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

  test('as prose, alone, in a list and in a cell: the same words, and nothing else than words', () => {
    fc.assert(
      fc.property(text, (given) => {
        for (const markdown of [prose(given), listItem([prose(given), prose(given)]), table(['a'], [[prose(given)]])]) {
          const root = assertHarmless(markdown === '' ? 'x' : markdown);
          assertUnlinked(root);
        }
        if (flat(given) !== '') assert.equal(seen(parse(prose(given))), flat(given));
        assert.deepEqual(cells(parse(table(['a', 'b'], [[prose(given), 'b']]))), [
          ['a', 'b'],
          [flat(given), 'b'],
        ]);
      }),
      { numRuns: 400 },
    );
  });

  test('as code, alone and in a cell', () => {
    fc.assert(
      fc.property(text, (given) => {
        if (flat(given) !== '') assert.equal(seen(assertHarmless(code(given))), flat(given));
        assert.deepEqual(cells(assertHarmless(table(['a', 'b'], [[code(given), 'b']]))), [
          ['a', 'b'],
          [flat(given), 'b'],
        ]);
      }),
      { numRuns: 400 },
    );
  });

  test('to be copied, alone and in a list: every line as it is', () => {
    fc.assert(
      fc.property(text, (given) => {
        const lines = given.replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd');
        for (const markdown of [fenced(given), listItem(['x', fenced(given)])]) {
          const blocks = ofType(assertHarmless(markdown), 'code').map(({ value }) => value);
          assert.deepEqual(blocks, [lines]);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('stays readable: only what could be more than a word is set as code', () => {
    assert.equal(
      prose('cannot pull the image docker.io/grafana/grafana:11.99.0: not found'),
      'cannot pull the image docker.io/grafana/grafana:11.99.0: not found',
    );
    assert.equal(prose('see <https://x.example>, ask @ops (or #12).'), 'see `<https://x.example>`, ask `@ops` (or `#12`).');
  });
});

/** The sections by their headings. */
const sections = (root: Node): Map<string, Node> => {
  const found_ = new Map<string, Node>();
  let heading = '';
  for (const node of root.children ?? []) {
    if (node.type === 'heading') heading = seen(node);
    const before = found_.get(heading)?.children ?? [];
    found_.set(heading, { type: 'section', children: node.type === 'heading' ? before : [...before, node] });
  }
  return found_;
};

describe('renderMarkdown', () => {
  test('verdict first, what changed, findings by severity, coverage and mutes', () => {
    const root = assertHarmless(renderMarkdown(sampleReport()));
    assert.deepEqual(
      [...sections(root).keys()],
      [
        'CRITICAL: prod health-check',
        'Changed since the report of 2026-11-23 06:00 UTC',
        'Critical',
        'Warning',
        'Could not run: the report is not complete',
        'Ignored',
        'Checks',
      ],
    );
    const [heading, verdict] = root.children ?? [];
    assert.equal(heading?.depth, 2);
    assert.equal(verdict && seen(verdict), sampleReport().summary.text);
    assertUnlinked(root);
  });

  test('the tables hold exactly what they should', () => {
    const parts = sections(assertHarmless(renderMarkdown(sampleReport())));
    const tableOf = (heading: string) => cells(parts.get(heading) ?? { type: 'none' });
    assert.deepEqual(tableOf('Changed since the report of 2026-11-23 06:00 UTC'), [
      ['change', 'object', 'severity', 'check'],
      ['new', 'Node ip-10-0-3-17.eu-central-1.compute.internal', 'critical', 'node-not-ready'],
      ['new', 'Deployment monitoring/grafana', 'warning', 'pod-waiting'],
      ['raised', 'Namespace preview-1421', 'info to warning', 'namespace-terminating'],
      ['resolved', 'Deployment shop/cart', 'critical since 2026-11-23 06:00 UTC', 'pod-waiting'],
    ]);
    assert.deepEqual(tableOf('Ignored'), [
      ['findings', 'rule', 'reason'],
      ['1', 'warning-events in namespace shop, named search, until 2026-12-31', 'load tests; nightshift.yaml'],
      ['matches nothing', 'pod-* in namespace sandbox-*', 'sandboxes are nobody’s; nightshift.yaml'],
      ['expired', 'node-not-ready, named old-*, until 2026-10-01', 'to be replaced; nightshift.yaml'],
    ]);
  });

  test('every command and rule can be copied as it is', () => {
    const blocks = ofType(parse(renderMarkdown(sampleReport())), 'code').map(({ value }) => value);
    assert.deepEqual(blocks, [
      'kubectl -n payments describe cronjob nightly-invoices',
      'kubectl describe node ip-10-0-3-17.eu-central-1.compute.internal',
      'kubectl -n preview-1421 get certificates.cert-manager.io -o yaml',
      'kubectl -n monitoring set image deployment/grafana grafana=docker.io/grafana/grafana:TAG',
      '- apiGroups: ["batch"]\n  resources: ["cronjobs"]\n  verbs: ["list"]',
    ]);
  });

  test('healthy, first: short', () => {
    const root = assertHarmless(renderMarkdown(healthyReport()));
    assert.deepEqual((root.children ?? []).map(seen), [
      'HEALTHY: prod health-check',
      '10 checks on 1,204 objects found nothing',
      'cluster https://prod.example.com · Kubernetes v1.36.3 · 1,204 objects in 3.2 s · 2026-11-24 06:00 UTC',
      'The first report: there is none to compare it with.',
      'Checks',
      '10 checks ran on 1,204 objects',
    ]);
  });

  /** A report in which everything that comes from a cluster or its people is hostile. */
  const hostileReport = (bad: string): Report => {
    const sample = sampleReport();
    const object = ref('Deployment', bad, bad);
    return {
      ...sample,
      cluster: bad,
      source: { kind: 'cluster', name: bad, namespaces: [bad] },
      kubernetesVersion: bad,
      findings: sample.findings.map((finding) => ({
        ...finding,
        object,
        subject: bad,
        message: bad,
        remedy: `kubectl describe ${bad}`,
        members: [object],
        consequences: [{ check: 'pod-not-ready', severity: 'critical', object, message: bad, fingerprint: 'x' }],
        location: { file: bad, line: 1 },
      })),
      incomplete: [{ check: 'pod-waiting', reason: bad, remedy: `${bad}:\n${bad}` }],
      ignored: [{ rule: bad, reason: bad, count: 1, from: 'annotation', object, mistake: bad }],
      overrides: { file: 'config/overrides.yaml', since: sample.startedAt, says: [bad] },
      tables: [{ title: bad, columns: [bad, 'n'], rows: [[bad, 1]] }],
      checks: [{ check: bad, ran: false, objects: 0, reason: bad }],
    };
  };
  for (const bad of hostile) {
    test(`hostile text stays text, everywhere: ${JSON.stringify(bad)}`, () => {
      const markdown = renderMarkdown(hostileReport(bad));
      const root = assertHarmless(markdown);
      assertUnlinked(root);
      const plain = sections(assertHarmless(renderMarkdown(hostileReport('x'))));
      assert.equal(ofType(root, 'table').length, ofType({ type: 'all', children: [...plain.values()] }, 'table').length);
      for (const rows of ofType(root, 'table').map(cells)) for (const row of rows) assert.equal(row.length, rows[0]?.length);
      assert.ok(seen(root).includes(flat(bad)));
    });
  }

  test('cut by whole findings, gravest first, within the budget; what is left out is counted', () => {
    const severities = ['info', 'warning', 'critical'] as const;
    const findings = Array.from({ length: 10_000 }, (_, index) =>
      found('pod-waiting', ref('Deployment', `app-${index}`, `team-${index % 50}`), {
        severity: severities[index % 3] ?? 'info',
        message: `cannot pull the image of app-${index}`,
      }),
    );
    const previous = reportOf(scanOf([]));
    const report = reportOf(scanOf(findings), { previous });
    for (const characters of [60_000, 20_000, 1_000_000]) {
      const markdown = renderMarkdown(report, { characters });
      assert.ok(markdown.length <= characters && markdown.length > characters * 0.9, `${markdown.length} of ${characters}`);
      const root = assertHarmless(markdown);
      const items = ofType(root, 'listItem').filter((item) => seen(item).startsWith('Deployment'));
      const [, left, all_] = /and ([\d,]+) more \(([^)]+)\); the whole report has all\./.exec(seen(root)) ?? [];
      assert.equal(items.length + Number(left?.replaceAll(',', '')), 10_000);
      assert.equal((all_ ?? '').split(', ').length > 0, true);
      for (const item of items) assert.match(seen(item), /kubectl .*pod-waiting$/s);
      assert.equal(ofType(root, 'heading').map(seen).includes('Critical'), true);
      assert.ok(seen(root).includes('Checks'));
    }
  });

  test('one enormous finding does not take the place of all others', () => {
    const findings = [
      found('pod-waiting', ref('Pod', 'huge', 'x'), { severity: 'critical', message: 'word '.repeat(20_000) }),
      found('pod-waiting', ref('Pod', 'small', 'x'), { severity: 'critical', message: 'short' }),
    ];
    const text = seen(parse(renderMarkdown(reportOf(scanOf(findings)))));
    assert.ok(text.includes('Pod x/small: short'));
    assert.ok(text.includes('and 1 more (1 critical); the whole report has all.'));
  });
});
