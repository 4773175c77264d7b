/** The report's page in a real browser: complete without script, style and network, with a filter, links and commands that work. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import { hostileReport, hostileTexts } from '../report/hostile-report.ts';
import { largeReport } from '../report/large-report.ts';
import { sampleReport } from '../report/sample-report.ts';
import { noBrowser, openAll, type Reader, settled, startReader } from './parts/browser.ts';

const cronJob = 'CronJob payments/nightly-invoices';
const node = 'Node ip-10-0-3-17.eu-central-1.compute.internal';
const namespace = 'Namespace preview-1421';
const grafana = 'Deployment monitoring/grafana (ImagePullBackOff grafana)';
const inOrder = [node, cronJob, namespace, grafana];

const visible = async (page: Page): Promise<string[]> => {
  const names: string[] = [];
  for (const heading of await page.locator('article.finding h3').all())
    if (await heading.isVisible()) names.push(await heading.innerText());
  return names;
};
const search = (page: Page) => page.getByLabel('Search the findings');
const select = (page: Page, label: string) => page.getByRole('combobox', { name: label });

describe('the report’s page', { skip: noBrowser }, () => {
  let reader: Reader;
  const sample = renderHtml(sampleReport());
  before(async () => {
    reader = await startReader();
  });
  after(() => reader.stop());

  test('filters by severity, change, namespace, check and words, counts, and clears', async () => {
    const page = await reader.open(sample);
    assert.deepEqual(await visible(page), inOrder);
    await page.getByLabel('Critical').uncheck();
    assert.deepEqual(await visible(page), [namespace, grafana]);
    assert.equal(await page.locator('#filter output[aria-live]').innerText(), '2 of 4 findings shown');
    await search(page).fill('grafana IMAGE');
    assert.deepEqual(await visible(page), [grafana]);
    await search(page).press('Escape');
    assert.deepEqual(await visible(page), inOrder);
    await select(page, 'Namespaces').selectOption('shop');
    assert.deepEqual(await visible(page), [node], 'a node whose consequences lie in the namespace');
    await select(page, 'Namespaces').selectOption('preview-1421');
    assert.deepEqual(await visible(page), [namespace]);
    await page.getByRole('button', { name: 'Show all' }).click();
    await select(page, 'Checks').selectOption('cronjob-missed-schedule');
    assert.deepEqual(await visible(page), [cronJob]);
    await select(page, 'Checks').selectOption('');
    await page.getByLabel('New or graver only').check();
    assert.deepEqual(await visible(page), [node, namespace, grafana]);
    await search(page).fill('nothing like this');
    assert.deepEqual(await visible(page), []);
    assert.ok(await page.getByText('No finding fits the filter.').isVisible());
    await page.getByRole('button', { name: 'Show all' }).click();
    assert.deepEqual(await visible(page), inOrder);
    assert.ok(!(await page.getByRole('button', { name: 'Show all' }).isVisible()));
    await page.context().close();
  });

  test('does not find a button’s own word', async () => {
    const page = await reader.open(sample);
    await search(page).fill('copy');
    assert.deepEqual(await visible(page), []);
    await page.context().close();
  });

  test('is worked with by keys, which can be turned off', async () => {
    const page = await reader.open(sample);
    const focused = () =>
      page.evaluate('document.activeElement.querySelector(":scope > * > h3")?.innerText ?? document.activeElement.localName');
    await page.keyboard.press('j');
    assert.equal(await focused(), node);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.equal(await focused(), namespace);
    await page.keyboard.press('k');
    assert.equal(await focused(), cronJob);
    await page.keyboard.press('/');
    await page.keyboard.type('grafana j/k');
    assert.equal(await search(page).inputValue(), 'grafana j/k', 'what is typed is no key');
    await search(page).fill('grafana');
    await search(page).press('Enter');
    assert.equal(await focused(), grafana);
    await page.keyboard.press('Escape');
    assert.deepEqual(await visible(page), inOrder);
    await page.getByLabel('keys on').uncheck();
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('/');
    assert.equal(await focused(), 'body');
    await page.context().close();
  });

  test('has everything in the order of the tab key, with a focus that is seen', async () => {
    const page = await reader.open(sample);
    const stops: string[] = [];
    for (let press = 0; press < 60; press++) {
      await page.keyboard.press('Tab');
      const [name, outline] = (await page.evaluate(`(() => {
        const focused = document.activeElement;
        const shown = focused.closest('.chip') ?? focused;
        return [focused === document.body ? '' : (focused.getAttribute('aria-label') ?? focused.labels?.[0]?.innerText ?? focused.innerText).trim(), getComputedStyle(shown).outlineStyle];
      })()`)) as [string, string];
      if (name === '') break;
      stops.push(name);
      assert.notEqual(outline, 'none', name);
    }
    const at = (name: string) => stops.findIndex((stop) => stop.startsWith(name));
    const order = [
      'Skip to the findings',
      'What could not run',
      node,
      'Search the findings',
      'Critical',
      'New or graver',
      'Namespaces',
      'Checks',
      'keys on',
      'Copy',
    ];
    assert.ok(
      order.every((name) => at(name) >= 0),
      `${stops}`,
    );
    assert.deepEqual(
      order.map(at),
      order.map(at).toSorted((a, b) => a - b),
    );
    await page.context().close();
  });

  test('keeps the filter in the address, so that it can be sent', async () => {
    const page = await reader.open(sample);
    await page.getByLabel('Warning').uncheck();
    await select(page, 'Namespaces').selectOption('payments');
    const { hash } = new URL(page.url());
    const other = await reader.open(sample, { fragment: hash });
    assert.deepEqual(await visible(other), [cronJob]);
    const stale = await reader.open(sample, { fragment: '#namespace=gone&severity=critical' });
    assert.deepEqual(await visible(stale), [node, cronJob]);
    for (const each of [page, other, stale]) await each.context().close();
  });

  test('a link to a finding shows it, also where the filter hides it or it lies in closed details', async () => {
    const report = sampleReport();
    const [finding] = report.findings.filter(({ consequences }) => consequences);
    const consequence = finding?.consequences?.at(-1);
    const page = await reader.open(sample, { fragment: `#f-${consequence?.fingerprint}` });
    assert.ok(await page.locator(`#f-${consequence?.fingerprint}`).isVisible());
    await page.getByLabel('Critical').uncheck();
    await page.evaluate(`location.hash = 'f-${finding?.fingerprint}'`);
    await page.locator(`#f-${finding?.fingerprint}`).waitFor({ state: 'visible' });
    const [resolved] = report.resolved;
    await page.evaluate(`location.hash = 'f-${resolved?.fingerprint}'`);
    assert.ok(await page.locator(`#f-${resolved?.fingerprint}`).isVisible());
    await page.context().close();
  });

  test('copies a command by a click and by a key, and says so', async () => {
    const page = await reader.open(sample, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('article', { hasText: 'nightly-invoices' }).getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'kubectl -n payments describe cronjob nightly-invoices');
    assert.equal(await page.getByRole('status').last().textContent(), 'Copied');
    await page.keyboard.press('/');
    await search(page).fill('grafana');
    await search(page).press('Enter');
    await page.keyboard.press('c');
    await page.locator('article:not([hidden])').getByRole('button', { name: 'Copied' }).waitFor();
    assert.match(String(await page.evaluate('navigator.clipboard.readText()')), /^kubectl -n monitoring set image/);
    await page.context().close();
  });

  test('is complete without JavaScript, and offers nothing then that needs it', async () => {
    const page = await reader.open(sample, { javaScriptEnabled: false });
    assert.deepEqual(await visible(page), inOrder);
    assert.equal(await page.locator('form, input, select, button').count(), 0);
    await page.getByText('Explains 63 more').click();
    assert.ok(await page.getByText('checkout-7d9f8c6b5-059').isVisible());
    await page.context().close();
    const report = largeReport(200);
    const last = report.findings.at(-1);
    const large = await reader.open(renderHtml(report), { javaScriptEnabled: false, fragment: `#f-${last?.fingerprint}` });
    assert.ok(await large.locator(`#f-${last?.fingerprint} code`).first().isVisible(), 'the browser itself opens what an anchor is in');
    await large.context().close();
  });

  test('has nothing to complain of under its own policy, and asks for nothing', async () => {
    const { page, console, requests } = await reader.openServed(sample, {});
    await search(page).fill('grafana');
    await page.getByRole('button', { name: 'Copy' }).last().click();
    assert.deepEqual(console, []);
    assert.deepEqual(
      requests.filter((address) => !address.startsWith('data:')),
      ['https://report.test/'],
    );
    await page.context().close();
  });

  test('is whole and readable where the host forbids style and script', async () => {
    const { page, requests } = await reader.openServed(sample, { 'content-security-policy': "default-src 'none'" });
    assert.deepEqual(await visible(page), inOrder);
    assert.equal(await page.evaluate('document.styleSheets.length'), 0);
    assert.equal(await page.locator('form').count(), 0);
    await page.getByText('Explains 63 more').click();
    assert.ok(await page.getByText('checkout-7d9f8c6b5-059').isVisible());
    assert.deepEqual(
      requests.filter((address) => !address.startsWith('data:')),
      ['https://report.test/'],
    );
    await page.context().close();
  });

  test('is whole where a mail program takes style, script and attributes away', async () => {
    const plain = sample
      .replace(/<(style|script)[\s\S]*?<\/\1>|<(?:meta|link)[^>]*>/g, '')
      .replace(/\s(?:class|id|hidden|tabindex|aria-\w+|data-\w+)="[^"]*"/g, '');
    const page = await reader.open(plain);
    const text = await page.locator('body').innerText();
    const places = [
      'prod',
      'Critical 2 critical',
      'Changed since',
      'Findings',
      ...inOrder,
      'Could not run',
      'Ignored',
      'Checks',
      'This run',
    ];
    const found = places.map((place) => text.replaceAll(/\s+/g, ' ').indexOf(place));
    assert.ok(
      found.every((index) => index >= 0),
      `${places.filter((_, index) => (found[index] ?? -1) < 0)}`,
    );
    await page.context().close();
  });

  for (const [name, report] of [
    ['alone', hostileReport()],
    ['grouped', hostileReport(4)],
  ] as const) {
    test(`shows hostile names as text, ${name}, and fits a phone with them`, async () => {
      const page = await reader.open(renderHtml(report), { viewport: { width: 360, height: 740 } });
      await openAll(page);
      await settled(page);
      assert.equal(await page.evaluate('window.harmed'), undefined);
      assert.equal(await page.locator('script').count(), 1);
      assert.equal(await page.locator('style').count(), 1);
      assert.equal(await page.locator('img, svg, iframe, object').count(), 0);
      assert.deepEqual(
        await page.evaluate('[...document.links].map((link) => link.getAttribute("href")).filter((to) => !to.startsWith("#"))'),
        [],
      );
      const text = String(await page.evaluate('document.body.textContent'));
      for (const hostile of hostileTexts) {
        // A browser drops a NUL, and UTF-8 no half of a character.
        const shown = hostile.replaceAll('\0', '').toWellFormed();
        assert.ok(text.includes(shown), JSON.stringify(shown.slice(0, 60)));
      }
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
      const wide = await page.evaluate(
        `[...document.querySelectorAll('main *')].filter((element) => element.getBoundingClientRect().right > 361).map((element) => element.outerHTML.slice(0, 120))`,
      );
      assert.deepEqual(wide, []);
      await search(page).fill('<script>');
      await page.mouse.move(100, 300);
      await settled(page);
      assert.equal(await page.evaluate('window.harmed'), undefined);
      await page.context().close();
    });
  }

  test('opens everything for the printer and closes it again; controls are not printed, a filter is', async () => {
    const page = await reader.open(sample);
    const closed = () => page.evaluate('document.querySelectorAll("details:not([open])").length');
    const closedBefore = await closed();
    assert.ok(Number(closedBefore) > 0);
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    assert.equal(await closed(), 0);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    assert.equal(await closed(), closedBefore);
    await search(page).fill('grafana');
    await page.emulateMedia({ media: 'print' });
    for (const control of await page.locator('#filter input, #filter select, button, .keys').all()) assert.ok(!(await control.isVisible()));
    assert.ok(await page.getByText('1 of 4 findings shown').isVisible());
    await page.context().close();
  });
});
