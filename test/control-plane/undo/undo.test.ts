/** Undo against a real API server, with the controllers that would take back what is not given back whole. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { differences, equalButForServerFields } from '../../../functions/actions/undo/equal.ts';
import type { Writer } from '../../../functions/actions/writer.ts';
import { actionOn, type Seen } from '../../actions/plan-of.ts';
import { writerAs } from '../actions/scene.ts';
import { until } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import {
  carriedOut,
  type Deleted,
  definition,
  deleted,
  heldOf,
  type Kind,
  kinds,
  objectOf,
  resultsOf,
  seen,
  specs,
  there,
  undone,
  undoPlanned,
} from './scene.ts';

const controllers = [
  'garbage-collector-controller',
  'namespace-controller',
  'job-controller',
  'replicaset-controller',
  'deployment-controller',
  'statefulset-controller',
  'serviceaccount-token-controller',
  'persistentvolume-binder-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
];

describe('undo on a real cluster', () => {
  let plane: ControlPlane;
  let writer: Writer;
  before(async () => {
    plane = await startControlPlane({ controllers });
    writer = await writerAs(plane);
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    for (const kind of ['Widget', 'Gadget'] as const) await plane.apply(definition(kind));
  });
  after(async () => {
    writer.close();
    await plane.stop();
  });

  const gone = (kind: Kind, name: string) => until(`${kind} ${name} is gone`, async () => (await seen(plane, kind, name)) === undefined);
  const manifestIn = ({ journal }: Deleted, name: string) => journal.items.find(({ action }) => action.object.name === name)?.manifest;

  test('every kind comes back equal but for what the server sets; a second time it is a conflict, and nothing is harmed', async () => {
    const objects = Object.keys(specs).map((kind) => [kind as Kind, kind.toLowerCase()] as const);
    for (const [kind, name] of objects)
      await plane.apply(objectOf(kind, name, specs[kind], { labels: { team: 'shop' }, annotations: { note: 'ours' } }));
    // Rollouts write on their objects; what is deleted is what was planned.
    for (const [kind, replicas] of Object.entries({ Deployment: 2, ReplicaSet: 1, StatefulSet: 1 }))
      await until(`the controller of the ${kind} has done its work`, async () => {
        const { status } = await there(plane, kind as Kind, kind.toLowerCase());
        return status?.observedGeneration === 1 && status.replicas === replicas;
      });
    const before = await deleted(plane, writer, objects);
    for (const [kind, name] of objects) await gone(kind, name);

    const made = await undoPlanned(writer, before);
    assert.deepEqual(heldOf(made), []);
    const executed = await undone(writer, before, made);
    assert.equal(executed.ended, 'complete', executed.why);
    assert.deepEqual(
      [...executed.outcomes.values()].filter(({ result }) => result !== 'created'),
      [],
    );
    for (const [kind, name] of objects) {
      const back = await there(plane, kind, name);
      const manifest = manifestIn(before, name);
      assert.deepEqual(differences(manifest, back), [], `${kind} is what it was`);
      assert.ok(equalButForServerFields(manifest, back));
      assert.notEqual(back.metadata.uid, before.journal.items.find(({ action }) => action.object.name === name)?.action.object.uid);
    }
    assert.deepEqual((await there(plane, 'Gadget', 'gadget')).status, { phase: 'Done' }, 'a status that is data comes back');
    const before1 = manifestIn(before, 'service') as { spec: { clusterIP: string; ports: { nodePort: number }[] } };
    const service = (await there(plane, 'Service', 'service')).spec as typeof before1.spec;
    assert.deepEqual([service.clusterIP, service.ports[0]?.nodePort], [before1.spec.clusterIP, before1.spec.ports[0]?.nodePort]);

    const uids = async () => Promise.all(objects.map(async ([kind, name]) => (await there(plane, kind, name)).metadata.uid));
    const uidsBefore = await uids();
    const again = await undoPlanned(writer, before);
    assert.equal(again.plan, undefined);
    assert.deepEqual(new Set(again.actions.map(({ heldBy }) => heldBy?.because)), new Set(['it exists again, with another uid']));
    const twice = await undone(writer, before, made);
    assert.deepEqual([...new Set([...twice.outcomes.values()].map(({ result }) => result))], ['conflict']);
    assert.deepEqual(await uids(), uidsBefore);
  });

  test('a finished Job comes back only on request and suspended, a pod that is over never', async () => {
    const spec = {
      backoffLimit: 0,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.invalid/job:1' }] } },
    };
    await plane.apply(objectOf('Job', 'job', { spec }));
    const pods = async () => {
      const { items } = (await plane.request('GET', '/api/v1/namespaces/shop/pods?labelSelector=job-name%3Djob')).body as {
        items: { metadata: { name: string } }[];
      };
      return items.map(({ metadata }) => metadata.name);
    };
    await until('the Job has its pod', async () => (await pods()).length === 1);
    const [pod = ''] = await pods();
    await plane.applyStatus({ ...objectOf('Pod', pod), status: { phase: 'Succeeded' } });
    await until('the Job is complete', async () =>
      JSON.stringify((await there(plane, 'Job', 'job')).status?.conditions ?? '').includes('"Complete"'),
    );
    await plane.apply(objectOf('Pod', 'evicted', specs.Pod));
    await plane.applyStatus({ ...objectOf('Pod', 'evicted'), status: { phase: 'Failed', reason: 'Evicted' } });
    const before = await deleted(plane, writer, [
      ['Job', 'job'],
      ['Pod', 'evicted'],
    ]);
    await gone('Pod', pod);
    await gone('Job', 'job');

    assert.deepEqual(heldOf(await undoPlanned(writer, before)), [
      'Job job: a Job that comes back runs again from the start: it does so only on request, suspended',
      'Pod evicted: it was over: restored, it would run again',
    ]);
    const made = await undoPlanned(writer, before, { restoreJobs: true });
    assert.equal(
      made.actions.find(({ object }) => object.kind === 'Job')?.facts?.notes,
      'suspended: resumed, it runs again from the start',
    );
    const executed = await undone(writer, before, made);
    assert.deepEqual(resultsOf(made, executed), [
      'Pod evicted: undefined',
      'Job job: created suspended: resumed, it runs again from the start',
    ]);
    await until('the Job is seen to be suspended', async () =>
      JSON.stringify((await there(plane, 'Job', 'job')).status ?? '').includes('"Suspended"'),
    );
    assert.deepEqual(differences(manifestIn(before, 'job'), await there(plane, 'Job', 'job')), ['spec.suspend']);
    assert.deepEqual(await pods(), [], 'it does not run');
  });

  test('an owner is kept where it is there, and dropped where it is gone, so that the garbage collector leaves the object alone', async () => {
    const owner = async (name: string) => {
      await plane.apply(objectOf('ConfigMap', name));
      const { uid } = (await there(plane, 'ConfigMap', name)).metadata;
      return { apiVersion: 'v1', kind: 'ConfigMap', name, uid };
    };
    const [stays, goes] = [await owner('stays'), await owner('goes')];
    await plane.apply(objectOf('Secret', 'of-both', specs.Secret, { ownerReferences: [stays, goes] }));
    await plane.apply(objectOf('Secret', 'of-one', specs.Secret, { ownerReferences: [goes] }));
    const before = await deleted(plane, writer, [
      ['Secret', 'of-both'],
      ['Secret', 'of-one'],
      ['ConfigMap', 'goes'],
    ]);
    const made = await undoPlanned(writer, before);
    const executed = await undone(writer, before, made);
    assert.deepEqual(resultsOf(made, executed), [
      'Secret of-both: created without its owner ConfigMap goes, which is gone',
      'Secret of-one: created without its owner ConfigMap goes, which is gone',
      'ConfigMap goes: created',
    ]);
    // What the garbage collector does to one that still names the former owner.
    await plane.apply(objectOf('Secret', 'canary', specs.Secret, { ownerReferences: [goes] }));
    await gone('Secret', 'canary');
    for (const [name, owners] of [
      ['of-both', [stays]],
      ['of-one', undefined],
    ] as const) {
      const { metadata } = (await there(plane, 'Secret', name)) as { metadata: { ownerReferences?: unknown } };
      assert.deepEqual(metadata.ownerReferences, owners, name);
      assert.deepEqual(differences(manifestIn(before, name), await there(plane, 'Secret', name)), ['metadata.ownerReferences']);
    }
  });

  const volume = (name: string, claim?: string, policy = 'Retain') =>
    objectOf('PersistentVolume', name, {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: policy,
        storageClassName: 'manual',
        csi: { driver: 'disks.example.com', volumeHandle: `vol-${name}` },
        ...(claim !== undefined && { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: claim } }),
      },
    });
  const bound = async (name: string) => {
    await plane.apply(volume(`pv-${name}`, name));
    await plane.apply(
      objectOf('PersistentVolumeClaim', name, {
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'manual',
          resources: { requests: { storage: '1Gi' } },
          volumeName: `pv-${name}`,
        },
      }),
    );
    await isBound(name);
  };
  const isBound = (name: string) =>
    until(`${name} is bound`, async () => {
      const both = [await seen(plane, 'PersistentVolume', `pv-${name}`), await seen(plane, 'PersistentVolumeClaim', name)];
      return both.every((each) => each?.status?.phase === 'Bound');
    });
  const isReleased = (name: string) =>
    until(`pv-${name} is released`, async () => (await seen(plane, 'PersistentVolume', `pv-${name}`))?.status?.phase === 'Released');

  test('claims find their volumes again: one that was deleted with them, and one that was kept', async () => {
    for (const name of ['both', 'claim-only']) await bound(name);
    const before = await deleted(plane, writer, [
      ['PersistentVolume', 'pv-both'],
      ['PersistentVolumeClaim', 'both'],
      ['PersistentVolumeClaim', 'claim-only'],
    ]);
    await gone('PersistentVolume', 'pv-both');
    await isReleased('claim-only');
    const made = await undoPlanned(writer, before);
    const executed = await undone(writer, before, made);
    assert.deepEqual(resultsOf(made, executed), [
      'PersistentVolume pv-both: created kept for the claim shop/both',
      'PersistentVolume pv-claim-only: patched',
      'PersistentVolumeClaim both: created bound again to its volume pv-both',
      'PersistentVolumeClaim claim-only: created bound again to its volume pv-claim-only',
    ]);
    for (const name of ['both', 'claim-only']) {
      await isBound(name);
      assert.deepEqual(differences(manifestIn(before, name), await there(plane, 'PersistentVolumeClaim', name)), []);
    }
    assert.deepEqual(differences(manifestIn(before, 'pv-both'), await there(plane, 'PersistentVolume', 'pv-both')), []);
  });

  test('a Released volume comes back Released, one whose disk is gone does not, and neither does its claim', async () => {
    for (const name of ['old', 'lost']) await bound(name);
    await plane.delete(objectOf('PersistentVolumeClaim', 'old'));
    await isReleased('old');
    await plane.request(
      'PATCH',
      '/api/v1/persistentvolumes/pv-lost',
      { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
      'application/merge-patch+json',
    );
    const before = await deleted(plane, writer, [
      ['PersistentVolume', 'pv-old'],
      ['PersistentVolume', 'pv-lost'],
      ['PersistentVolumeClaim', 'lost'],
    ]);
    await gone('PersistentVolume', 'pv-old');
    await gone('PersistentVolumeClaim', 'lost');
    await plane.request('PATCH', '/api/v1/persistentvolumes/pv-lost', { metadata: { finalizers: null } }, 'application/merge-patch+json');
    await gone('PersistentVolume', 'pv-lost');
    const made = await undoPlanned(writer, before);
    assert.deepEqual(heldOf(made), [
      'PersistentVolume pv-lost: its disk went with it (reclaim policy Delete)',
      'PersistentVolumeClaim lost: its volume pv-lost is gone: it would come back empty',
    ]);
    await undone(writer, before, made);
    await isReleased('old');
  });

  test('a patch is taken back where nobody has changed the value since', async () => {
    for (const name of ['back', 'changed', 'removed']) await plane.apply(volume(`pv-${name}`));
    await until('all are available', async () =>
      (await Promise.all(['back', 'changed', 'removed'].map((name) => there(plane, 'PersistentVolume', `pv-${name}`)))).every(
        ({ status }) => status?.phase === 'Available',
      ),
    );
    const patch = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
    const actions = [];
    for (const name of ['back', 'changed', 'removed'])
      actions.push(actionOn(kinds.PersistentVolume, await there(plane, 'PersistentVolume', `pv-${name}`), { kind: 'patch', patch }));
    const before = await carriedOut(plane, writer, actions);
    assert.deepEqual(
      [...before.executed.outcomes.values()].map(({ result }) => result),
      ['patched', 'patched', 'patched'],
    );
    const retained = { spec: { persistentVolumeReclaimPolicy: 'Retain' }, metadata: { labels: { by: 'hand' } } };
    await plane.request('PATCH', '/api/v1/persistentvolumes/pv-changed', retained, 'application/merge-patch+json');
    await plane.delete(volume('pv-removed'));
    await gone('PersistentVolume', 'pv-removed');
    const made = await undoPlanned(writer, before);
    assert.deepEqual(heldOf(made), ['PersistentVolume pv-changed: it was changed since', 'PersistentVolume pv-removed: it is gone']);
    const executed = await undone(writer, before, made);
    assert.deepEqual(
      [...executed.outcomes.values()].map(({ result }) => result),
      ['patched'],
    );
    assert.equal((await there(plane, 'PersistentVolume', 'pv-back')).spec?.persistentVolumeReclaimPolicy, 'Retain');
  });

  test('a Service whose address and port somebody else has by now gets others', async () => {
    await plane.apply(objectOf('Service', 'front', specs.Service));
    const former = (await there(plane, 'Service', 'front')).spec as { clusterIP: string; ports: { nodePort: number }[] };
    const before = await deleted(plane, writer, [['Service', 'front']]);
    const taken = async (name: string, spec: object) =>
      plane.apply(objectOf('Service', name, { spec: { ports: [{ port: 80 }], ...spec } }));
    await taken('thief', { clusterIP: former.clusterIP });
    const made = await undoPlanned(writer, before);
    assert.deepEqual(
      [...(await undone(writer, before, made)).outcomes.values()].map(({ result }) => result),
      ['created'],
    );
    const back = (await there(plane, 'Service', 'front')).spec as typeof former;
    assert.notEqual(back.clusterIP, former.clusterIP);
    assert.equal(back.ports[0]?.nodePort, former.ports[0]?.nodePort, 'what is free is kept');
  });

  test('a token Secret works again with its ServiceAccount, and gets a new token with another', async () => {
    const token = async (account: string) => {
      await plane.apply(objectOf('ServiceAccount', account));
      const annotations = { 'kubernetes.io/service-account.name': account };
      await plane.apply(objectOf('Secret', `${account}-key`, { type: 'kubernetes.io/service-account-token' }, { annotations }));
      return filled(account);
    };
    const filled = async (account: string) => {
      await until(`${account} has a token`, async () => (await seen(plane, 'Secret', `${account}-key`))?.data?.token !== undefined);
      return (await there(plane, 'Secret', `${account}-key`)).data?.token;
    };
    const [clerk, robot] = [await token('clerk'), await token('robot')];
    const before = await deleted(plane, writer, [
      ['Secret', 'clerk-key'],
      ['Secret', 'robot-key'],
      ['ServiceAccount', 'robot'],
    ]);
    const made = await undoPlanned(writer, before);
    assert.deepEqual(heldOf(made), []);
    const executed = await undone(writer, before, made);
    assert.deepEqual(resultsOf(made, executed), [
      'ServiceAccount robot: created its tokens are other ones: those of before stay invalid',
      'Secret clerk-key: created',
      'Secret robot-key: created gets a new token: the ServiceAccount robot is another one now',
    ]);
    assert.equal(await filled('clerk'), clerk);
    assert.notEqual(await filled('robot'), robot);
    const text = (value: string | undefined) => Buffer.from(value ?? '', 'base64').toString();
    for (const account of ['clerk', 'robot']) {
      const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: text(await filled(account)) } };
      const { body } = await plane.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', asked);
      assert.equal((body as { status: { authenticated?: boolean } }).status.authenticated, true, account);
    }
  });

  test('a definition comes back first, and its objects with a second undo', async () => {
    await plane.apply(objectOf('Widget', 'wheel', specs.Widget));
    const definitions = {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      resource: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      namespaced: false,
    };
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com';
    const former = (await plane.request('GET', path)).body;
    const before = await carriedOut(plane, writer, [
      actionOn(kinds.Widget, await there(plane, 'Widget', 'wheel')),
      actionOn(definitions, former as Seen),
    ]);
    await until('the definition is gone', async () => (await plane.request('GET', path)).status === 404);
    const made = await undoPlanned(writer, before);
    assert.deepEqual(heldOf(made), ['Widget wheel: its definition widgets.example.com comes back first: undo once more after that']);
    assert.deepEqual(resultsOf(made, await undone(writer, before, made)).slice(0, 1), [
      'CustomResourceDefinition widgets.example.com: created',
    ]);
    assert.deepEqual(differences(former, (await plane.request('GET', path)).body), []);
    await until('it is served', async () => (await plane.request('GET', '/apis/example.com/v1/namespaces/shop/widgets')).status === 200);
    const second = await undoPlanned(writer, before);
    assert.deepEqual(heldOf(second), ['CustomResourceDefinition widgets.example.com: it exists again, with another uid']);
    await undone(writer, before, second);
    assert.deepEqual(differences(manifestIn(before, 'wheel'), await there(plane, 'Widget', 'wheel')), []);
  });

  test('a controller whose pods went with it makes them anew, and what was a pod of its own is not doubled', async () => {
    const spec = {
      replicas: 2,
      selector: { matchLabels: { app: 'pair' } },
      template: { metadata: { labels: { app: 'pair' } }, spec: { containers: [{ name: 'main', image: 'registry.invalid/pair:1' }] } },
    };
    await plane.apply(objectOf('ReplicaSet', 'pair', { spec }));
    const pods = async () =>
      ((await plane.request('GET', '/api/v1/namespaces/shop/pods?labelSelector=app%3Dpair')).body as { items: Seen[] }).items.filter(
        ({ metadata }) => !Object.hasOwn(metadata, 'deletionTimestamp'),
      );
    const hasTwo = () =>
      until(
        'it has its pods',
        async () => (await pods()).length === 2 && (await there(plane, 'ReplicaSet', 'pair')).status?.replicas === 2,
      );
    await hasTwo();
    const [pod] = await pods();
    assert.ok(pod);
    const before = await deleted(plane, writer, [['Pod', pod.metadata.name]]);
    await hasTwo();
    assert.deepEqual(heldOf(await undoPlanned(writer, before)), [`Pod ${pod.metadata.name}: its ReplicaSet pair makes its pods itself`]);
    const whole = await deleted(plane, writer, [['ReplicaSet', 'pair']]);
    await until('its pods went with it', async () => (await pods()).length === 0);
    await undone(writer, whole, await undoPlanned(writer, whole));
    await hasTwo();
  });

  test('what is not gone yet, and what is in a namespace that is going, is not touched', async () => {
    await plane.apply(objectOf('ConfigMap', 'waits', {}, { finalizers: ['example.com/wait'] }));
    const before = await deleted(plane, writer, [['ConfigMap', 'waits']]);
    assert.deepEqual(
      [...before.executed.outcomes.values()].map(({ result }) => result),
      ['pending-finalizers'],
    );
    assert.deepEqual(heldOf(await undoPlanned(writer, before)), ['ConfigMap waits: it is not gone yet: it waits for example.com/wait']);
    await plane.request(
      'PATCH',
      '/api/v1/namespaces/shop/configmaps/waits',
      { metadata: { finalizers: null } },
      'application/merge-patch+json',
    );
    await gone('ConfigMap', 'waits');
    const made = await undoPlanned(writer, before);
    assert.equal(made.actions[0]?.facts?.notes, 'with the finalizer example.com/wait');
    // Something that keeps the namespace from going.
    await plane.apply(objectOf('ConfigMap', 'anchor', {}, { finalizers: ['example.com/wait'] }));
    await plane.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    assert.deepEqual(heldOf(await undoPlanned(writer, before)), ['ConfigMap waits: its namespace shop is being deleted']);
    const executed = await undone(writer, before, made);
    assert.deepEqual(resultsOf(made, executed), ['ConfigMap waits: refused its namespace shop is being deleted']);
    assert.equal(await seen(plane, 'ConfigMap', 'waits'), undefined);
  });
});
