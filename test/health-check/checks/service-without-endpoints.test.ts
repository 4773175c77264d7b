import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/service-without-endpoints.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, deployment, endpointSlice, pod, podConditions, service } from '../objects.ts';
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
    const finding = await theFinding(check, { objects: [service(), elsewhere] });
    assert.deepEqual([finding.severity, finding.message], ['critical', 'its selector matches no pod']);
    assert.match(finding.remedy, /^kubectl -n shop get pods --show-labels/);
    const headless = service({ spec: { clusterIP: 'None' } });
    assert.equal((await theFinding(check, { objects: [headless] })).severity, 'warning');
  });

  test('a workload that is scaled to zero is only noted', async () => {
    const zero = deployment({ spec: { replicas: 0 } });
    const finding = await theFinding(check, { objects: [service(), endpointSlice([]), zero] });
    assert.deepEqual([finding.severity, finding.message], ['info', 'it has no endpoint: Deployment web is scaled to zero']);
    const other = deployment({ spec: { replicas: 0, template: { metadata: { labels: { app: 'api' } } } } });
    assert.equal((await theFinding(check, { objects: [service(), other] })).severity, 'critical');
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

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      service(),
      endpointSlice([{ pod: 'web-a', ready: false }]),
      unready('web-a'),
      deployment({ spec: { replicas: 0 } }),
    ]));
});
