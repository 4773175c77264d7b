/** The committed table of API versions' lives against what it is made from (Kubernetes' Go modules), and against a real API server. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { apiLives, apiVersionOf, kubernetesMinor, servedBy } from '../../functions/cluster/api-lifecycle.ts';
import { apiLifecycle } from '../../infra/generate/api-lifecycle/generate.ts';
import { expectGood } from './parts/api-client.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';

const groupsShape = z.object({ groups: z.array(z.object({ versions: z.array(z.object({ groupVersion: z.string() })) })) });
const resourcesShape = z.object({ resources: z.array(z.object({ name: z.string(), kind: z.string() })) });
const versionShape = z.object({ gitVersion: z.string() });

/** Every kind that has a resource of its own: "apps/v1 Deployment deployments". */
async function kindsServed(plane: ControlPlane): Promise<ReadonlySet<string>> {
  const { groups } = groupsShape.parse(expectGood('/apis', await plane.request('GET', '/apis')));
  const versions = ['v1', ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion))];
  const kinds = new Set<string>();
  for (const version of versions) {
    const path = version === 'v1' ? '/api/v1' : `/apis/${version}`;
    for (const { name, kind } of resourcesShape.parse(expectGood(path, await plane.request('GET', path))).resources) {
      if (!name.includes('/')) kinds.add(`${version} ${kind} ${name}`);
    }
  }
  return kinds;
}

async function minorOf(plane: ControlPlane): Promise<number> {
  const { gitVersion } = versionShape.parse(expectGood('/version', await plane.request('GET', '/version')));
  const minor = kubernetesMinor(gitVersion);
  assert.ok(minor !== undefined, gitVersion);
  return minor;
}

test('the committed table is what the Go modules say', { timeout: 600_000 }, async () => {
  const committed = readFileSync(join(import.meta.dirname, '../../functions/cluster/api-lifecycle.json'), 'utf8');
  assert.equal(await apiLifecycle(), committed, 'npm run generate:api-lifecycle was not run');
});

describe('a real API server', { timeout: 600_000 }, () => {
  let asReleased: ControlPlane;
  let allTurnedOn: ControlPlane;
  before(async () => {
    [asReleased, allTurnedOn] = await Promise.all([
      startControlPlane(),
      startControlPlane({ apiServerFlags: ['--runtime-config=api/all=true'] }),
    ]);
  });
  after(async () => {
    await asReleased?.stop();
    await allTurnedOn?.stop();
  });

  test('serves by default what the table says, with these plurals, and nothing else', async () => {
    const minor = await minorOf(asReleased);
    const told = apiLives.lives
      .filter(({ resource }) => resource !== undefined && !resource.includes('/'))
      .filter((life) => {
        const { state, offByDefault } = servedBy(apiVersionOf(life), life.kind, minor);
        return (state === 'served' || state === 'deprecated') && !offByDefault;
      })
      .map((life) => `${apiVersionOf(life)} ${life.kind} ${life.resource}`);
    assert.deepEqual(told.toSorted(), [...(await kindsServed(asReleased))].toSorted());
    assert.ok(told.length > 50);
  });

  test('serves nothing that the table calls removed, not there yet or unknown, with every version turned on', async () => {
    const minor = await minorOf(allTurnedOn);
    const kinds = [...(await kindsServed(allTurnedOn))];
    const denied = kinds.filter((name) => {
      const [apiVersion = '', kind = ''] = name.split(' ');
      const { state } = servedBy(apiVersion, kind, minor);
      return state !== 'served' && state !== 'deprecated';
    });
    assert.deepEqual(denied, []);
    assert.ok(
      kinds.some((name) => name.startsWith('resource.k8s.io/v1beta1 ')),
      'the alphas and betas are on',
    );
  });
});
