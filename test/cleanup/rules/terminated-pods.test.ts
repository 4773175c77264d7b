import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import missing from '../../../functions/cleanup/rules/pods-of-missing-nodes.ts';
import rule from '../../../functions/cleanup/rules/terminated-pods.ts';
import fc from '../../fuzz.ts';
import { ago, condition, node, podConditions, terminated } from '../../health-check/objects.ts';
import { donePod, evictedPod, failedPod, lookAlikes, replaced, replacers } from './ended-pods.ts';
import { askAgain, namesProposed, runRule, theProposal } from './run-rule.ts';

const here = node();

describe('what goes', () => {
  test('a pod that failed, with what it rests on', async () => {
    const proposal = await theProposal(rule, { objects: [here, replaced('web-1', replacers[0])] });
    assert.equal(proposal.reason, 'failed 3 days ago: container app ended with exit code 137 (OOMKilled)');
    assert.equal(proposal.since, Date.parse(ago({ days: 3 })));
    assert.deepEqual(proposal.facts, { phase: 'Failed', endedAt: ago({ days: 3 }), node: 'node-1', owner: 'ReplicaSet x' });
    assert.deepEqual([proposal.risk, proposal.lost], ['low', ['its logs', 'the record of its run']]);
    assert.deepEqual([proposal.object.kind, proposal.object.name, proposal.object.resourceVersion], ['Pod', 'web-1', '7']);
  });

  test('one that was evicted, by the time of its eviction', async () => {
    const proposal = await theProposal(rule, { objects: [here, evictedPod('web-1')] });
    assert.equal(proposal.reason, 'evicted 5 days ago: The node was low on resource: memory');
    assert.deepEqual([proposal.since, proposal.facts.reason], [Date.parse(ago({ days: 5 })), 'Evicted']);
  });

  test('one that its node shut down, and one that no node wanted', async () => {
    const objects = [here, failedPod('a', {}, { reason: 'NodeShutdown' }), failedPod('b', {}, { reason: 'OutOfcpu' })];
    const { proposals } = await runRule(rule, { objects });
    assert.deepEqual(
      proposals.map(({ reason }) => reason),
      ['failed 3 days ago (NodeShutdown)', 'failed 3 days ago (OutOfcpu)'],
    );
  });

  test('a bare pod that succeeded', async () => {
    const { reason, facts } = await theProposal(rule, { objects: [here, donePod('once')] });
    assert.deepEqual([reason, facts.owner], ['succeeded 3 days ago', 'none']);
  });

  for (const replacer of replacers)
    test(`a failed one of a ${replacer[1]}`, async () => {
      const pod = replaced('p', replacer);
      assert.deepEqual(await namesProposed(rule, { objects: [here, pod] }), ['p']);
      assert.equal(await askAgain(rule, pod), undefined);
    });

  test('one that no node was ever given', async () => {
    assert.deepEqual(await namesProposed(rule, { objects: [here, failedPod('p', {}, {}, { nodeName: null })] }), ['p']);
  });
});

describe('its age', () => {
  const sinceOf = async (status: object) => (await theProposal(rule, { objects: [here, failedPod('p', {}, { ...status })] })).since;
  const days = (count: number) => Date.parse(ago({ days: count }));
  const early = [condition('Ready', 'False', ago({ days: 20 }))];

  test('is from the end of its last container, of whatever sort', async () => {
    const containerStatuses = [{ state: terminated(1, 9 * 1440) }, { state: terminated(0, 8 * 1440) }];
    assert.equal(await sinceOf({ conditions: early, containerStatuses }), days(8));
    const initContainerStatuses = [{ state: terminated(1, 7 * 1440) }];
    assert.equal(await sinceOf({ conditions: early, containerStatuses, initContainerStatuses }), days(7));
    const ephemeralContainerStatuses = [{ state: terminated(1, 6 * 1440) }];
    assert.equal(await sinceOf({ conditions: early, containerStatuses, ephemeralContainerStatuses }), days(6));
  });

  test('is from its last condition where that is later', async () => {
    assert.equal(
      await sinceOf({ conditions: podConditions(false, ago({ days: 2 })), containerStatuses: [{ state: terminated(1, 9999) }] }),
      days(2),
    );
  });

  test('is never longer than it exists: the runtime lost its container', async () => {
    const lost = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: null, finishedAt: '1970-01-01T00:00:00Z' } };
    assert.equal(await sinceOf({ conditions: null, containerStatuses: [{ name: 'app', state: lost }] }), days(30));
  });

  test('is not known where nothing tells', async () => {
    const pod = failedPod('p', { creationTimestamp: null }, { conditions: null, containerStatuses: null });
    assert.equal((await theProposal(rule, { objects: [here, pod] })).since, undefined);
  });
});

