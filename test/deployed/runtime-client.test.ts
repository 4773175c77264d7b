import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { invokeBundle } from './parts/runtime-client.ts';

const directory = mkdtempSync(join(tmpdir(), 'nightshift-bundle-'));
after(() => rmSync(directory, { recursive: true }));

/** Runs a handler's source on these events. */
function run(source: string, events: readonly unknown[], timeoutMs = 5_000) {
  writeFileSync(join(directory, 'index.mjs'), source);
  return invokeBundle({ bundleDirectory: directory, handler: 'index.handler', environment: { OWN: 'yes' }, timeoutMs, events });
}

describe('a bundle under Lambda’s runtime client', { timeout: 300_000 }, () => {
  test('stays warm between events, with a context, a deadline and its own environment alone', async () => {
    process.env.OF_THE_TEST = 'no';
    const { invocations, initDurationMs, peakMemory } = await run(
      `let warm = 0;
       export const handler = async (event, context) => ({
         event, warm: warm++, left: context.getRemainingTimeInMillis(), id: context.awsRequestId,
         own: process.env.OWN, other: process.env.OF_THE_TEST ?? null, node: process.version });`,
      [{ a: 1 }, 'text'],
    );
    assert.partialDeepStrictEqual(invocations[0]?.response, { event: { a: 1 }, warm: 0, own: 'yes', other: null, node: process.version });
    assert.partialDeepStrictEqual(invocations[1]?.response, { event: 'text', warm: 1, id: invocations[1]?.requestId });
    const { left } = (invocations[1]?.response ?? {}) as { left: number };
    assert.ok(left > 3_000 && left <= 5_000, `${left} ms were left`);
    assert.ok(initDurationMs > 5 && initDurationMs < 30_000);
    if (process.platform === 'linux') assert.ok(peakMemory > 20e6 && peakMemory < 500e6);
  });

  test('throws: Lambda’s error, and the process takes the next event', async () => {
    const { invocations, logs } = await run(
      `export const handler = async (event) => { if (event.fail) throw new TypeError('asked to'); console.log('fine'); return 1; };`,
      [{ fail: true }, {}],
    );
    assert.partialDeepStrictEqual(invocations[0]?.error, { errorType: 'TypeError', errorMessage: 'asked to' });
    assert.equal(invocations[1]?.response, 1);
    assert.match(logs, /"message":"fine"/);
  });

  test('cannot be loaded: said with its log', async () => {
    await assert.rejects(run(`throw new Error('no such table');`, [{}]), /did not start: .*no such table/s);
    await assert.rejects(run('export const other = 1;', [{}]), /did not start: .*handler/s);
  });

  test('takes too long, or ends its process: said, not waited for', async () => {
    await assert.rejects(
      run('export const handler = () => new Promise((done) => setTimeout(done, 60_000));', [{}], 300),
      /timed out after 300 ms/,
    );
    await assert.rejects(run('export const handler = async () => process.exit(7);', [{}]), /its process ended with code 7/);
  });
});
