/** A whole health check of a cluster, as the function and the command run it, and what the tests of faults ask of its report. */
import assert from 'node:assert/strict';
import { openCluster } from '../../../functions/cluster/open-cluster.ts';
import { checks } from '../../../functions/health-check/checks/index.ts';
import { healthCheck } from '../../../functions/health-check/operation.ts';
import { renderHtml } from '../../../functions/report/html/render-html.ts';
import { type Report, reportSchema } from '../../../functions/report/model.ts';
import { runOnCluster } from '../../../functions/runtime/run-on-cluster.ts';
import { timeBudget } from '../../../functions/runtime/time-budget.ts';
import type { Source } from '../../../functions/scan/contracts.ts';
import type { Asked } from '../parts/faulty-proxy.ts';

export interface Run {
  readonly previous?: Report;
  /** Another way to the cluster than the usual. */
  readonly open?: (signal: AbortSignal) => Promise<Source>;
  /** What the function has left at its start; its budget is made of it. */
  readonly remainingMs?: number;
}

let runs = 0;

/** Runs every check over the kubeconfig's cluster; the report follows its schema and renders. */
export const runHealthCheck = async (kubeconfigFile: string, { previous, remainingMs = 120_000, open }: Run = {}): Promise<Report> => {
  runs += 1;
  const budget = timeBudget(remainingMs);
  try {
    const report = await runOnCluster({
      operation: healthCheck,
      cluster: 'prod',
      options: {},
      own: {},
      runId: `run-${runs}`,
      eventTime: new Date().toISOString(),
      open: open ?? ((signal) => openCluster({ kubeconfigFile }, { interactive: false, signal, name: 'prod' })),
      previous,
      signal: budget.signal,
    });
    assert.ok(renderHtml(report).length > 0);
    return reportSchema.parse(report);
  } finally {
    budget.clear();
  }
};

/** Of the same cluster every run says this. Not what events say: the API server itself adds some while it runs. */
export const sameOf = ({ findings, checks: all, complete, incomplete, status }: Report) => ({
  status,
  complete,
  incomplete,
  checks: all.map(({ check, ran, objects }) => ({ check, ran, ...(check !== 'warning-events' && { objects }) })),
  findings: findings
    .filter(({ check }) => check !== 'warning-events')
    .map(({ fingerprint, severity, members, consequences = [] }) => ({
      fingerprint,
      severity,
      members,
      consequences: consequences.filter(({ check }) => check !== 'warning-events').map((each) => each.fingerprint),
    })),
});

/** The checks that read a resource (`pods`, `deployments.apps`) and cannot do without it. */
export const readersOf = (...resources: readonly string[]): readonly string[] =>
  checks
    .filter(({ reads, options }) =>
      Object.values(typeof reads === 'function' ? reads(options.parse({})) : reads).some(
        ({ group, resource, optional }) => !optional && resources.includes(group === '' ? resource : `${resource}.${group}`),
      ),
    )
    .map(({ id }) => id)
    .toSorted();

export const incompleteOf = ({ incomplete }: Report): readonly string[] => incomplete.map(({ check }) => check).toSorted();

/** Asserts that exactly these checks could not run, that each says why and what to do, and that none of them counts as run. */
export const assertIncomplete = (report: Report, expected: readonly string[], reason: RegExp): void => {
  assert.deepEqual(incompleteOf(report), expected);
  assert.equal(report.complete, expected.length === 0);
  for (const { check, reason: said, remedy } of report.incomplete) {
    assert.match(said, reason, check);
    assert.ok(remedy.length > 10, `${check} says what to do`);
    assert.equal(report.checks.find((each) => each.check === check)?.ran, false, check);
  }
};

/** The lists of a resource at the scope of the cluster. */
export const listOf =
  (...paths: readonly string[]) =>
  ({ method, path, query }: Asked): boolean =>
    method === 'GET' && query.has('limit') && paths.includes(path);

/** Every list. */
export const anyList = ({ method, query }: Asked): boolean => method === 'GET' && query.has('limit');
