/** Scans a real control plane with the health checks, at its own time or at a later one. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from '../../../functions/cluster/open-cluster.ts';
import { checks } from '../../../functions/health-check/checks/index.ts';
import type { Finding, ScanResult, Source } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import type { ControlPlane } from '../parts/control-plane.ts';

/** The control plane as a source whose clock is `minutesLater` ahead: what happened just now is then that old. */
export const sourceOf = async (plane: ControlPlane, minutesLater = 0, user?: string): Promise<Source> => {
  const kubeconfigFile = await plane.kubeconfig(user === undefined ? undefined : { token: plane.token(user) });
  const source = await openCluster({ kubeconfigFile }, { interactive: true, name: 'test', signal: AbortSignal.timeout(30_000) });
  return { ...source, now: source.now + minutesLater * 60_000 };
};

/** What all health checks say. */
export const scanPlane = async (plane: ControlPlane, minutesLater = 0, user?: string): Promise<ScanResult<Finding>> => {
  const source = await sourceOf(plane, minutesLater, user);
  try {
    return await scan(source, checks, { signal: AbortSignal.timeout(60_000) });
  } finally {
    await source.close();
  }
};

/** What one check said, as `severity Kind namespace/name subject`, sorted; asserts that it ran. */
export const saidBy = (result: ScanResult<Finding>, check: string): readonly string[] => {
  const end = result.observers.find(({ id }) => id === check);
  assert.equal(end?.outcome, 'ran', `${check}: ${end?.reason}`);
  return findingsOf(result, check)
    .map(({ severity, object: { kind, namespace, name }, subject }) =>
      [severity, kind, namespace ? `${namespace}/${name}` : name, ...(subject === undefined ? [] : [subject])].join(' '),
    )
    .toSorted();
};

export const findingsOf = (result: ScanResult<Finding>, check: string): readonly Finding[] =>
  result.out.filter(({ observer }) => observer === check);

/** Asks until the answer is yes; fails after half a minute. */
export const until = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    if (await ask()) return;
    await sleep(100);
  }
  assert.fail(`${what}: not within half a minute`);
};

/** The body of a GET as admin. */
export const read = async (plane: ControlPlane, path: string): Promise<Record<string, unknown>> => {
  const { status, body } = await plane.request('GET', path);
  assert.equal(status, 200, `GET ${path}: ${JSON.stringify(body)}`);
  return body as Record<string, unknown>;
};

/** The names in a list as admin. */
export const namesOf = async (plane: ControlPlane, path: string): Promise<readonly string[]> => {
  const { items } = (await read(plane, path)) as { items?: readonly { metadata: { name: string } }[] };
  return (items ?? []).map(({ metadata }) => metadata.name);
};
