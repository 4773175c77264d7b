/**
 * The report's page at 100, 1,000 and 10,000 findings: its size, the time that a function needs to make it and that a browser needs to open
 * it and to answer a search, beside a bare list of the same findings' texts. node test/bench/bench.ts page [runs]
 */
import { html } from 'hono/html';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import type { Report } from '../../functions/report/model.ts';
import { objectName } from '../../functions/report/wording.ts';
import { noBrowser, type Reader, settled, startReader } from '../deployed/parts/browser.ts';
import { largeReport } from '../report/large-report.ts';
import { median } from './measure.ts';

/** Escaped text without order, anchors, members, consequences, style or script: nothing that shows the findings is less. */
const bareList = ({ findings }: Report): string =>
  String(
    html`<!doctype html><title>List</title><ul>${findings.map(({ object, message, remedy }) => html`<li>${objectName(object)}: ${message}<pre>${remedy}</pre>`)}</ul>`,
  );

interface Round {
  readonly renderMs: number;
  readonly openMs: number;
  readonly searchMs: number | undefined;
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

const measure = async (reader: Reader, render: () => string): Promise<Round & { readonly bytes: number }> => {
  let text = '';
  const renderMs = await timed(async () => {
    text = render();
  });
  const opened: Page[] = [];
  const openMs = await timed(async () => {
    const page = await reader.open(text);
    opened.push(page);
    await settled(page);
  });
  const [page] = opened;
  const search = page?.getByLabel('Search the findings');
  const searchMs =
    page && search && (await search.count()) > 0
      ? await timed(async () => {
          await search.fill('gateway-core');
          await settled(page);
        })
      : undefined;
  await page?.context().close();
  return { renderMs, openMs, searchMs, bytes: Buffer.byteLength(text) };
};

const line = (name: string, rounds: readonly (Round & { readonly bytes: number })[]): string => {
  const milliseconds = (of: (round: Round) => number | undefined) => {
    const values = rounds.flatMap((round) => of(round) ?? []);
    return values.length > 0 ? `${median(values).toFixed(0).padStart(5)} ms` : '       –';
  };
  const kilobytes = ((rounds[0]?.bytes ?? 0) / 1000).toFixed(0).padStart(5);
  return `  ${name.padEnd(28)} ${kilobytes} KB   render ${milliseconds(({ renderMs }) => renderMs)}   open ${milliseconds(({ openMs }) => openMs)}   search ${milliseconds(({ searchMs }) => searchMs)}`;
};

export const benchPage = async (runs: number): Promise<void> => {
  if (noBrowser) return console.log(`The report’s page was not measured: ${noBrowser}.`);
  const reader = await startReader();
  try {
    await measure(reader, () => bareList(largeReport(10)));
    console.log(`The report’s page, ${runs} rounds, medians (under 3,000 KB and open within 2,000 ms at 10,000 findings wanted):`);
    for (const count of [100, 1_000, 10_000]) {
      const report = largeReport(count);
      const rounds = [];
      for (let run = 0; run < runs; run++) {
        rounds.push({ bare: await measure(reader, () => bareList(report)), page: await measure(reader, () => renderHtml(report)) });
      }
      console.log(
        line(
          `${count.toLocaleString('en')} findings, bare list`,
          rounds.map(({ bare }) => bare),
        ),
      );
      console.log(
        line(
          `${count.toLocaleString('en')} findings, page`,
          rounds.map(({ page }) => page),
        ),
      );
      const ratio = median(rounds.map(({ page, bare }) => page.openMs / bare.openMs));
      console.log(`    opens in ${ratio.toFixed(2)} times the bare list’s time`);
    }
  } finally {
    await reader.stop();
  }
};
