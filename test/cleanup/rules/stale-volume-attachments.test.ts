import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/stale-volume-attachments.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { ago, node, now } from '../../health-check/objects.ts';
import { memorySource } from '../../scan/memory-source.ts';
import { namesProposed, runRule, stored, theProposal } from './run-rule.ts';

const attachment = (name: string, nodeName: unknown, source: object = { persistentVolumeName: 'pv-1' }, metadata: object = {}) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  metadata: { name, creationTimestamp: ago({ days: 9 }), ...metadata },
  spec: { attacher: 'ebs.csi.aws.com', nodeName, source },
  status: { attached: true },
});

test('its node is gone; since when is told from the run that first missed it', async () => {
  const first = await theProposal(rule, { objects: [attachment('left', 'gone'), node()] });
  assert.equal(first.reason, 'there is no node gone any more');
  assert.equal(first.since, now);
  assert.deepEqual(first.facts, { node: 'gone', attacher: 'ebs.csi.aws.com', volume: 'pv-1', attached: true, goingAway: false });
});

const run = async (at: number, objects: readonly object[], memory: unknown) => {
  const source = memorySource({ now: at, objects: objects.map((object) => stored(object)) });
  const result = await scan(source, [rule], { signal: AbortSignal.timeout(60_000), memory: { [rule.id]: memory } });
  return { since: result.out.map(({ since }) => since), reasons: result.out.map(({ reason }) => reason), memory: result.memory[rule.id] };
};

test('the next run knows how long it is gone; a node that came back begins anew', async () => {
  const objects = [attachment('left', 'gone')];
  const first = await run(now, objects, undefined);
  const later = now + 26 * 3_600_000;
  const second = await run(later, objects, first.memory);
  assert.deepEqual(second.since, [now]);
  assert.deepEqual(second.reasons, ['there is no node gone: it has been missing for at least 26 hours']);
  const back = await run(later, [...objects, node({ name: 'gone' })], second.memory);
  assert.deepEqual(back, { since: [], reasons: [], memory: {} });
  assert.deepEqual((await run(later + 1, objects, back.memory)).since, [later + 1]);
});

test('what a clock that ran ahead has left behind is no age', async () => {
  assert.deepEqual((await run(now, [attachment('left', 'gone')], { gone: now + 5_000 })).since, [now]);
});

test('what it remembers is bounded, the longest gone first', async () => {
  const objects = Array.from({ length: 300 }, (_, index) => attachment(`a${index}`, `gone-${index}`));
  const { memory } = await run(now, objects, { 'gone-250': now - 1 });
  assert.ok(typeof memory === 'object' && memory !== null);
  assert.equal(Object.keys(memory).length, 200);
  assert.equal(Object.entries(memory)[0]?.[0], 'gone-250');
});

test('a volume that is written into its pod misses no PersistentVolume', async () => {
  const inline = { inlineVolumeSpec: { csi: { driver: 'd', volumeHandle: 'v' } } };
  assert.deepEqual(await namesProposed(rule, { objects: [attachment('inline', 'node-1', inline), node()] }), []);
  const { facts } = await theProposal(rule, { objects: [attachment('inline', 'gone', inline), node()] });
  assert.equal(facts.volume, 'written into its pod');
});

describe('look-alikes stay', () => {
  const looks: Readonly<Record<string, readonly object[]>> = {
    'its node is there': [attachment('a', 'node-1'), node()],
    'its node is there and not ready': [attachment('a', 'node-1'), node({ status: { conditions: [] } })],
    'it names no node': [attachment('a', undefined), node()],
    'its node is no text': [attachment('a', 7), node()],
  };
  for (const [what, objects] of Object.entries(looks)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects }), []));
  }
});

test('nodes that could not be listed are not gone', async () => {
  const endings = { nodes: { state: 'failed', reason: 'timeout', message: 'no', remedy: 'wait' } } as const;
  const { proposals, end } = await runRule(rule, { objects: [attachment('left', 'gone')], endings });
  assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
});
