/** An executor that is killed in the middle, again and again, and goes on. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal } from '../../../functions/actions/journal.ts';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { journalId, resources } from '../../actions/plan-of.ts';
import { startChild, temporaryDirectory } from '../parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { type Asked, type ClusterProxy, startClusterProxy } from '../parts/faulty-proxy.ts';
import { configMaps, names, planFor } from './scene.ts';

const { configMap } = resources;
const isReal = ({ method, body }: Asked) => method === 'DELETE' && !body.includes('"dryRun"');

describe('kill -9 in the middle of 500 deletions', () => {
  let plane: ControlPlane;
  let proxy: ClusterProxy;
  before(async () => {
    plane = await startControlPlane();
    proxy = await startClusterProxy(plane);
  });
  after(async () => {
    proxy.stop();
    await plane.stop();
  });

  test('run again, until it is through: the end is the same, the journal whole, nothing twice', async () => {
    const directory = temporaryDirectory('killed');
    const actions = await configMaps(plane, configMap, 'many', 505);
    const stay = actions.slice(500).map(({ object }) => object.name);
    const plan = await planFor(plane, actions.slice(0, 500));
    const planFile = join(directory, 'plan.json');
    writeFileSync(planFile, JSON.stringify(plan));
    const log = join(directory, 'log');
    const start = () =>
      startChild('executor', process.execPath, [join(import.meta.dirname, 'execute-process.ts'), proxy.kubeconfig, planFile, directory], {
        log,
      });
    const answered = new Map<string, number[]>();
    proxy.plant({ when: isReal }, async ({ asked, response, ask }) => {
      const { status, body, headers } = await ask();
      const { uid } = JSON.parse(asked.body).preconditions;
      answered.set(uid, [...(answered.get(uid) ?? []), status]);
      response
        .writeHead(status, { 'content-type': headers['content-type'] ?? '', 'content-encoding': headers['content-encoding'] ?? 'identity' })
        .end(body);
    });
    // The third is killed before its first write has an answer.
    for (const count of [13, 137, 138, 333]) {
      const child = start();
      while (child.running() && proxy.requests.filter(isReal).length < count) await sleep(2);
      assert.ok(child.running(), child.lastLines());
      await child.stop();
    }
    const deletedBefore = [...answered.values()].flat().filter((status) => status === 200).length;
    assert.ok(deletedBefore > 300 && deletedBefore < 500, String(deletedBefore));
    // Somebody makes one of them anew meanwhile: it is another object.
    const gone = plan.actions.find(({ object }) => answered.get(object.uid)?.includes(200))?.object.name ?? '';
    await plane.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'many', name: gone } });
    const last = start();
    assert.equal(await last.ended, 0, last.lastLines());
    assert.deepEqual(await names(plane, configMap, 'many'), [gone, ...stay].toSorted());
    const journal = await readJournal(directoryStorage(directory), 'test', journalId);
    assert.equal(journal?.ended?.ended, 'complete');
    assert.deepEqual(
      journal?.items.map(({ action: { id }, outcome }) => `${id} ${outcome?.result}`),
      plan.actions.map(({ id }) => `${id} deleted`),
    );
    assert.equal(journal?.items.filter(({ manifest }) => manifest).length, 500);
    assert.equal(answered.size, 500);
    for (const statuses of answered.values()) assert.equal(statuses.filter((status) => status === 200).length, 1);
    const tried = proxy.requests.filter(({ body }) => body.includes('"dryRun"') && body.includes('"preconditions"')).length;
    assert.equal(tried, 500, 'tried once, by the first');
    const again = start();
    assert.equal(await again.ended, 0, 'a plan that is through does nothing more');
    assert.equal(proxy.requests.filter(isReal).length, [...answered.values()].flat().length);
  });
});
