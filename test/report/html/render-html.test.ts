import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { renderHtml } from '../../../functions/report/html/render-html.ts';
import type { Report } from '../../../functions/report/model.ts';
import { found, healthyReport, reportOf, sampleReport, scanOf } from '../sample-report.ts';

const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>&amp;`;

describe('renderHtml', () => {
  test('escapes whatever comes from a cluster, wherever it stands', () => {
    const object = { apiVersion: 'v1', kind: evil, namespace: evil, name: evil };
    const cause = { ...object, name: `${evil}2` };
    const report = reportOf(
      scanOf(
        [
          found('node-not-ready', cause, {
            message: evil,
            remedy: `kubectl ${evil}`,
            subject: evil,
            members: [cause, object],
            location: { file: evil, line: 1 },
          }),
          found('pod-waiting', object, { message: evil, remedy: `${evil}:\n${evil}` }),
        ],
        [{ effect: object, cause, because: evil }],
        [
          { id: 'warning-events', outcome: 'incomplete', objects: 0, reason: evil, remedy: evil },
          { id: 'helm-release-failed', outcome: 'not-run', objects: 0, reason: evil },
        ],
      ),
      { ignore: [{ check: evil, reason: evil }] },
    );
    const tables = [{ title: evil, columns: [evil], rows: [[evil, 1]] }];
    for (const page of [
      renderHtml({
        ...report,
        cluster: evil,
        runId: evil,
        tables,
        source: { kind: 'cluster', name: evil },
        resolved: report.findings,
        comparedWith: { runId: evil, startedAt: evil },
      }),
    ]) {
      assert.ok(!page.includes(evil));
      assert.equal(page.match(/<script/g)?.length, 1);
      assert.ok(!/<img/i.test(page));
      assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
    }
  });

  test('asks for nothing: no address but anchors and data, no inline handler or style', () => {
    for (const page of [renderHtml(sampleReport()), renderHtml(healthyReport())]) {
      const withoutCode = page.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '');
      for (const [, address = ''] of withoutCode.matchAll(/\s(?:href|src|action|poster|srcset)="([^"]*)"/g))
        assert.match(address, /^(#|data:)/);
      assert.ok(!/<[^>]+\s(?:on\w+|style)=/i.test(withoutCode));
      assert.ok(!/url\(|@import/.test(page));
    }
  });

  test('allows by hash exactly the style and the script that it holds', () => {
    const page = renderHtml(sampleReport());
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    for (const part of ['style', 'script']) {
      const [, content = ''] = new RegExp(`<${part}>([\\s\\S]*?)</${part}>`).exec(page) ?? [];
      assert.ok(policy.includes(`${part}-src 'sha256-${createHash('sha256').update(content).digest('base64')}'`), part);
    }
    assert.match(policy, /^default-src 'none';/);
    assert.ok(!policy.includes('unsafe'));
  });

  test('has a language, one h1, headings without gaps, and unique anchors that links lead to', () => {
    for (const page of [renderHtml(sampleReport()), renderHtml(healthyReport())]) {
      assert.match(page, /<html lang="en">/);
      const levels = [...page.matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level));
      assert.equal(levels.filter((level) => level === 1).length, 1);
      for (const [index, level] of levels.entries()) assert.ok(level <= (levels[index - 1] ?? 0) + 1);
      const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const [, to] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(to), to);
    }
  });

  test('shows everything that the report says, whether or not a script runs', () => {
    const report = sampleReport();
    const page = renderHtml(report);
    for (const { message, object, check, fingerprint, consequences = [] } of report.findings) {
      for (const text of [message, object.name, check, `id="f-${fingerprint}"`]) assert.ok(page.includes(text), text);
      for (const each of consequences) assert.ok(page.includes(each.object.name));
    }
    for (const { check } of report.checks) assert.ok(page.includes(check));
    for (const text of ['resources: [&quot;cronjobs&quot;]', 'matches nothing', 'expired', 'load tests', 'Deployment', 'shop/cart'])
      assert.ok(page.includes(text), text);
  });

  test('tells when it is of, for who keeps the latest', () => {
    assert.match(renderHtml(sampleReport()), /<meta name="nightshift:time" content="2026-11-24T06:00:00.000Z">/);
  });

  test('begins with the verdict and what it rests on, then what changed, the findings, and what could not run', () => {
    const page = renderHtml({ ...sampleReport(), source: { kind: 'cluster', name: 'https://prod', namespaces: ['shop', 'payments'] } });
    const places = [
      'class="verdict critical"',
      '8 checks ran on 1,204 objects',
      'only 2 namespaces: shop, payments',
      'id="changes"',
      'id="findings"',
    ];
    places.push('id="gaps"', 'id="ignored"', 'id="checks"', 'id="run"');
    const found = places.map((place) => page.indexOf(place));
    assert.ok(!found.includes(-1), `${found}`);
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
    );
  });

  test('shows first among the equally grave what explains most', () => {
    const articles = [...renderHtml(sampleReport()).matchAll(/<h3>.*?<bdi>([^<]*)<\/bdi>/g)].map(([, name]) => name);
    assert.deepEqual(articles, [
      'ip-10-0-3-17.eu-central-1.compute.internal',
      'payments/nightly-invoices',
      'preview-1421',
      'monitoring/grafana',
    ]);
  });

  test('tells quietly of what settles, with an anchor, also where nothing else changed', () => {
    const report = sampleReport();
    const [settling] = report.resolved;
    assert.ok(settling);
    const page = renderHtml({ ...report, findings: [], resolved: [], settling: [settling] });
    assert.match(page, new RegExp(`<details><summary>1 finding not seen today, settling[^<]*</summary>[^]*id="f-${settling.fingerprint}"`));
    assert.ok(!page.includes('<p class="quiet">Nothing.</p>'));
  });

  test('says of every mute its reason, its last day, where it stands and what it takes away', () => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'canary' };
    const ignored: Report['ignored'] = [
      { rule: 'pod-waiting', reason: 'load tests', count: 4, from: 'config/overrides.yaml', until: '2026-12-31' },
      { rule: 'pod-*', reason: 'scaled by hand', count: 1, from: 'annotation', object, objects: 3 },
      { rule: 'x-*', reason: 'unreadable', count: 0, note: 'not understood', from: 'annotation', object, mistake: 'x-* is no check' },
    ];
    const page = renderHtml({ ...healthyReport(), ignored });
    const rows = [...page.matchAll(/<tr><th scope="row">.*/g)].map(([row]) =>
      row
        .replace(/<[^>]+>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
    assert.deepEqual(rows.slice(0, 3), [
      'pod-waiting load tests 2026-12-31 config/overrides.yaml 4',
      'pod-* scaled by hand no date annotation Deployment shop/canary and 2 more 1',
      'x-* unreadable x-* is no check no date annotation Deployment shop/canary not understood',
    ]);
    assert.match(page, /3 rules take 5 findings away; 1 rule no longer of use/);
  });

  test('puts consequences that say the same together, each with its anchor', () => {
    const report = sampleReport();
    const page = renderHtml(report);
    const [node] = report.findings.filter(({ consequences }) => consequences);
    assert.match(page, /<strong>60 Pods<\/strong>: running but not ready for 14 minutes, because it runs on this node/);
    for (const each of node?.consequences ?? []) assert.equal(page.split(`id="f-${each.fingerprint}"`).length, 2);
  });
});
