import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/service-without-endpoints.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, daemonSet, deployment, endpointSlice, pod, podConditions, service } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const unready = (name: string, shape: object = {}) =>
  pod({ name, metadata: { labels: { app: 'web', tier: 'front' } }, status: { conditions: podConditions(false), ...shape } });

describe('service-without-endpoints', () => {
  test('none of its endpoints is ready: linked to the pods behind it', async () => {
    const { findings, links } = await runCheck(check, {
      objects: [service(), endpointSlice([{ pod: 'web-a', ready: false }]), unready('web-a')],
    });
    assert.deepEqual(
      findings.map(({ object, severity, message }) => [object.name, severity, message]),
      [['web', 'critical', 'none of its endpoints is ready']],
    );
    assert.deepEqual(
      links.map(({ effect, cause }) => [effect.kind, cause.name]),
      [['Service', 'web-a']],
    );
  });

  test('pods that are pending have no address and lie in no slice, and are behind it all the same', async () => {
    const pending = unready('web-p', { phase: 'Pending', conditions: null });
    const { findings, links } = await runCheck(check, { objects: [service(), endpointSlice(null), pending] });
    assert.equal(findings[0]?.message, 'none of its endpoints is ready');
    assert.deepEqual(
      links.map(({ cause }) => cause.name),
      ['web-p'],
    );
  });

  test('its selector matches no pod', async () => {
    const elsewhere = pod({
      name: 'x',
      namespace: 'other',
      metadata: { labels: { app: 'web' } },
      status: { conditions: podConditions(false) },
    });
    const finding = await theFinding(check, { objects: [service(), endpointSlice([]), elsewhere] });
    assert.deepEqual(
      [finding.severity, finding.message],
      ['critical', 'it has no endpoint: no pod that could be one matches its selector'],
    );
    assert.match(finding.remedy, /^kubectl -n shop get pods --show-labels/);
    const headless = service({ spec: { clusterIP: 'None' } });
    // Charts bring such for what a managed control plane does not show: kube-scheduler, etcd.
    assert.equal((await theFinding(check, { objects: [headless, endpointSlice([])] })).severity, 'info');
  });

  test('a workload that is scaled to zero is only noted', async () => {
    const zero = deployment({ spec: { replicas: 0 } });
    const finding = await theFinding(check, { objects: [service(), endpointSlice([]), zero] });
    assert.deepEqual([finding.severity, finding.message], ['info', 'it has no endpoint: Deployment web is scaled to zero']);
    const other = deployment({ spec: { replicas: 0, template: { metadata: { labels: { app: 'api' } } } } });
    assert.equal((await theFinding(check, { objects: [service(), endpointSlice([]), other] })).severity, 'critical');
  });

  test('endpoints that only still serve while they go away are told so', async () => {
    const slice = endpointSlice([{ ready: false, serving: true, terminating: true }]);
    assert.equal((await theFinding(check, { objects: [service(), slice] })).message, 'all of its endpoints are going away');
  });

  test('leaves one alone that lost its last endpoint a moment ago, told by the pods or by the slice', async () => {
    const since = (time: object) => unready('web-a', { conditions: podConditions(false, ago(time)) });
    const slice = endpointSlice([{ pod: 'web-a', ready: false }]);
    await assertSilent(check, { objects: [service(), slice, since({ minutes: 4 })] });
    const finding = await theFinding(check, { objects: [service(), slice, since({ minutes: 6 })] });
    assert.equal(finding.startedAt, ago({ minutes: 6 }));
    const annotated = (time: object) => {
      const empty = endpointSlice([]);
      return { ...empty, metadata: { ...empty.metadata, annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': ago(time) } } };
    };
    await assertSilent(check, { objects: [service(), annotated({ minutes: 4 })] });
    await theFinding(check, { objects: [service(), annotated({ minutes: 6 })] });
  });

  test('one ready endpoint in any slice will do, and a readiness that is null counts as one', async () => {
    const half = [endpointSlice([{ pod: 'web-a', ready: false }]), endpointSlice([{ pod: 'web-b', ready: true }])];
    await assertSilent(check, { objects: [service(), ...half, unready('web-a')] });
    await assertSilent(check, { objects: [service(), endpointSlice([{ ready: null }])] });
    // publishNotReadyAddresses: the controller says ready of every endpoint.
    await assertSilent(check, {
      objects: [service({ spec: { publishNotReadyAddresses: true } }), endpointSlice([{ ready: true, serving: false }])],
    });
  });

  test('leaves alone Services that are young, have no selector, or are only a name', async () => {
    await assertSilent(check, {
      objects: [
        service({ name: 'young', metadata: { creationTimestamp: ago({ minutes: 4 }) } }),
        service({ name: 'manual', spec: { selector: null } }),
        service({ name: 'empty', spec: { selector: {} } }),
        service({ name: 'external', spec: { type: 'ExternalName', externalName: 'db.example' } }),
      ],
    });
  });

  test('a Service of a DaemonSet that has no node to run on is only noted', async () => {
    const agents = daemonSet({ spec: { template: { metadata: { labels: { app: 'web' } } } }, status: { desiredNumberScheduled: 0 } });
    const finding = await theFinding(check, { objects: [service(), endpointSlice([]), agents] });
    assert.deepEqual([finding.severity, finding.message], ['info', 'it has no endpoint: no node is to run DaemonSet agent']);
  });

  test('where not all workloads or pods were seen, none of them is said to be missing', async () => {
    const off = { state: 'off', reason: 'the backup holds none' } as const;
    const objects = [service(), endpointSlice([])];
    const without = async (...resources: string[]) => {
      const { severity, message } = await theFinding(check, { objects, endings: Object.fromEntries(resources.map((each) => [each, off])) });
      return [severity, message];
    };
    assert.deepEqual(await without(), ['critical', 'it has no endpoint: no pod that could be one matches its selector']);
    assert.deepEqual(await without('pods'), ['critical', 'it has no endpoint']);
    assert.deepEqual(await without('deployments', 'pods'), ['warning', 'it has no endpoint']);
  });

  test('one that is going away is left alone', () =>
    assertSilent(check, { objects: [service({ metadata: { deletionTimestamp: ago({ minutes: 9 }) } })] }));

  test('without any EndpointSlice its controller has not looked at it', async () => {
    const { findings, links } = await runCheck(check, { objects: [service(), endpointSlice([{ ready: true }], 'other')] });
    assert.equal(findings[0]?.message, 'it has no EndpointSlice, not even an empty one: its controller has not looked at it');
    assert.deepEqual(
      links.map(({ cause }) => cause.name),
      ['kube-controller-manager'],
    );
  });

  test('is not applicable where no EndpointSlice at all is held, as in what kubectl get all gives', async () => {
    const { findings, end } = await runCheck(check, { objects: [service()] });
    assert.deepEqual([findings.length, end.outcome], [0, 'not-run']);
    await assertSilent(check, { objects: [] });
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      service(),
      endpointSlice([{ pod: 'web-a', ready: false }]),
      unready('web-a'),
      deployment({ spec: { replicas: 0 } }),
    ]));
});
