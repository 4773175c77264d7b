/** The report's page before axe: all rules of WCAG A and AA, contrast included, in light and dark, whatever the report holds and the filter shows. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import { hostileReport } from '../report/hostile-report.ts';
import { largeReport } from '../report/large-report.ts';
import { checks, healthyReport, ran, reportOf, sampleReport, scanOf } from '../report/sample-report.ts';
import { inspect, noBrowser, openAll, type Reader, settled, startReader } from './parts/browser.ts';

const nothingFound = reportOf(
  scanOf(
    [],
    [],
    checks.map(({ id }, index) =>
      index % 2 ? ran(id) : { id, outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'kubectl auth can-i list pods' },
    ),
  ),
);
const settling = {
  ...sampleReport(),
  settling: sampleReport().resolved.map((finding) => ({ ...finding, fingerprint: `${finding.fingerprint}s` })),
};

/** What `npm start` shows. */
const example = (): string => {
  const root = join(import.meta.dirname, '..', '..');
  const command = [
    'functions/cli/nightshift.ts',
    'health-check',
    '--manifests',
    'functions/cli/example',
    '--fail-on',
    'never',
    '--output',
    'html',
  ];
  return execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', maxBuffer: 10_000_000 });
};

const filter = (words: string) => (page: Page) => page.getByLabel('Search the findings').fill(words);
const openThreeGroups = (page: Page) =>
  page.evaluate('[...document.querySelectorAll(".group")].slice(0, 3).forEach((group) => { group.open = true; })');
const asIs = async () => {};

const states: readonly (readonly [string, string, (page: Page) => Promise<unknown>])[] = [
  ['the example', example(), asIs],
  ['the sample', renderHtml(sampleReport()), asIs],
  ['the sample, all open', renderHtml(settling), openAll],
  ['the sample, filtered', renderHtml(sampleReport()), filter('grafana')],
  ['the sample, filtered to nothing', renderHtml(sampleReport()), filter('nothing like this')],
  ['a healthy report', renderHtml(healthyReport()), openAll],
  ['an incomplete one', renderHtml(nothingFound), openAll],
  ['hostile names', renderHtml(hostileReport()), openAll],
  ['1,000 findings', renderHtml(largeReport(1_000)), asIs],
  ['1,000 findings, groups open', renderHtml(largeReport(1_000)), openThreeGroups],
  ['1,000 findings, filtered', renderHtml(largeReport(1_000)), filter('gateway-core')],
];
const many = renderHtml(largeReport(10_000));
const grounds = { light: 'rgb(247, 246, 243)', dark: 'rgb(18, 20, 25)' };

describe('the report’s page before axe', { skip: noBrowser }, () => {
  let reader: Reader;
  before(async () => {
    reader = await startReader();
  });
  after(() => reader.stop());

  const finds = async (html: string, colorScheme: 'light' | 'dark', prepare: (page: Page) => Promise<unknown>): Promise<void> => {
    const page = await reader.open(html, { colorScheme });
    await prepare(page);
    await settled(page);
    const { violations, passes } = await inspect(page);
    assert.deepEqual(violations, []);
    assert.ok(passes.includes('color-contrast'), 'contrast was looked at');
    assert.equal(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'), grounds[colorScheme]);
    await page.context().close();
  };

  for (const colorScheme of ['light', 'dark'] as const)
    for (const [name, html, prepare] of states) test(`${name}, ${colorScheme}: no violation`, () => finds(html, colorScheme, prepare));

  // Half a minute each: the two schemes differ by colour alone, which the smaller reports have shown in both states.
  test('10,000 findings, light: no violation', () => finds(many, 'light', asIs));
  test('10,000 findings, groups open, dark: no violation', () => finds(many, 'dark', openThreeGroups));
});
