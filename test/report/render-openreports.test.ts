import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { unreachableReport } from '../../functions/report/build-report.ts';
import type { Report } from '../../functions/report/model.ts';
import { type OpenReport, openReports, renderOpenReports } from '../../functions/report/render-openreports.ts';
import { checks, facts, found, healthyReport, ref, reportOf, sampleReport, scanOf } from './sample-report.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const namesOf = (objects: readonly OpenReport[]) => objects.map(({ kind, metadata: { namespace, name } }) => [kind, namespace, name]);
const resultsOf = (report: Report) => openReports(report).flatMap(({ results }) => results);
const outcome = (report: Report, rule: string) =>
  resultsOf(report)
    .filter((result) => result.rule === rule)
    .map(({ result, severity }) => [result, severity]);

describe('openReports', () => {
  test('a Report where the objects are, a ClusterReport for all else', () => {
    assert.deepEqual(namesOf(openReports(sampleReport())), [
      ['ClusterReport', undefined, 'nightshift-health-check-prod'],
      ['Report', 'monitoring', 'nightshift-health-check-prod'],
      ['Report', 'payments', 'nightshift-health-check-prod'],
      ['Report', 'shop', 'nightshift-health-check-prod'],
    ]);
    for (const { metadata, results } of openReports(sampleReport())) {
      for (const { resources = [] } of results) assert.ok(resources.every(({ namespace }) => namespace === metadata.namespace));
    }
  });

  test('critical fails, warning and info warn; what could not run is an error, what did not apply a skip, what found nothing a pass', () => {
    const sample = sampleReport();
    assert.deepEqual(outcome(sample, 'node-not-ready'), [['fail', 'critical']]);
    assert.deepEqual(outcome(sample, 'pod-waiting'), [['warn', 'medium']]);
    assert.deepEqual(outcome(sample, 'warning-events'), [['warn', 'info']]);
    // Kept as it stood, though its check could not run today: both are said.
    assert.deepEqual(outcome(sample, 'cronjob-missed-schedule'), [
      ['error', undefined],
      ['fail', 'critical'],
    ]);
    assert.deepEqual(outcome(sample, 'helm-release-failed'), [['skip', undefined]]);
    assert.deepEqual(new Set(resultsOf(healthyReport()).map(({ result }) => result)), new Set(['pass']));
    assert.equal(resultsOf(healthyReport()).length, healthyReport().checks.length);
  });

  test('a cluster that could not be read passes nothing', () => {
    const context = { checks, ignore: [], previous: undefined, today: new Date('2026-11-24T06:00:03Z') };
    const report = unreachableReport({ facts: facts(), ...context, error: { message: 'refused', remedy: 'look' } });
    const summary = openReports(report).map((object) => object.summary);
    assert.deepEqual(summary, [{ pass: 0, fail: 1, warn: 0, error: checks.length, skip: 0 }]);
  });

  test('every summary counts its own results', () => {
    for (const { summary, results } of openReports(sampleReport())) {
      for (const [result, count] of Object.entries(summary)) assert.equal(results.filter((each) => each.result === result).length, count);
    }
  });

  test('a consequence names its cause and is not scored; a finding says what to do', () => {
    const all = resultsOf(sampleReport());
    const finding = all.find(({ rule }) => rule === 'node-not-ready');
    const consequence = all.find(({ rule }) => rule === 'deployment-unavailable');
    assert.equal(finding?.scored, true);
    assert.match(finding?.properties.remedy ?? '', /^kubectl describe node/);
    assert.equal(consequence?.scored, false);
    assert.equal(consequence?.properties.cause, 'Node ip-10-0-3-17.eu-central-1.compute.internal');
    assert.equal(consequence?.properties.causeFingerprint, finding?.properties.fingerprint);
  });

  test('names and labels that Kubernetes takes, and never one for two clusters', () => {
    const clusters = [
      'prod',
      'prod-',
      'Prod',
      'prod.eu',
      'prod/eu',
      `${'x'.repeat(300)}a`,
      `${'x'.repeat(300)}b`,
      '–',
      '—',
      '集群',
      'a'.repeat(63),
      'a'.repeat(64),
    ];
    const names = clusters.map((cluster) => {
      const [object] = openReports({ ...healthyReport(), cluster, runId: cluster });
      assert.ok(object);
      assert.match(object.metadata.name, subdomain);
      assert.ok(object.metadata.name.length <= 253);
      for (const value of Object.values(object.metadata.labels)) assert.ok(value.length <= 63 && label.test(value), value);
      return `${object.metadata.name} ${object.metadata.labels['nightshift.dev/cluster']}`;
    });
    assert.equal(new Set(names).size, clusters.length);
  });

  test('more than an object holds is split into numbered ones, in order, each below its budget', () => {
    const findings = Array.from({ length: 2000 }, (_, index) =>
      found('pod-waiting', ref('Pod', `p-${String(index).padStart(4, '0')}`, 'crowd'), { message: 'm'.repeat(800) }),
    );
    const parts = openReports(reportOf(scanOf(findings))).filter(({ kind }) => kind === 'Report');
    assert.deepEqual(
      parts.map(({ metadata }) => metadata.name),
      parts.map((_, index) => `nightshift-health-check-prod${index === 0 ? '' : `-${index + 1}`}`),
    );
    assert.ok(parts.length > 5);
    assert.deepEqual(
      parts.flatMap(({ results }) => results.map(({ resources }) => resources?.[0]?.name)),
      findings.map(({ object }) => object.name),
    );
    for (const part of parts) assert.ok(Buffer.byteLength(JSON.stringify(part)) < 262_144 - 10_000);
  });

  test('a finding of a thousand pods names some and says how many', () => {
    const members = Array.from({ length: 1000 }, (_, index) => ref('Pod', `p-${index}`, 'shop'));
    const [result] = resultsOf(reportOf(scanOf([found('pod-waiting', ref('Deployment', 'd', 'shop'), { members })]))).filter(
      ({ rule }) => rule === 'pod-waiting',
    );
    assert.equal(result?.resources?.length, 50);
    assert.equal(result?.properties.members, '1000');
  });

  test('the time is the run’s', () => {
    const [first] = resultsOf({ ...healthyReport(), startedAt: '2026-11-24T06:00:03.250Z' });
    assert.deepEqual(first?.timestamp, { seconds: 1_795_500_003, nanos: 250_000_000 });
  });
});

test('the text is the objects, one document each, with nothing that YAML could take for something else than a string', async () => {
  const report = reportOf(scanOf([found('pod-waiting', ref('Pod', 'p', 'shop'), { message: 'on', remedy: 'first:\n  - no\n' })]));
  const text = await renderOpenReports(report);
  for (const version of ['1.1', '1.2'] as const) {
    const documents = parseAllDocuments(text, { version }).map((document) => document.toJS() as unknown);
    assert.deepEqual(documents, JSON.parse(JSON.stringify(openReports(report))));
  }
});
