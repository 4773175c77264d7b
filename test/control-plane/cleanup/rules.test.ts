/** What rules propose of objects as a real API server and real controllers make them, and what looks like them and stays. Nothing is carried out. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { absent, type Proposal, type Recheck } from '../../../functions/actions/contracts.ts';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import finishedJobs from '../../../functions/cleanup/rules/finished-jobs.ts';
import oldEvents from '../../../functions/cleanup/rules/old-events.ts';
import podsOfMissingNodes from '../../../functions/cleanup/rules/pods-of-missing-nodes.ts';
import reclaimReleasedVolumes from '../../../functions/cleanup/rules/reclaim-released-volumes.ts';
import releasedPersistentVolumes from '../../../functions/cleanup/rules/released-persistent-volumes.ts';
import terminatedPods from '../../../functions/cleanup/rules/terminated-pods.ts';
import type { ScanResult } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { memorySource } from '../../scan/memory-source.ts';
import { node } from '../checks/live-objects.ts';
import { namesOf, read, sourceOf, until } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { makeCronJob, makeEvents, makeJobs, makePods, makeVolumes, podsOf } from './rule-objects.ts';

type Fields = Readonly<Record<string, unknown>>;
type Scanned = ScanResult<Proposal>;

const rules: readonly Rule[] = [
  finishedJobs,
  terminatedPods,
  podsOfMissingNodes,
  oldEvents,
  releasedPersistentVolumes,
  reclaimReleasedVolumes,
];
const options = { [reclaimReleasedVolumes.id]: { enabled: true, volumes: ['named', 'wanted-again', 'by-hand'] } };

const scanRules = async (plane: ControlPlane, minutesLater: number): Promise<Scanned> => {
  const source = await sourceOf(plane, minutesLater);
  try {
    return await scan<Proposal>(source, rules, { options, signal: AbortSignal.timeout(60_000) });
  } finally {
    await source.close();
  }
};

/** What a rule proposed, as `namespace/name` and what holds it back; asserts that it ran. */
const proposedBy = (result: Scanned, { id }: Rule): readonly string[] => {
  const end = result.observers.find((each) => each.id === id);
  assert.equal(end?.outcome, 'ran', `${id}: ${end?.reason}`);
  return result.out
    .filter(({ observer }) => observer === id)
    .map(({ object, reportOnly }) => `${object.namespace ? `${object.namespace}/` : ''}${object.name}${reportOnly ? ' (only shown)' : ''}`)
    .toSorted();
};

const plurals: Readonly<Record<string, string>> = { '': '/api/v1', batch: '/apis/batch/v1' };

/** The rule asked again, of the live object and with live GETs. */
const askAgain = async (plane: ControlPlane, rule: Rule, path: string, minutesLater: number): Promise<string | undefined> => {
  const get: Recheck['get'] = async ({ group, resource }, name, inNamespace) => {
    const asked = `${plurals[group]}${inNamespace ? `/namespaces/${inNamespace}` : ''}/${resource}/${name}`;
    const { status, body } = await plane.request('GET', asked);
    if (status === 404) return absent;
    assert.equal(status, 200);
    return body;
  };
  const now = Date.now() + minutesLater * 60_000;
  return rule.recheck?.(await read(plane, path), { now, options: rule.options.parse(options[rule.id] ?? {}), get });
};

const eightDays = 8 * 1440;

