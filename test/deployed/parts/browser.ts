/** A real browser for the report’s page. A page that is opened through it fails the test if it ever raises an error, a dialog or a request. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Why the tests cannot run here; with CI=true they run, and fail, all the same. */
export const noBrowser =
  process.env.CI !== 'true' && !existsSync(executablePath) && `${executablePath} is missing (apt-get install chromium)`;

export interface OpenOptions extends BrowserContextOptions {
  readonly fragment?: string;
}

export interface Reader {
  /** Writes a page to a file, as an attachment is, and opens it. Ends with `close`. */
  open(html: string, options?: OpenOptions): Promise<Page>;
  /** Opens a page as a server sends it with these headers; what the console says is returned and not judged. */
  openServed(html: string, headers: Readonly<Record<string, string>>): Promise<{ page: Page; console: string[]; requests: string[] }>;
  stop(): Promise<void>;
}

export async function startReader(): Promise<Reader> {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-page-'));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
  const newPage = async (options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(30_000);
    return context.newPage();
  };
  let files = 0;
  return {
    async open(html, { fragment = '', ...options } = {}) {
      const file = join(folder, `${files++}.html`);
      await writeFile(file, html);
      const address = pathToFileURL(file).href;
      const page = await newPage({ offline: true, ...options });
      page.on('pageerror', (error) => assert.fail(error));
      page.on('console', (message) => assert.fail(`the console says: ${message.text()}`));
      page.on('dialog', () => assert.fail('a dialog'));
      page.on('request', (request) =>
        assert.ok(request.url().startsWith('data:image/svg+xml,') || request.url().startsWith(address), request.url()),
      );
      await page.goto(`${address}${fragment}`);
      return page;
    },
    async openServed(html, headers) {
      const page = await newPage({});
      const [console, requests]: [string[], string[]] = [[], []];
      page.on('console', (message) => console.push(message.text()));
      page.on('request', (request) => requests.push(request.url()));
      page.on('dialog', () => assert.fail('a dialog'));
      await page.route('**/*', (route) =>
        route.fulfill({ headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body: html }),
      );
      await page.goto('https://report.test/');
      return { page, console, requests };
    },
    async stop() {
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const openAll = (page: Page): Promise<unknown> =>
  page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');

/** What was drawn has been drawn: two frames went by. */
export const settled = (page: Page): Promise<unknown> =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Every rule of WCAG 2.0, 2.1 and 2.2, A and AA, on what is shown now: violations by rule, and the rules that found all well. */
export async function inspect(page: Page): Promise<{ violations: [string, string[]][]; passes: string[] }> {
  await page.evaluate(axe.source);
  const { violations, passes } = (await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(tags)}, resultTypes: ['violations'] })`,
  )) as AxeResults;
  return {
    violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]),
    passes: passes.map(({ id }) => id),
  };
}
