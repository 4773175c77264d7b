import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { leases, nodes, pods, secrets } from '../../functions/cluster/kinds.ts';
import { type NeededRight, nameOf, neededRights } from '../../functions/connect/needed-rights.ts';
import type { Operation } from '../../functions/runtime/operation.ts';
import { defineCheck, type Read } from '../../functions/scan/contracts.ts';

const check = (id: string, reads: Readonly<Record<string, Read>>, probes: readonly string[] = []) =>
  defineCheck({ id, title: id, why: id, upstream: id, reads, probes, options: z.strictObject({}), start: () => ({ see: {} }) });
const operation = (checks: Operation['checks'], needs: Operation['needs'] = 'api'): Operation => ({
  name: 'health-check',
  title: 'x',
  needs,
  checks,
  event: z.object({}),
  look: () => assert.fail(),
});
const text = (right: NeededRight) =>
  right.verb === 'get'
    ? `get ${right.path}`
    : `list ${nameOf(right.read)}${right.read.namespace ? ` in ${right.read.namespace}` : ''}${right.optional ? ' optional' : ''}${right.sensitive ? ' sensitive' : ''}`;
const rights = (operations: readonly Operation[], options = {}) =>
  neededRights(operations, () => options)
    .map((right) => `${text(right)}: ${right.neededBy.join(' ')}`)
    .toSorted();

test('each right once, with all who want it; the whole cluster stands for a namespace; optional only where it is so to all', () => {
  const one = operation([
    check('a', { pods, held: { ...leases, namespace: 'kube-system' } }, ['/readyz?verbose', 'eks:DescribeCluster']),
    check('b', { pods: { ...pods, optional: true }, nodes: { ...nodes, optional: true } }, ['/readyz']),
  ]);
  const two = operation([check('c', { shop: { ...pods, namespace: 'shop', part: 'metadata' }, secrets: { ...secrets, sensitive: true } })]);
  assert.deepEqual(rights([one, two]), [
    'get /readyz: a b',
    'list leases.coordination.k8s.io in kube-system: a',
    'list nodes optional: b',
    'list pods: a b c',
    'list secrets optional sensitive: c',
  ]);
});

test('what is turned off needs nothing, nor does an operation that reads buckets alone; options decide what a check reads', () => {
  const deep = defineCheck({
    id: 'deep',
    title: 'x',
    why: 'x',
    upstream: 'x',
    reads: ({ owners }: { owners: boolean }): Readonly<Record<string, Read>> => (owners ? { pods, nodes } : { pods }),
    options: z.strictObject({ owners: z.boolean().default(true) }),
    start: () => ({ see: {} }),
  });
  const checks = [check('a', { leases }, ['/livez']), deep];
  assert.deepEqual(rights([operation(checks)], { checks: { off: ['a'], deep: { owners: false } } }), ['list pods: deep']);
  assert.deepEqual(rights([operation(checks)], { checks: { off: ['a'] } }), ['list nodes: deep', 'list pods: deep']);
  assert.deepEqual(rights([operation(checks, 'backups')]), []);
});
