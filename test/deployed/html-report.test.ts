/** The report's page in a real browser: accessible, complete without script and network, and with a filter that works. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Report } from '../../functions/report/model.ts';
import { renderHtml } from '../../functions/report/render-html.ts';
import { found, healthyReport, ref, reportOf, sampleReport, scanOf } from '../report/sample-report.ts';

const executablePath = '/usr/bin/chromium';
const skip = process.env.CI !== 'true' && !existsSync(executablePath) && `${executablePath} is missing (apt-get install chromium)`;

const evil = '<script>alert(1)</script>';
/** A name as Kubernetes would never take it but a report must bear, and names as long as Kubernetes takes them. */
const hostileReport = (): Report =>
  reportOf(
    scanOf([
      found('pod-waiting', ref('Pod', evil, 'shop'), { message: `${evil} waits`, remedy: `kubectl describe pod '${evil}'` }),
      found('pod-waiting', ref('Pod', 'n'.repeat(253), 'y'.repeat(63)), { message: 'm'.repeat(500), remedy: `kubectl ${'x'.repeat(300)}` }),
    ]),
  );

describe('the report’s page', { skip }, () => {
  let browser: Browser;
  let folder: string;
  const addresses: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nightshift-page-'));
    for (const [name, report] of Object.entries({ sample: sampleReport(), healthy: healthyReport(), hostile: hostileReport() })) {
      const file = join(folder, `${name}.html`);
      await writeFile(file, renderHtml(report));
      addresses[name] = pathToFileURL(file).href;
    }
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  /** Opens a page, and fails if it ever raises an error or a dialog. */
  const open = async (name: string, options: BrowserContextOptions = {}, fragment = ''): Promise<Page> => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => assert.fail(error));
    page.on('console', (message) => assert.notEqual(message.type(), 'error', message.text()));
    page.on('dialog', () => assert.fail('a dialog'));
    await page.goto(`${addresses[name]}${fragment}`);
    return page;
  };
  const visible = async (page: Page): Promise<string[]> => {
    const names: string[] = [];
    for (const heading of await page.locator('article.finding h3').all())
      if (await heading.isVisible()) names.push(await heading.innerText());
    return names;
  };
  const cronJob = 'CronJob payments/nightly-invoices';
  const node = 'Node ip-10-0-3-17.eu-central-1.compute.internal';
  const namespace = 'Namespace preview-1421';
  const grafana = 'Deployment monitoring/grafana (ImagePullBackOff grafana)';

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const name of ['sample', 'healthy', 'hostile']) {
      test(`${name}, ${colorScheme}: no accessibility violation, contrast included`, async () => {
        const page = await open(name, { colorScheme });
        await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
        await page.evaluate(axe.source);
        const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResults;
        assert.deepEqual(
          violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]),
          [],
        );
        assert.ok(
          passes.some(({ id }) => id === 'color-contrast'),
          'contrast was looked at',
        );
        const ground = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
        assert.equal(ground, colorScheme === 'light' ? 'rgb(247, 246, 243)' : 'rgb(18, 20, 25)');
        await page.context().close();
      });
    }
  }

  test('filters by severity, namespace and words, counts, and clears', async () => {
    const page = await open('sample');
    assert.deepEqual(await visible(page), [cronJob, node, namespace, grafana]);
    await page.getByLabel('Critical').uncheck();
    assert.deepEqual(await visible(page), [namespace, grafana]);
    assert.equal(await page.locator('#shown').innerText(), '2 of 4 findings shown');
    await page.getByLabel('Search the findings').fill('grafana IMAGE');
    assert.deepEqual(await visible(page), [grafana]);
    await page.getByLabel('Search the findings').press('Escape');
    assert.equal((await visible(page)).length, 4);
    await page.getByLabel('Namespace', { exact: true }).selectOption('shop');
    assert.deepEqual(await visible(page), [node], 'a node whose consequences lie in the namespace');
    await page.getByLabel('Namespace', { exact: true }).selectOption('preview-1421');
    assert.deepEqual(await visible(page), [namespace]);
    await page.keyboard.press('/');
    await page.keyboard.type('nothing like this');
    assert.deepEqual(await visible(page), []);
    assert.ok(await page.getByText('No finding fits the filter.').isVisible());
    await page.getByRole('button', { name: 'Show all' }).click();
    assert.equal((await visible(page)).length, 4);
    assert.ok(!(await page.getByRole('button', { name: 'Show all' }).isVisible()));
    await page.context().close();
  });

  test('keeps the filter in the address, so that it can be sent', async () => {
    const page = await open('sample');
    await page.getByLabel('Warning').uncheck();
    await page.getByLabel('Namespace', { exact: true }).selectOption('payments');
    const { hash } = new URL(page.url());
    const other = await open('sample', {}, hash);
    assert.deepEqual(await visible(other), [cronJob]);
    const stale = await open('sample', {}, '#namespace=gone&severity=critical');
    assert.deepEqual(await visible(stale), [cronJob, node]);
    for (const each of [page, other, stale]) await each.context().close();
  });

  test('a link to a finding shows it, also where the filter hides it or it lies in closed details', async () => {
    const [finding] = sampleReport().findings.filter(({ consequences }) => consequences);
    const consequence = finding?.consequences?.at(-1);
    const page = await open('sample', {}, `#f-${consequence?.fingerprint}`);
    assert.ok(await page.locator(`#f-${consequence?.fingerprint}`).isVisible());
    await page.getByLabel('Critical').uncheck();
    await page.evaluate(`location.hash = 'f-${finding?.fingerprint}'`);
    await page.locator(`#f-${finding?.fingerprint}`).waitFor({ state: 'visible' });
    await page.context().close();
  });

  test('copies a command', async () => {
    const page = await open('sample', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'kubectl -n payments describe cronjob nightly-invoices');
    await page.context().close();
  });

  test('is complete without JavaScript, and offers nothing then that needs it', async () => {
    const page = await open('sample', { javaScriptEnabled: false });
    assert.deepEqual(await visible(page), [cronJob, node, namespace, grafana]);
    assert.ok(!(await page.locator('form').isVisible()));
    for (const button of await page.locator('button').all()) assert.ok(!(await button.isVisible()));
    await page.getByText('Explains 63 more').click();
    assert.ok(await page.getByText('checkout-7d9f8c6b5-059').isVisible());
    await page.context().close();
  });

  test('asks the network for nothing', async () => {
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(addresses.sample ?? '');
    assert.deepEqual(
      asked.filter((address) => !address.startsWith('data:')),
      [addresses.sample],
    );
    assert.deepEqual(await visible(page), [cronJob, node, namespace, grafana]);
    await context.close();
  });

  test('is readable where the host forbids style and script', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const headers = { 'content-security-policy': "default-src 'none'", 'content-type': 'text/html; charset=utf-8' };
    await page.route('**/*', (route) => route.fulfill({ headers, body: renderHtml(sampleReport()) }));
    await page.goto('http://report.test/');
    assert.deepEqual(await visible(page), [cronJob, node, namespace, grafana]);
    await context.close();
  });

  test('shows a pod named like a script as text', async () => {
    const page = await open('hostile');
    assert.ok((await visible(page)).includes(`Pod shop/${evil}`));
    assert.ok(await page.getByText(`kubectl describe pod '${evil}'`).isVisible());
    assert.equal(await page.locator('script').count(), 1);
    await page.context().close();
  });

  test('fits a phone, with the longest names that there are', async () => {
    for (const name of ['sample', 'hostile']) {
      const page = await open(name, { viewport: { width: 360, height: 740 } });
      await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, name);
      await page.context().close();
    }
  });

  test('opens everything for the printer and closes it again', async () => {
    const page = await open('sample');
    const closed = () => page.evaluate('document.querySelectorAll("details:not([open])").length');
    const before = await closed();
    assert.ok(Number(before) > 0);
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    assert.equal(await closed(), 0);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    assert.equal(await closed(), before);
    await page.emulateMedia({ media: 'print' });
    assert.ok(!(await page.locator('form').isVisible()));
    await page.context().close();
  });
});
