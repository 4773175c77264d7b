import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anchor } from '../../../functions/report/html/finding.ts';
import { renderHtml } from '../../../functions/report/html/render-html.ts';
import type { Report } from '../../../functions/report/model.ts';
import { remedyParts } from '../../../functions/report/wording.ts';
import { hostileReport } from '../hostile-report.ts';
import { largeReport } from '../large-report.ts';
import { sampleReport } from '../sample-report.ts';

const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('&#38;', '&amp;')
    .replaceAll('&#60;', '&lt;')
    .replaceAll('&#62;', '&gt;')
    .replaceAll('&#34;', '&quot;');
const idsOf = (page: string): Set<string> => new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id));
/** Which of the findings have an anchor on the page. */
const listedOn = (page: string) => {
  const ids = idsOf(page);
  return (finding: { readonly fingerprint: string }): boolean => ids.has(anchor(finding));
};
const leftOut = (page: string): number => Number(/<h3>([\d,]+) findings? of/.exec(page)?.[1]?.replaceAll(',', '') ?? 0);

/** The text of one finding’s row or article. */
const entryOf = (page: string, finding: { readonly fingerprint: string }): string => {
  const start = page.indexOf(`id="${anchor(finding)}"`);
  const ends = ['\n<li id="f-', '</ul></div>', '</article>'].map((end) => page.indexOf(end, start)).filter((end) => end >= 0);
  return page.slice(start, Math.min(...ends));
};

describe('the page of 10,000 findings', () => {
  const report = largeReport(10_000);
  const page = renderHtml(report);

  test('holds them all in less than 3 MB, each with its own anchor, name and whole commands', () => {
    assert.equal(report.findings.length, 10_000);
    assert.ok(Buffer.byteLength(page) < 3_000_000, `${Buffer.byteLength(page)} bytes`);
    assert.equal(leftOut(page), 0);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    const anchors = new Set(ids);
    for (const finding of report.findings) {
      assert.ok(anchors.has(anchor(finding)));
      for (const consequence of finding.consequences ?? []) assert.ok(anchors.has(anchor(consequence)));
    }
    for (const finding of report.findings.filter((_, index) => index % 37 === 0)) {
      const entry = entryOf(page, finding);
      for (const text of [
        finding.object.name,
        ...remedyParts(finding.remedy).flatMap(({ kind, text }) => (kind === 'copy' ? [text] : [])),
        ...(finding.members ?? []).map(({ name }) => name),
      ])
        assert.ok(entry.includes(escaped(text)), `${text} in ${entry}`);
      assert.ok(page.includes(escaped(finding.message)), finding.message);
    }
    assert.ok(report.resolved.every(listedOn(page)));
  });

  test('links lead only to what is there', () => {
    const ids = idsOf(page);
    for (const [, to = ''] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.has(to), to);
  });
});

describe('a page that would weigh too much', () => {
  const report = largeReport(30_000);
  const page = renderHtml(report);

  test('lists whole findings, gravest first, and says how many are left out and where they are', () => {
    const size = Buffer.byteLength(page);
    assert.ok(size <= 3_000_000 && size > 2_900_000, `${size} bytes`);
    const isListed = listedOn(page);
    const there = report.findings.filter(isListed);
    const missing = report.findings.filter((finding) => !isListed(finding));
    assert.equal(leftOut(page), missing.length);
    assert.ok(missing.length > 0);
    const rank = (severity: string) => ['critical', 'warning', 'info'].indexOf(severity);
    const [gravestMissing, mildestThere] = [
      Math.min(...missing.map(({ severity }) => rank(severity))),
      Math.max(...there.map(({ severity }) => rank(severity))),
    ];
    assert.ok(gravestMissing >= mildestThere);
    assert.match(page, /reports\/prod\/health-check\/2026\/11\/24\/060000Z-0123456789abcdef\.json/);
    const ids = idsOf(page);
    for (const [, to = ''] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.has(to), `a link to ${to}, which is not there`);
  });

  test('takes what is too large for any page out alone', () => {
    const small = sampleReport();
    const [first, ...others] = small.findings;
    assert.ok(first);
    const huge: Report = { ...small, findings: [{ ...first, message: 'm'.repeat(4_000_000) }, ...others] };
    const rendered = renderHtml(huge);
    assert.ok(Buffer.byteLength(rendered) < 3_000_000);
    assert.equal(leftOut(rendered), 1);
    assert.ok(others.every(listedOn(rendered)));
  });

  test('counts what it does not list of resolved and settling findings, mutes, tables and gaps', () => {
    const many = <T>(item: (index: number) => T): T[] => Array.from({ length: 20_000 }, (_, index) => item(index));
    const small = sampleReport();
    const [first] = small.findings;
    assert.ok(first);
    const gone = many((index) => ({ ...first, fingerprint: `gone-${index}`, message: `it was wrong in the way number ${index}` }));
    const rendered = renderHtml({
      ...small,
      resolved: gone,
      settling: gone.map((finding) => ({ ...finding, fingerprint: `s${finding.fingerprint}` })),
      ignored: many((index) => ({ rule: `rule ${index}`, reason: 'because', count: 1 })),
      incomplete: many((index) => ({ check: `check-${index}`, reason: `reason ${index}`, remedy: 'wait' })),
      tables: [{ title: 'A table', columns: ['one', 'two'], rows: many((index) => [`row ${index}`, index]) }],
    });
    assert.ok(Buffer.byteLength(rendered) <= 3_000_000);
    const listed = (pattern: RegExp) => rendered.match(pattern)?.length ?? 0;
    const rest = (word: string) =>
      Number(new RegExp(`${word}: ([\\d,]+) more, in the report’s JSON`).exec(rendered)?.[1]?.replaceAll(',', ''));
    assert.equal(listed(/id="f-gone-/g) + rest('Resolved'), 20_000);
    assert.equal(listed(/id="f-sgone-/g) + rest('settling'), 20_000);
    assert.ok(small.findings.every(listedOn(rendered)), 'the findings keep their room');
    assert.equal(listed(/and [\d,]+ more, in the report’s JSON/g), 3);
  });

  test('bears hostile texts in groups too', () => {
    for (const rendered of [renderHtml(hostileReport()), renderHtml(hostileReport(4))]) {
      assert.ok(Buffer.byteLength(rendered) <= 3_000_000);
      assert.equal(rendered.match(/<script/g)?.length, 1);
      assert.equal(rendered.match(/<style/g)?.length, 1);
      assert.ok(!/<(?:img|svg|iframe|a href="(?!#))/i.test(rendered));
    }
  });
});
