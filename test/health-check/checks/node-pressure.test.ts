import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/node-pressure.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, condition, node } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const reporting = (...conditions: object[]) => node({ status: { conditions: [condition('Ready', 'True'), ...conditions] } });

describe('node-pressure', () => {
  test('each condition that holds is a finding of its own', async () => {
    const { findings } = await runCheck(check, {
      objects: [
        reporting(
          condition('MemoryPressure', 'True', ago({ minutes: 30 }), { reason: 'KubeletHasInsufficientMemory' }),
          condition('NetworkUnavailable', 'True', ago({ hours: 1 }), { message: 'no route created' }),
          condition('ReadonlyFilesystem', 'True', ago({ hours: 1 })),
        ),
      ],
    });
    assert.deepEqual(
      findings.map(({ subject, severity, message }) => [subject, severity, message]),
      [
        ['MemoryPressure', 'warning', 'short of memory for 30 minutes: KubeletHasInsufficientMemory'],
        ['NetworkUnavailable', 'critical', 'its network is not set up for 60 minutes: no route created'],
        ['ReadonlyFilesystem', 'critical', 'a file system is read-only for 60 minutes'],
      ],
    );
  });

  test('the EKS node monitoring agent’s conditions are good when True, and a fault when False', async () => {
    const agent = ['KernelReady', 'NetworkingReady', 'StorageReady', 'ContainerRuntimeReady', 'AcceleratedHardwareReady'];
    await assertSilent(check, { objects: [reporting(...agent.map((type) => condition(type, 'True', ago({ days: 1 }))))] });
    const finding = await theFinding(check, {
      objects: [reporting(condition('StorageReady', 'False', ago({ days: 1 }), { reason: 'XFSSmallAverageClusterSize' }))],
    });
    assert.equal(finding.subject, 'StorageReady');
  });

  test('unknown types and the status Unknown are no fault', async () => {
    const conditions = [condition('EtcdIsVoter', 'True'), condition('MyOwn', 'False'), condition('DiskPressure', 'Unknown')];
    await assertSilent(check, { objects: [reporting(...conditions)] });
  });

  test('conditions of one’s own can be named', async () => {
    const finding = await theFinding(check, {
      objects: [reporting(condition('MyOwn', 'False'))],
      options: { conditions: { MyOwn: 'False' } },
    });
    assert.equal(finding.message, 'reports MyOwn=False for 2 days');
  });

  test('leaves what holds only for a moment alone; a cordoned node is only noted', async () => {
    await assertSilent(check, { objects: [reporting(condition('DiskPressure', 'True', ago({ minutes: 9 })))] });
    const cordoned = { ...reporting(condition('DiskPressure', 'True', ago({ minutes: 11 }))), spec: { unschedulable: true } };
    assert.equal((await theFinding(check, { objects: [cordoned] })).severity, 'info');
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [reporting(condition('DiskPressure', 'True'), condition('KernelReady', 'False')), node()]));
});
