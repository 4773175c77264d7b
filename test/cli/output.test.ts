import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { outputFormats, UsageError } from '../../functions/cli/arguments.ts';
import { outputOf } from '../../functions/cli/output.ts';
import type { OpenReport } from '../../functions/report/render-openreports.ts';

const root = join(import.meta.dirname, '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'nightshift-output-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const example = (...flags: string[]): string =>
  execFileSync(
    process.execPath,
    ['functions/cli/nightshift.ts', 'health-check', '--manifests', 'functions/cli/example', '--fail-on', 'never', ...flags],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );

describe('outputOf', () => {
  test('text unless told; --output alone goes to standard output', () => {
    assert.deepEqual(outputOf({ output: undefined, out: undefined }), { standard: 'text', file: undefined });
    for (const output of outputFormats) assert.deepEqual(outputOf({ output, out: undefined }), { standard: output, file: undefined });
  });

  test('the file’s ending tells its format, in any case; standard output still gets the text', () => {
    const endings = {
      html: 'html',
      htm: 'html',
      json: 'json',
      md: 'markdown',
      txt: 'text',
      yaml: 'openreports',
      yml: 'openreports',
      MD: 'markdown',
    } as const;
    for (const [ending, format] of Object.entries(endings)) {
      const path = `reports/of.prod.${ending}`;
      assert.deepEqual(outputOf({ output: undefined, out: path }), { standard: 'text', file: { path, format } });
    }
  });

  test('--output wins over the ending', () => {
    assert.deepEqual(outputOf({ output: 'markdown', out: 'r.txt' }), { standard: undefined, file: { path: 'r.txt', format: 'markdown' } });
  });

  test('an ending that tells none is refused, with the formats there are', () => {
    for (const out of ['report', 'report.pdf', '.md']) {
      assert.throws(
        () => outputOf({ output: undefined, out }),
        (error) =>
          error instanceof UsageError && outputFormats.every((format) => error.message.includes(format)) && error.message.includes(out),
      );
    }
  });
});

describe('the example, by the command', () => {
  test('as Markdown on standard output', () => {
    const markdown = example('--output', 'markdown');
    assert.match(markdown, /^## CRITICAL: `example` health-check\n\n\*\*3 critical/);
    assert.ok(markdown.includes('\n### Critical\n\n- `Node ip-10-0-2-94.eu-central-1.compute.internal`: '));
  });

  test('as OpenReports in a file', () => {
    const path = join(directory, 'report.yaml');
    assert.match(example('--out', path), /^CRITICAL {2}example/);
    const objects = parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as OpenReport);
    assert.deepEqual([...new Set(objects.map(({ apiVersion }) => apiVersion))], ['openreports.io/v1alpha1']);
    const json = JSON.parse(example('--output', 'json')) as { findings: { severity: string }[] };
    const scored = objects.flatMap(({ results }) => results).filter(({ scored: own }) => own);
    assert.equal(scored.length, json.findings.length);
    assert.equal(
      scored.filter(({ result }) => result === 'fail').length,
      json.findings.filter(({ severity }) => severity === 'critical').length,
    );
  });
});
