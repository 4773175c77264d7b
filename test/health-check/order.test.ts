import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { openManifests } from '../../functions/cluster/source-manifests.ts';
import { checks } from '../../functions/health-check/checks/index.ts';
import { buildReport } from '../../functions/report/build-report.ts';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import type { Report } from '../../functions/report/model.ts';
import { renderText } from '../../functions/report/render-text.ts';
import type { Read } from '../../functions/scan/contracts.ts';
import { planReads } from '../../functions/scan/plan-reads.ts';
import { scan } from '../../functions/scan/scan.ts';
import fc from '../fuzz.ts';
import { memorySource } from '../scan/memory-source.ts';

const example = join(import.meta.dirname, '../../functions/cli/example');
let objects: object[] = [];
let now = 0;

const muted = (object: { readonly metadata?: object }): object => ({
  ...object,
  metadata: { ...object.metadata, annotations: { 'nightshift.dev/ignore': 'pod-*, nope', 'nightshift.dev/ignore-reason': 'a test' } },
});

before(async () => {
  const source = await openManifests(example);
  now = source.now;
  const readers = checks.flatMap((check) =>
    Object.entries(typeof check.reads === 'function' ? check.reads(check.options.parse({})) : check.reads).map(([name, read]) => ({
      observer: check.id,
      name,
      read: read as Read,
    })),
  );
  for await (const said of source.read(
    planReads(readers).map(({ read }) => read),
    AbortSignal.timeout(60_000),
  )) {
    if ('objects' in said && Array.isArray(said.objects)) objects = objects.concat(said.objects);
  }
  assert(objects.length > 100, 'the example has objects');
  // Some muted, as people would: what is listed of it must not hang on the order either.
  objects = objects.map((object, index) => (index % 9 === 0 ? muted(object) : object));
});

const reportOf = async (inOrder: readonly object[], pageSize: number, orderOfPages: readonly number[]): Promise<Report> => {
  const source = memorySource({
    objects: inOrder,
    now,
    pageSize,
    arrange: (batches) =>
      batches
        .map((batch, index) => ({ batch, rank: orderOfPages[index % orderOfPages.length] ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ batch }) => batch),
  });
  const result = await scan(source, checks, { signal: AbortSignal.timeout(60_000) });
  return buildReport({
    facts: {
      runId: '0123456789abcdef',
      operation: 'health-check',
      cluster: 'example',
      source: { kind: 'cluster', name: 'memory' },
      eventTime: '2026-11-24T06:00:00Z',
      startedAt: '2026-11-24T06:00:00Z',
      durationMs: 1,
      fullScope: true,
    },
    // How many pages there were is no part of what was found.
    scan: { ...result, requests: 0 },
    sourceFindings: [],
    checks,
    ignore: [],
    previous: undefined,
    today: new Date('2026-11-24T06:00:00Z'),
  });
};

test('the order of objects and pages never changes the report, in any format', async () => {
  const expected = await reportOf(objects, 250, [0]);
  assert(
    expected.ignored.length > 0 && expected.findings.length >= 8 && expected.summary.critical > 0,
    'the example has something to report',
  );
  const text = renderText(expected, { columns: 80, color: false });
  const html = renderHtml(expected);
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...objects.keys()], { minLength: objects.length, maxLength: objects.length }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
      async (order, pageSize, orderOfPages) => {
        const report = await reportOf(
          order.flatMap((index) => objects[index] ?? []),
          pageSize,
          orderOfPages,
        );
        assert.equal(JSON.stringify(report), JSON.stringify(expected));
        assert.equal(renderText(report, { columns: 80, color: false }), text);
        assert.equal(renderHtml(report), html);
      },
    ),
    { numRuns: 60 },
  );
});
