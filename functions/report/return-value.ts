import { nextSteps } from './actions.ts';
import { excerpt, type LeftOut } from './excerpt.ts';
import type { Report } from './model.ts';
import type { Published, PublishOutcome } from './publish.ts';

/** A synchronous answer of Lambda ends at 6 MB and an asynchronous one’s destination at 256 KB: the answer stays below both. */
const budget = 200_000;

export interface ReturnValue {
  readonly runId: string;
  readonly cluster: string;
  readonly operation: string;
  readonly status: Report['status'];
  readonly complete: boolean;
  readonly summary: Report['summary'];
  /** Where the whole report lies. */
  readonly report: { readonly location: string; readonly json: string; readonly html: string; readonly latest: boolean };
  readonly publishers: readonly PublishOutcome[];
  /** The gravest, as many as there is room for. */
  readonly findings: Report['findings'];
  readonly resolved: Report['resolved'];
  readonly incomplete: Report['incomplete'];
  /** What is planned or was done, held and reported, as many as there is room for; absent where nothing is. */
  readonly actions?: Report['actions'];
  readonly plan?: Report['plan'];
  readonly journal?: Report['journal'];
  /** To apply, to go on, to undo: the events that do it. */
  readonly next?: readonly { readonly what: string; readonly event: string }[];
  readonly leftOut: LeftOut;
}

/** What the function answers: enough to act on in the console, in at most 200 KB. */
export function returnValue(report: Report, { stored, outcomes }: Published): ReturnValue {
  const { runId, cluster, operation, status, complete, summary } = report;
  const { location, json, html, latest } = stored;
  const { plan, journal } = report;
  const next = nextSteps(report).map(({ what, event }) => ({ what, event }));
  const own = {
    ...{ runId, cluster, operation, status, complete, summary, report: { location, json, html, latest }, publishers: outcomes },
    ...(plan && { plan }),
    ...(journal && { journal }),
    ...(next.length > 0 && { next }),
  };
  const { findings, resolved, incomplete, actions, leftOut } = excerpt(
    { ...report, checks: [], ignored: [], settling: undefined },
    { findings: Number.POSITIVE_INFINITY, bytes: budget - Buffer.byteLength(JSON.stringify(own)) },
  );
  return { ...own, findings, resolved, incomplete, ...(report.actions.length > 0 && { actions }), leftOut };
}