describe('rules on what a real server and its controllers make', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let today: Scanned;
  let later: Scanned;
  let failedOfReplicaSet = '';
  before(async () => {
    plane = await startControlPlane({
      controllers: [
        'job-controller',
        'cronjob-controller',
        'replicaset-controller',
        'garbage-collector-controller',
        'persistentvolume-binder-controller',
      ],
    });
    await makeJobs(plane);
    await makeCronJob(plane, { successfulJobsHistoryLimit: 9, failedJobsHistoryLimit: 9 });
    failedOfReplicaSet = await makePods(plane);
    await makeVolumes(plane);
    await makeEvents(plane);
    today = await scanRules(plane, 0);
    later = await scanRules(plane, eightDays);
  });
  after(() => plane?.stop());

  test('finished-jobs: what completed, and what failed a week ago; nothing within a CronJob’s limits', () => {
    assert.deepEqual(proposedBy(today, finishedJobs), ['work/done', 'work/done-5']);
    assert.deepEqual(proposedBy(later, finishedJobs), ['work/done', 'work/done-5', 'work/gave-up']);
  });

  test('finished-jobs, asked again of the live Jobs', async () => {
    const ask = (name: string) => askAgain(plane, finishedJobs, `/apis/batch/v1/namespaces/${name}`, eightDays);
    for (const name of ['done', 'done-5', 'gave-up']) assert.equal(await ask(`work/jobs/${name}`), undefined, name);
    for (const [name, because] of [
      ['one-of-three', /not finished/],
      ['tries-again', /not finished/],
      ['suspended', /not finished/],
      ['with-ttl', /ttlSecondsAfterFinished/],
      ['held', /finalizer/],
      ['elsewhere', /managed by example.com/],
      ['of-an-engine', /ConfigMap engine/],
    ] as const)
      assert.match((await ask(`work/jobs/${name}`)) ?? 'still holds', because, name);
    assert.equal(await ask('nightly/jobs/good-z'), undefined);
  });

  test('finished-jobs proposes of a CronJob what its own controller deletes', async () => {
    const list = '/apis/batch/v1/namespaces/nightly/jobs';
    const { items } = (await read(plane, list)) as { items: readonly Fields[] };
    const cronJob = (await read(plane, '/apis/batch/v1/namespaces/nightly/cronjobs/backup')) as { spec: Fields };
    const limits = { successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 3 };
    const objects = [
      ...items.map((item) => ({ ...item, apiVersion: 'batch/v1', kind: 'Job' })),
      { ...cronJob, spec: { ...cronJob.spec, ...limits } },
    ];
    const source = memorySource({ objects, now: Date.now() + eightDays * 60_000 });
    const result = await scan<Proposal>(source, [finishedJobs], { signal: AbortSignal.timeout(10_000) });
    const gone = new Set(result.out.map(({ object }) => object.name));
    assert.deepEqual([items.length, gone.size], [10, 5]);
    const { status } = await plane.request(
      'PATCH',
      '/apis/batch/v1/namespaces/nightly/cronjobs/backup',
      { spec: limits },
      'application/merge-patch+json',
    );
    assert.equal(status, 200);
    await until('the controller deletes the oldest', async () => (await namesOf(plane, list)).length === 5);
    const left = await namesOf(plane, list);
    assert.deepEqual(
      left.filter((name) => gone.has(name)),
      [],
    );
  });

  test('terminated-pods and pods-of-missing-nodes share what ended between them', () => {
    assert.deepEqual(
      proposedBy(later, terminatedPods),
      ['pods/evicted', 'pods/failed', 'pods/never-placed', 'pods/once', `pods/${failedOfReplicaSet}`].toSorted(),
    );
    assert.deepEqual(proposedBy(later, podsOfMissingNodes), ['pods/orphan']);
  });

  test('both, asked again of the live pods', async () => {
    const ask = (rule: Rule, name: string) => askAgain(plane, rule, `/api/v1/namespaces/pods/pods/${name}`, eightDays);
    for (const name of ['evicted', 'failed', 'once', failedOfReplicaSet]) assert.equal(await ask(terminatedPods, name), undefined, name);
    for (const name of ['runs', 'pending', 'mirrored', 'driver', 'held', 'orphan-runs'])
      for (const rule of [terminatedPods, podsOfMissingNodes]) assert.notEqual(await ask(rule, name), undefined, name);
    const tries = await podsOf(plane, 'work', 'tries-again');
    const said = await Promise.all(tries.map((name) => askAgain(plane, terminatedPods, `/api/v1/namespaces/work/pods/${name}`, 0)));
    // One try failed, and the next may wait by now: both are the Job's.
    assert(said.includes('it belongs to Job tries-again') && !said.includes(undefined), said.join());
    assert.equal(await ask(podsOfMissingNodes, 'orphan'), undefined);
    assert.equal(await ask(podsOfMissingNodes, 'failed'), 'its node node-ok exists');
    await plane.apply(node('node-gone'));
    assert.equal(await ask(podsOfMissingNodes, 'orphan'), 'its node node-gone exists');
  });

  test('volumes as the volume controller leaves them: shown, and only what is named is to be removed', async () => {
    assert.deepEqual(proposedBy(later, releasedPersistentVolumes), ['broken', 'by-hand', 'goes', 'named', 'unnamed', 'wanted-again']);
    // The provisioner of what has policy Delete may still be at work.
    assert.deepEqual(proposedBy(today, releasedPersistentVolumes), ['broken', 'by-hand', 'named', 'unnamed', 'wanted-again']);
    assert.deepEqual(proposedBy(later, reclaimReleasedVolumes), [
      'by-hand (only shown)',
      'named',
      'unnamed (only shown)',
      'wanted-again (only shown)',
    ]);
    const named = later.out.find(({ observer, object }) => observer === reclaimReleasedVolumes.id && object.name === 'named');
    assert(named?.since !== undefined, 'the server says since when');
    // Neither Velero nor snapshots are installed here.
    assert.equal(named.facts.backup, 'not known');
    const ask = (name: string) => askAgain(plane, reclaimReleasedVolumes, `/api/v1/persistentvolumes/${name}`, eightDays);
    assert.equal(await ask('named'), undefined);
    for (const [name, because] of [
      ['unnamed', /not named/],
      ['wanted-again', /claim disks\/again refers/],
      ['by-hand', /no provisioner/],
    ] as const)
      assert.match((await ask(name)) ?? 'still holds', because, name);
  });

  test('old-events: by when they were last seen, in the old style and the new', async () => {
    assert.deepEqual(proposedBy(today, oldEvents), ['talk/new-style-old', 'talk/old', 'talk/old-warning']);
    const ask = (name: string) => askAgain(plane, oldEvents, `/api/v1/namespaces/talk/events/${name}`, 0);
    for (const name of ['old', 'old-warning', 'new-style-old']) assert.equal(await ask(name), undefined, name);
    for (const name of ['seen-again', 'warning', 'untimed', 'new-style']) assert.equal(await ask(name), 'it was seen again', name);
  });
});