describe('what stays', () => {
  for (const [what, pod, because] of lookAlikes)
    test(what, async () => {
      assert.deepEqual(await namesProposed(rule, { objects: [here, pod, failedPod('other')] }), ['other']);
      assert.match((await askAgain(rule, pod)) ?? 'still holds', because);
    });

  test('what is no pod, asked again', async () => {
    for (const odd of [undefined, [], {}, { ...failedPod('p'), kind: 'Job' }, { ...failedPod('p'), apiVersion: 'x/v1' }])
      assert.match((await askAgain(rule, odd)) ?? 'still holds', /not as expected/);
  });
});

describe('nodes that are gone', () => {
  const objects = [node({ name: 'node-1' }), failedPod('here'), failedPod('there', {}, {}, { nodeName: 'node-2' })];

  test('are the other rule’s', async () => {
    assert.deepEqual(await namesProposed(rule, { objects }), ['here']);
    assert.deepEqual(await namesProposed(missing, { objects }), ['there']);
  });

  test('are nobody’s where nodes are not known, and their pods go by their age', async () => {
    const endings = { nodes: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } } as const;
    assert.deepEqual(await namesProposed(rule, { objects, endings }), ['here', 'there']);
    assert.deepEqual((await runRule(missing, { objects, endings })).proposals, []);
    const noNodes = objects.slice(1);
    assert.deepEqual(await namesProposed(rule, { objects: noNodes }), ['here', 'there']);
    assert.deepEqual(await namesProposed(missing, { objects: noNodes }), []);
  });
});

test('no pod is proposed twice, none that runs, and the order changes nothing', async () => {
  const shape = fc.record({
    phase: fc.constantFrom('Failed', 'Succeeded', 'Running', 'Pending', 'Unknown'),
    nodeName: fc.constantFrom('node-1', 'node-2', 'node-9', null),
    owner: fc.constantFrom('ReplicaSet', 'Job', 'Node', undefined),
  });
  const scenario = fc
    .record({ shapes: fc.array(shape, { maxLength: 20 }), nodes: fc.subarray(['node-1', 'node-2']) })
    .chain(({ shapes, nodes }) => {
      const objects = [
        ...nodes.map((name) => node({ name })),
        ...shapes.map(({ phase, nodeName, owner }, index) =>
          failedPod(
            `pod-${index}`,
            owner
              ? {
                  ownerReferences: [
                    { apiVersion: owner === 'ReplicaSet' ? 'apps/v1' : 'batch/v1', kind: owner, name: 'x', uid: 'x', controller: true },
                  ],
                }
              : {},
            { phase },
            { nodeName },
          ),
        ),
      ];
      return fc.record({
        objects: fc.constant(objects),
        shapes: fc.constant(shapes),
        nodes: fc.constant(nodes),
        shuffled: fc.shuffledSubarray(objects, { minLength: objects.length, maxLength: objects.length }),
      });
    });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ objects, shapes, nodes, shuffled }) => {
      const [ended, orphaned] = [await namesProposed(rule, { objects }), await namesProposed(missing, { objects })];
      assert.deepEqual(await namesProposed(rule, { objects: shuffled, pageSize: 2 }), ended);
      assert.deepEqual(await namesProposed(missing, { objects: shuffled, pageSize: 2 }), orphaned);
      const wanted = shapes.flatMap(({ phase, owner }, index) =>
        (phase === 'Failed' && (owner === undefined || owner === 'ReplicaSet')) || (phase === 'Succeeded' && owner === undefined)
          ? [`pod-${index}`]
          : [],
      );
      assert.deepEqual([...ended, ...orphaned].toSorted(), wanted.toSorted());
      for (const name of orphaned) {
        const { nodeName } = shapes[Number(name.slice(4))] ?? {};
        assert(nodeName && nodes.length > 0 && !nodes.includes(nodeName));
      }
    }),
    { numRuns: 300 },
  );
});
