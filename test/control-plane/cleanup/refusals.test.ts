/** What stands between a plan and the cluster, as its user meets it: exit codes, what somebody changed, retries of runs that nobody watches. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import type { Report } from '../../../functions/report/model.ts';
import { expectGood } from '../parts/api-client.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';

const root = join(import.meta.dirname, '../../..');
const finished = '2026-01-01T10:00:00Z';

describe('between a plan and the cluster', { timeout: 300_000 }, () => {
  let plane: ControlPlane;
  let access = '';
  const directory = temporaryDirectory('cleanup-refusals');
  const state = join(directory, 'state');
  before(async () => {
    plane = await startControlPlane({});
    access = await plane.kubeconfig();
    await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'work' } });
  });
  after(async () => {
    await plane?.stop();
    removeTemporaryDirectory(directory);
  });

  const pod = async (name: string): Promise<void> => {
    const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }], tolerations: [{ operator: 'Exists' }] };
    const made = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'work', name },
      spec: { ...spec, automountServiceAccountToken: false },
    };
    await plane.apply(made);
    const terminated = { exitCode: 1, startedAt: finished, finishedAt: finished, containerID: 'c://1' };
    const status = {
      phase: 'Failed',
      containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, state: { terminated } }],
    };
    await plane.applyStatus({ ...made, status });
  };
  const pods = async (): Promise<readonly string[]> => {
    const list = expectGood('pods', await plane.request('GET', '/api/v1/namespaces/work/pods')) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return list.items.map(({ metadata }) => metadata.name).toSorted();
  };
  const configured = async (name: string, cleanup: object = {}, forAll: object = {}): Promise<string> => {
    const file = join(directory, `${name}.yaml`);
    const cluster = { kubeconfig: { file: access }, write: { kubeconfig: { file: access } }, options: { cleanup } };
    const guards = { limits: { percent: 100 } };
    await writeFile(
      file,
      stringify({
        clusters: { prod: cluster },
        options: { cleanup: { checks: { 'terminated-pods': { minimumAgeHours: 0 } }, guards, ...forAll } },
      }),
    );
    return file;
  };
  const nightshift = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), ...args], { env: { ...process.env, NO_COLOR: '1' } });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await closed, out, err };
  };
  const run = async (config: string, ...args: readonly string[]) => {
    const done = await nightshift(...args, '--config', config, '--state', state, '--output', 'json');
    return { ...done, report: done.out.startsWith('{') ? (JSON.parse(done.out) as Report) : undefined };
  };
  const planOf = async (config: string): Promise<string> => {
    const { report, err } = await run(config, 'cleanup', '--cluster', 'prod');
    return report?.plan?.id ?? assert.fail(err);
  };
  const results = (report: Report | undefined) =>
    report?.actions
      .flatMap(({ object, outcome, state: is, heldBy }) => `${object.name} ${outcome?.result ?? heldBy?.guard ?? is}`)
      .toSorted();

  test('nothing narrows what is applied', async () => {
    await pod('one');
    const config = await configured('plain');
    const plan = await planOf(config);
    for (const more of [
      ['--only', 'finished-jobs'],
      ['--off', 'terminated-pods'],
      ['--namespace', 'work'],
    ]) {
      const { code, err } = await run(config, 'cleanup', '--cluster', 'prod', '--apply', plan, ...more);
      assert.equal(code, 2, err);
      assert.match(err, /cannot narrow (--)?apply, which takes a plan whole/);
    }
    assert.deepEqual(await pods(), ['one']);
  });

  test('outside of the window nothing is written, and the exit code says so; the plan can be applied later', async () => {
    const closed = await configured(
      'closed',
      {},
      { guards: { limits: { percent: 100 }, windows: [{ cron: '0 0 1 1 ? 2099', durationMinutes: 1 }] } },
    );
    const { code, report, err } = await run(closed, 'cleanup', '--cluster', 'prod', '--apply', await planOf(closed));
    assert.equal(code, 3, err);
    assert.equal(report?.journal?.ended, 'refused');
    assert.match(report?.findings[0]?.message ?? '', /nothing was written: no maintenance window is open/);
    assert.deepEqual(await pods(), ['one']);
  });

  test('a plan that somebody changed where it is kept is refused', async () => {
    await pod('two');
    const config = await configured('plain');
    const plan = await planOf(config);
    const file = join(state, 'plans/prod', plan.replace(/^(\d{4})(\d\d)(\d\d).*/, '$1/$2/$3'), plan, 'plan.json');
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.replaceAll('"risk":"low"', '"risk":"high"'));
    const changed = await run(config, 'cleanup', '--cluster', 'prod', '--apply', plan);
    assert.equal(changed.code, 2);
    assert.match(changed.err, /is not what was planned as .*: somebody changed it/);
    assert.deepEqual(await pods(), ['one', 'two']);
    await writeFile(file, whole);
    const { code, report } = await run(config, 'cleanup', '--cluster', 'prod', '--apply', plan);
    assert.equal(code, 0);
    assert.deepEqual(results(report), ['one deleted', 'two deleted']);
    assert.deepEqual(await pods(), []);
    const again = await run(config, 'cleanup', '--cluster', 'prod', '--apply', plan);
    assert.match(again.report?.journal?.why ?? '', /carried out before, and nothing was written now/);
  });

  describe('a run that nobody watches', () => {
    let config = '';
    const permitted = async (executionId: string) => {
      const event = join(directory, `${executionId}.json`);
      await writeFile(event, JSON.stringify({ cluster: 'prod', applyPermitted: true, executionId }));
      return run(config, 'cleanup', '--event', event);
    };

    test('applies once its rule was observed; what was seen of one namespace is no observation', async () => {
      config = await configured('permitted', {
        apply: { rules: ['terminated-pods'], observedRuns: 1 },
        // With other options it is another rule, which nobody has observed yet.
        checks: { 'terminated-pods': { enabled: true, minimumAgeHours: 0 } },
      });
      await pod('three');
      await run(config, 'cleanup', '--cluster', 'prod', '--namespace', 'work');
      assert.deepEqual(results((await permitted('first')).report), ['three not-observed']);
      assert.deepEqual(results((await permitted('second')).report), ['three deleted']);
      assert.deepEqual(await pods(), []);
    });

    test('tried again it goes on with its plan, and deletes nothing beyond', async () => {
      await pod('four');
      const { report } = await permitted('second');
      assert.deepEqual(results(report), ['four one-plan', 'three deleted']);
      assert.deepEqual(await pods(), ['four']);
      assert.deepEqual(results((await permitted('third')).report), ['four deleted']);
    });

    test('one that was cut off is told of by the next, with its journal', async () => {
      const files = await readdir(join(state, 'journal'), { recursive: true });
      const [last = ''] = files
        .filter((file) => file.endsWith('end.json'))
        .toSorted()
        .toReversed();
      await rm(join(state, 'journal', last));
      const { report } = await permitted('fourth');
      const told = report?.findings.find(({ subject }) => subject?.startsWith('journal '));
      assert.match(told?.message ?? JSON.stringify(report?.findings), /did not come to the end of the plan/);
      assert.ok(told?.remedy.includes(last.split('/').at(-2) ?? '-'));
    });

    test('a plan that names more than it may is not gone on with', async () => {
      await pod('five');
      const plan = await planOf(config);
      await writeFile(join(state, 'state/prod/cleanup/unattended.json'), JSON.stringify({ runId: await runIdOf('fifth'), plan }));
      const { code, err } = await permitted('fifth');
      assert.equal(code, 2);
      assert.match(err, /is not what this run may apply by itself/);
      assert.deepEqual(await pods(), ['five']);
    });
    const runIdOf = async (executionId: string) =>
      (await import('../../../functions/runtime/run-id.ts')).runIdOf(executionId, 'prod', 'cleanup');
  });
});
