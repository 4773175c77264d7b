import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { renderHtml } from '../../functions/report/render-html.ts';
import { found, healthyReport, reportOf, sampleReport, scanOf } from './sample-report.ts';

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
});
