import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as z from 'zod';
import { deployments, metadataOf, namespaces, ownerReads, pods, replicaSets, secrets } from '../../functions/cluster/kinds.ts';
import { annotationSelection } from '../../functions/scan/annotations.ts';
import { type Check, defineCheck, type Read, type Reads, type ScanResult } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import fc from '../fuzz.ts';
import { type Ending, memorySource } from './memory-source.ts';

const object = (kind: string, name: string, annotations?: unknown, more: object = {}) => ({
  kind,
  metadata: { name, ...(kind === 'Namespace' ? {} : { namespace: 'shop' }), ...(annotations !== undefined && { annotations }), ...more },
});
const reading = (id: string, reads: Reads, more: Partial<Check> = {}): Check =>
  defineCheck({
    id,
    title: id,
    why: 'a test',
    upstream: 'https://example.com',
    reads,
    options: z.strictObject({}),
    start: () => ({ see: {} }),
    ...more,
  });
const annotatedKinds = { always: [namespaces], owners: [deployments] };
const ignoring = (checks: string, more: object = {}) => ({ 'nightshift.dev/ignore': checks, 'example.com/other': 'x', ...more });

const scanned = (
  checks: readonly Check[],
  objects: readonly object[],
  more: { endings?: Readonly<Record<string, Ending>>; onRead?: (reads: readonly Read[]) => void; stateless?: string } = {},
): Promise<ScanResult<unknown>> =>
  scan(memorySource({ objects, ...more }), checks, { annotatedKinds, signal: AbortSignal.timeout(60_000) });

