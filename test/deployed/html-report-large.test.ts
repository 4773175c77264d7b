/** The page of 10,000 findings in a real browser: open within two seconds, in groups that filter, link and copy like single findings. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import { largeReport } from '../report/large-report.ts';
import { noBrowser, openAll, type Reader, settled, startReader } from './parts/browser.ts';

describe('the page of 10,000 findings', { skip: noBrowser }, () => {
  let reader: Reader;
  const report = largeReport(10_000);
  const html = renderHtml(report);
  before(async () => {
    reader = await startReader();
    // The first page of a browser also starts its renderer.
    await (await reader.open('<title>nothing</title>')).context().close();
  });
  after(() => reader.stop());
  const rows = (page: Page) =>
    page.evaluate('[...document.querySelectorAll(".same > ul > li")].filter((row) => !row.closest("[hidden]")).length');
  const status = (page: Page) => page.locator('#filter output').innerText();

  test('is under 3 MB, open within two seconds, and answers a filter within one', async () => {
    assert.ok(Buffer.byteLength(html) < 3_000_000, `${Buffer.byteLength(html)} bytes`);
    const opened: number[] = [];
    const filtered: number[] = [];
    // The best of three: other work on the machine is not the page’s.
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const page = await reader.open(html);
      await settled(page);
      opened.push(performance.now() - start);
      const from = performance.now();
      await page.getByLabel('Search the findings').fill('gateway-core payments');
      await settled(page);
      filtered.push(performance.now() - from);
      await page.context().close();
    }
    assert.ok(Math.min(...opened) < 2_000, `opened in ${opened} ms`);
    assert.ok(Math.min(...filtered) < 1_000, `filtered in ${filtered} ms`);
  });

  test('filters rows, hides groups without any, counts, and opens what is left when that is little', async () => {
    const page = await reader.open(html);
    const [{ namespace, name } = { namespace: undefined, name: '' }] = report.findings.flatMap(({ object }) =>
      object.namespace ? [object] : [],
    );
    const expected = report.findings.filter(({ object }) => object.name === name && object.namespace === namespace);
    const touched = report.findings.filter(({ object, consequences = [] }) =>
      [object, ...consequences.map((each) => each.object)].some((each) => each.namespace === namespace),
    );
    assert.ok(expected.length > 0 && touched.length > expected.length);
    await page.getByRole('combobox', { name: 'Namespaces' }).selectOption(namespace ?? '');
    assert.equal(await rows(page), touched.length);
    assert.equal(await status(page), `${touched.length} of 10,000 findings shown`);
    await page.getByLabel('Search the findings').fill(name);
    for (const { fingerprint } of expected) assert.ok(await page.locator(`#f-${fingerprint}`).isVisible());
    assert.match(await page.locator('.group:not([hidden]) .count').first().innerText(), /^\d+ of [\d,]+ \w+$/);
    await page.keyboard.press('Escape');
    assert.equal(await rows(page), 10_000);
    assert.equal(await page.locator('.group[open]').count(), 0, 'what the filter opened it closes');
    await page.getByLabel('New or graver only').check();
    assert.equal(await rows(page), report.findings.filter(({ change }) => change === 'new').length);
    await page.context().close();
  });

  test('a link opens the group of its finding, whose command is copied by a click', async () => {
    const finding = report.findings.findLast(({ remedy }) => remedy.startsWith('kubectl') && !remedy.includes(';'));
    const page = await reader.open(html, { fragment: `#f-${finding?.fingerprint}`, permissions: ['clipboard-read', 'clipboard-write'] });
    const row = page.locator(`#f-${finding?.fingerprint}`);
    await row.waitFor({ state: 'visible' });
    await row.getByRole('button', { name: 'Copy' }).click();
    await row.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), finding?.remedy);
    assert.equal(await row.getByRole('link', { name: 'link to ' }).getAttribute('href'), `#f-${finding?.fingerprint}`);
    await page.getByLabel('Critical').uncheck();
    await page.getByLabel('Info').uncheck();
    const critical = report.findings.find(({ severity }) => severity === 'critical');
    await page.evaluate(`location.hash = 'f-${critical?.fingerprint}'`);
    await page.locator(`#f-${critical?.fingerprint}`).waitFor({ state: 'visible' });
    await page.context().close();
  });

  test('is gone through by keys: groups, and the rows of an open one', async () => {
    const page = await reader.open(html);
    await page.keyboard.press('j');
    assert.equal(await page.evaluate('document.activeElement.localName'), 'summary');
    await page.keyboard.press('Enter');
    await page.keyboard.press('j');
    const [first] = (await page.evaluate('[document.activeElement.id]')) as string[];
    assert.ok(report.findings.some(({ fingerprint }) => first === `f-${fingerprint}`));
    await page.keyboard.press('j');
    assert.notEqual(await page.evaluate('document.activeElement.id'), first);
    await page.keyboard.press('k');
    assert.equal(await page.evaluate('document.activeElement.id'), first);
    await page.keyboard.press('k');
    assert.equal(await page.evaluate('document.activeElement.localName'), 'summary');
    await page.context().close();
  });

  test('fits a phone with groups open', async () => {
    const page = await reader.open(renderHtml(largeReport(300)), { viewport: { width: 360, height: 740 } });
    await openAll(page);
    await settled(page);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    await page.context().close();
  });
});
