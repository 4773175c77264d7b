import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/component-status.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, changed, lease } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const ready = { '/readyz?verbose': { body: '[+]ping ok\n[+]etcd ok\n[+]etcd-readiness ok\nreadyz check passed\n' } };
const both = [lease('kube-scheduler', ago({ seconds: 2 })), lease('kube-controller-manager', ago({ seconds: 3 }))];
const componentStatus = (name: string, status: string, message: string) => ({
  apiVersion: 'v1',
  kind: 'ComponentStatus',
  metadata: { name },
  conditions: [{ type: 'Healthy', status, message }],
});

describe('component-status', () => {
  test('says nothing of leaders that renew their Leases', () => assertSilent(check, { objects: both, probes: ready }));

  test('a Lease that is not renewed is critical, and says what does not happen any more', async () => {
    const objects = [lease('kube-scheduler', ago({ minutes: 7 })), lease('kube-controller-manager', ago({ seconds: 3 }))];
    const finding = await theFinding(check, { objects, probes: ready });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.message, 'no kube-scheduler has been at work for 7 minutes, so new pods find no node');
    assert.deepEqual(finding.object, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace: 'kube-system',
      name: 'kube-scheduler',
    });
    assert.equal(finding.startedAt, ago({ minutes: 7 }));
  });

  test('a leader that stepped down a moment ago is left alone, though its Lease lasts one second', async () => {
    const stepped = lease('kube-scheduler', ago({ seconds: 20 }), { holderIdentity: '', leaseDurationSeconds: 1 });
    await assertSilent(check, { objects: [stepped, both[1] ?? {}], probes: ready });
  });

  test('a holder whose clock is slow is at work: the API server’s own clock tells when the Lease was last written', async () => {
    const slow = lease('kube-scheduler', ago({ minutes: 7 }));
    const written = (seconds: number) => ({ ...slow, metadata: { ...slow.metadata, ...changed('spec', ago({ seconds })) } });
    await assertSilent(check, { objects: [written(3), both[1] ?? {}], probes: ready });
    assert.equal((await theFinding(check, { objects: [written(180), both[1] ?? {}], probes: ready })).startedAt, ago({ minutes: 3 }));
  });

  test('Leases of another namespace, or of other names, are none of these', async () => {
    const elsewhere = lease('kube-scheduler', ago({ days: 3 }));
    const objects = [
      ...both,
      { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'kube-node-lease' } },
      lease('cert-manager', ago({ days: 3 })),
    ];
    await assertSilent(check, { objects, probes: ready });
  });

  test('a component without a Lease cannot be told, which is only noted; where none has one the check is not run', async () => {
    const finding = await theFinding(check, { objects: [both[0] ?? {}], probes: ready });
    assert.deepEqual([finding.severity, finding.object.name], ['info', 'kube-controller-manager']);
    const { findings, end } = await runCheck(check, { objects: [], probes: ready });
    assert.deepEqual([findings, end.outcome], [[], 'not-run']);
  });

  test('etcd is told by /readyz, and explains the API server’s own troubles', async () => {
    const body = '[-]etcd failed: reason withheld\n[-]etcd-readiness failed: reason withheld\nreadyz check failed\n';
    const { findings, links } = await runCheck(check, { objects: both, probes: { '/readyz?verbose': { status: 500, body } } });
    assert.deepEqual(
      findings.map(({ object, severity, message }) => [object.name, severity, message]),
      [['etcd', 'critical', 'the API server cannot use it: its checks etcd and etcd-readiness fail']],
    );
    assert.deepEqual(
      links.map(({ effect, cause }) => [effect.name, cause.name]),
      [['kube-apiserver', 'etcd']],
    );
  });

  test('etcd is told even where there is no Lease', async () => {
    const { findings } = await runCheck(check, { objects: [], probes: { '/readyz?verbose': { status: 500, body: '[-]etcd failed: x' } } });
    assert.equal(findings.length, 1);
  });

  test('componentstatuses are believed of etcd’s members alone, and are not needed', async () => {
    const refused = 'Get "http://127.0.0.1:10251/healthz": dial tcp 127.0.0.1:10251: connect: connection refused';
    await assertSilent(check, {
      objects: [...both, componentStatus('scheduler', 'False', refused), componentStatus('etcd-0', 'True', 'ok')],
      probes: ready,
    });
    const finding = await theFinding(check, {
      objects: [...both, componentStatus('etcd-1', 'False', 'context deadline exceeded')],
      probes: ready,
    });
    assert.equal(finding.message, 'this member is unhealthy: context deadline exceeded');
    const ending = { state: 'failed', reason: 'forbidden', message: 'forbidden', remedy: 'grant it' } as const;
    await assertSilent(check, { objects: both, probes: ready, endings: { componentstatuses: ending } });
  });

  test('a folder of manifests has no /readyz: what its Leases say stands', async () => {
    await theFinding(check, { objects: [lease('kube-scheduler', ago({ minutes: 7 })), both[1] ?? {}] });
  });

  test('survives holes', () => assertSurvivesHoles(check, [...both, componentStatus('etcd-1', 'False', 'x')], { probes: ready }));
});