test('only what carries the annotation is noted, whichever check reads it, and a Namespace that none reads', async () => {
  const sent: Read[] = [];
  const { annotated, annotationsUnseen } = await scanned(
    [reading('a', { pods }), reading('b', { deployments })],
    [
      object('Pod', 'plain'),
      object('Pod', 'other', { 'nightshift.dev/ignore-reason': 'without the annotation itself' }),
      object('Pod', 'web-1', ignoring('pod-*')),
      object('Deployment', 'web', ignoring('*', { 'nightshift.dev/ignore-until': '2026-12-31', 'nightshift.dev/ignore-reason': 'OPS-12' })),
      object('Namespace', 'sandbox', ignoring('pod-waiting')),
    ],
    { onRead: (reads) => sent.push(...reads) },
  );
  assert.deepEqual(
    new Map(annotated),
    new Map([
      ['/Pod/shop/web-1', { object: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1' }, ignore: 'pod-*' }],
      [
        'apps/Deployment/shop/web',
        {
          object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
          ignore: '*',
          until: '2026-12-31',
          reason: 'OPS-12',
        },
      ],
      ['/Namespace//sandbox', { object: { apiVersion: 'v1', kind: 'Namespace', name: 'sandbox' }, ignore: 'pod-waiting' }],
    ]),
  );
  assert.deepEqual(annotationsUnseen, []);
  assert.deepEqual(
    sent.map(({ resource, part, optional }) => [resource, part, optional]),
    [
      ['pods', undefined, undefined],
      ['deployments', undefined, undefined],
      ['namespaces', 'metadata', true],
    ],
  );
});

test('Namespaces are read once: whole where a check needs them whole, and not at all where nothing else is read', async () => {
  const sent: Read[] = [];
  const onRead = (reads: readonly Read[]) => sent.push(...reads);
  await scanned([reading('a', { namespaces })], [], { onRead });
  assert.deepEqual(
    sent.map(({ resource, part, optional }) => [resource, part, optional]),
    [['namespaces', undefined, undefined]],
  );
  sent.length = 0;
  await scanned([reading('a', { namespaces })], [], { onRead, stateless: 'no status' });
  assert.deepEqual(sent, []);
});

test('owners that may carry it are read where a check asks for owners, though none that runs reads them', async () => {
  const sent: Read[] = [];
  const { annotated } = await scanned(
    [reading('a', { pods, ...ownerReads })],
    [object('Deployment', 'web', ignoring('pod-*')), object('Pod', 'web-1')],
    { onRead: (reads) => sent.push(...reads) },
  );
  assert.deepEqual([...annotated.keys()], ['apps/Deployment/shop/web']);
  assert.deepEqual(
    sent.map(({ resource, part, optional }) => [resource, part, optional]),
    [
      ['pods', undefined, undefined],
      ['replicasets', 'metadata', true],
      ['jobs', 'metadata', true],
      ['namespaces', 'metadata', true],
      ['deployments', 'metadata', true],
    ],
  );
});

test('Namespaces that cannot be read make nothing incomplete, and it is told that they were not seen', async () => {
  const refused: Ending = { state: 'failed', reason: 'forbidden', message: 'namespaces is forbidden', remedy: 'grant it' };
  const { observers, annotationsUnseen } = await scanned([reading('a', { pods })], [], { endings: { namespaces: refused } });
  assert.deepEqual(
    observers.map(({ outcome }) => outcome),
    ['ran'],
  );
  assert.deepEqual(annotationsUnseen, [{ kind: 'Namespace', reason: 'namespaces is forbidden' }]);
  const off: Ending = { state: 'off', reason: 'only the namespace shop is looked at' };
  assert.deepEqual((await scanned([reading('a', { pods })], [], { endings: { namespaces: off } })).annotationsUnseen, [
    { kind: 'Namespace', reason: 'only the namespace shop is looked at' },
  ]);
});

test('the copies that the Deployment controller leaves on its ReplicaSets do not count', async () => {
  const owner = (kind: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web', controller: true }] });
  const { annotated } = await scanned(
    [reading('a', { replicaSets: metadataOf(replicaSets) })],
    [
      object('ReplicaSet', 'copy', ignoring('*'), owner('Deployment')),
      object('ReplicaSet', 'rollout', ignoring('*'), owner('Rollout')),
      object('ReplicaSet', 'bare', ignoring('*')),
    ],
  );
  assert.deepEqual([...annotated.keys()], ['apps/ReplicaSet/shop/rollout', 'apps/ReplicaSet/shop/bare']);
});

test('of a long value only the beginning is kept, of other annotations nothing', async () => {
  const { annotated } = await scanned(
    [reading('a', { secrets })],
    [
      object('Secret', 'x', {
        'nightshift.dev/ignore': 'a,'.repeat(100_000),
        'kubectl.kubernetes.io/last-applied-configuration': 'hunter2',
      }),
    ],
  );
  const text = JSON.stringify([...annotated.values()]);
  assert.ok(text.length < 2_000 && !text.includes('hunter2'));
});

test('whatever an object holds there, and in whatever order, no scan fails and the same is noted', async () => {
  const anything = fc.anything({ maxDepth: 2 });
  const odd = fc.record(
    {
      kind: fc.constant('Pod'),
      metadata: fc.oneof(
        anything,
        fc.record({
          name: fc.constant('p'),
          annotations: fc.oneof(
            anything,
            fc.dictionary(fc.constantFrom('nightshift.dev/ignore', 'nightshift.dev/ignore-until', 'x'), anything),
          ),
        }),
      ),
    },
    { requiredKeys: ['kind'] },
  );
  const note = async (objects: readonly object[]) => {
    const result = await scanned([reading('a', { pods })], objects);
    assert.deepEqual(
      result.ends.map(({ state }) => state),
      ['complete', 'complete'],
    );
    return JSON.stringify([...result.annotated].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  await fc.assert(
    fc.asyncProperty(fc.array(odd, { maxLength: 5 }), async (objects) => {
      assert.equal(await note(objects), await note(objects.toReversed()));
    }),
    { numRuns: 300 },
  );
});

test('of a value that is far too long only the beginning stays in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const inUse = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const selection = annotationSelection();
  const before = inUse();
  for (let index = 0; index < 200; index++) {
    // As it comes from a page: a text of its own.
    selection.note(pods, JSON.parse(JSON.stringify(object('Pod', `p${index}`, ignoring('x'.repeat(250_000))))));
  }
  const grown = inUse() - before;
  assert.equal(selection.result().size, 200);
  assert.ok(grown < 10_000_000, `${grown} bytes of 50 MB`);
});
