/** The cleanup as its user has it: the command, a configuration with two ways to the cluster, the committed roles, real controllers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import type { Report } from '../../../functions/report/model.ts';
import { expectGood } from '../parts/api-client.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import type { KubernetesObject } from '../parts/objects.ts';
import { makeJobs } from './rule-objects.ts';

const root = join(import.meta.dirname, '../../..');

describe('plan, apply, undo', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  const directory = temporaryDirectory('cleanup-story');
  const state = join(directory, 'state');
  const config = join(directory, 'nightshift.yaml');
  before(async () => {
    plane = await startControlPlane({
      controllers: ['job-controller', 'garbage-collector-controller', 'namespace-controller'],
      users: { night: ['nightshift:readers'], shift: ['nightshift:writers'] },
    });
    await applyFile('infra/in-cluster/base/rbac.yaml');
    await applyFile('infra/in-cluster/write/base.yaml');
    await makeJobs(plane);
    await writeFile(config, await configuration());
  });
  after(async () => {
    await plane?.stop();
    removeTemporaryDirectory(directory);
  });

  const applyFile = async (path: string): Promise<void> => {
    for (const document of parseAllDocuments(await readFile(join(root, path), 'utf8')))
      await plane.apply(document.toJS() as KubernetesObject);
  };

  const configuration = async (more: object = {}): Promise<string> => {
    const [reader, writer] = await Promise.all(['night', 'shift'].map((user) => plane.kubeconfig({ token: plane.token(user) })));
    return stringify({
      clusters: { prod: { kubeconfig: { file: reader }, write: { kubeconfig: { file: writer } } } },
      options: {
        cleanup: {
          checks: { 'finished-jobs': { minimumAgeHours: 0 }, 'terminated-pods': { minimumAgeHours: 1 } },
          guards: { limits: { percent: 50 } },
          ...more,
        },
      },
    });
  };

  const nightshift = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), ...args], { env: { ...process.env, NO_COLOR: '1' } });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await closed, out, err };
  };
  const here = ['--cluster', 'prod', '--config', config, '--state', state, '--fail-on', 'never'];
  const reportOf = async (...args: readonly string[]): Promise<Report> => {
    const { out, err } = await nightshift(...args, ...here, '--output', 'json');
    assert(out.startsWith('{'), err);
    return JSON.parse(out) as Report;
  };
  const jobs = async (): Promise<readonly string[]> => {
    const list = expectGood('jobs', await plane.request('GET', '/apis/batch/v1/namespaces/work/jobs')) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return list.items.map(({ metadata }) => metadata.name).toSorted();
  };
  const planned = ({ actions }: Report) => actions.filter((action) => action.state === 'planned').map(({ object }) => object.name);
  const results = ({ actions }: Report) => actions.flatMap(({ object, outcome }) => (outcome ? [`${object.name} ${outcome.result}`] : []));

  let plan = '';
  let journal = '';

  test('a plan is made with the rights to read alone, and changes nothing', async () => {
    const before = await jobs();
    const report = await reportOf('cleanup');
    assert.deepEqual(planned(report), ['done', 'done-5'], JSON.stringify(report.actions, null, 1));
    assert.match(report.summary.text, /^2 to delete, /);
    plan = report.plan?.id ?? '';
    assert.match(plan, /^\d{8}T\d{6}Z-[0-9a-f]{16}$/);
    assert.deepEqual(await jobs(), before);
    assert.equal(report.complete, true, JSON.stringify(report.incomplete, null, 1));
  });

  test('its text says what goes and why, and the commands that apply it', async () => {
    const { out } = await nightshift('cleanup', ...here);
    assert.match(out, /Planned: 2/);
    assert.match(out, /done: finished/);
    assert.match(out, /npx nightshift cleanup --cluster prod --apply \d{8}T\d{6}Z-[0-9a-f]{16}/);
  });

  test('without the rights to write nothing is applied, and the report says what is lacking', async () => {
    const before = await jobs();
    const report = await reportOf('cleanup', '--apply', plan);
    assert.equal(report.actions.filter(({ outcome }) => outcome?.result === 'deleted').length, 0);
    assert.match(JSON.stringify(report.findings), /infra\/in-cluster\/write\/finished-jobs.yaml|forbidden/);
    assert.deepEqual(await jobs(), before);
  });

  test('the plan is applied: exactly what was planned goes, the rest stays, and the Jobs’ pods go with them', async () => {
    await applyFile('infra/in-cluster/write/finished-jobs.yaml');
    const before = await jobs();
    const fresh = await reportOf('cleanup');
    const report = await reportOf('cleanup', '--apply', fresh.plan?.id ?? '');
    assert.deepEqual(results(report), ['done deleted', 'done-5 deleted']);
    assert.equal(report.journal?.ended, 'complete', JSON.stringify(report.journal));
    assert.deepEqual(
      await jobs(),
      before.filter((name) => name !== 'done' && name !== 'done-5'),
    );
    plan = fresh.plan?.id ?? '';
    journal = report.journal?.id ?? '';
    assert.match(report.summary.text, /^2 deleted/);
  });

  test('a plan is applied once: again it only tells what came of it', async () => {
    const before = await jobs();
    const report = await reportOf('cleanup', '--apply', plan);
    assert.deepEqual(results(report), ['done deleted', 'done-5 deleted']);
    assert.equal(report.journal?.id, journal);
    assert.deepEqual(await jobs(), before);
  });

  test('undo is planned, and applied as any plan: Jobs come back only on request, and suspended', async () => {
    await applyFile('infra/in-cluster/write/undo.yaml');
    const nothing = await reportOf('undo', journal);
    assert.deepEqual(planned(nothing), []);
    assert.equal(nothing.actions.length, 2);
    const before = await jobs();
    const undo = await reportOf('undo', journal, '--restore-jobs');
    assert.deepEqual(planned(undo), ['done', 'done-5']);
    assert.deepEqual(await jobs(), before);
    const report = await reportOf('cleanup', '--apply', undo.plan?.id ?? '');
    assert.deepEqual(results(report), ['done created', 'done-5 created']);
    const job = expectGood('job', await plane.request('GET', '/apis/batch/v1/namespaces/work/jobs/done')) as {
      readonly spec: { readonly suspend?: boolean };
    };
    assert.equal(job.spec.suspend, true);
    const again = await reportOf('undo', journal, '--restore-jobs');
    assert.deepEqual(planned(again), [], 'what is there again is not given back twice');
  });

  test('a changed configuration refuses the plan, with exit code 2 and what to do', async () => {
    await plane.request('DELETE', '/apis/batch/v1/namespaces/work/jobs/with-ttl');
    const fresh = await reportOf('cleanup', '--plan');
    const other = join(directory, 'other.yaml');
    await writeFile(other, await configuration({ guards: { limits: { percent: 49 } } }));
    const id = fresh.plan?.id ?? plan;
    const { code, err } = await nightshift('cleanup', '--apply', id, '--cluster', 'prod', '--config', other, '--state', state);
    assert.equal(code, 2, err);
    assert.match(err, /made under other options|taken by the run/);
  });

  test('exceeding a limit plans nothing, and shows all', async () => {
    const strict = join(directory, 'strict.yaml');
    await writeFile(strict, await configuration({ guards: { limits: { number: 1 } } }));
    await makeJobs(plane).catch(() => undefined);
    const { out } = await nightshift(
      'cleanup',
      '--cluster',
      'prod',
      '--config',
      strict,
      '--state',
      'none',
      '--output',
      'json',
      '--fail-on',
      'never',
    );
    const report = JSON.parse(out) as Report;
    const held = report.actions.filter(({ heldBy }) => heldBy?.guard === 'limits');
    if (held.length > 0) assert(report.findings.some(({ message }) => /nothing is planned/.test(message)));
    assert.deepEqual(planned(report).length <= 1, true);
  });

  test('no token and nothing of a Secret lies in the state', async () => {
    const files = (await readdir(state, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    assert(files.length > 5);
    for (const file of files) {
      const content = await readFile(join(file.parentPath, file.name), 'utf8');
      for (const user of ['night', 'shift', 'admin']) assert(!content.includes(plane.token(user)), file.name);
    }
  });
});
