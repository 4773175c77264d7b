import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { Report } from '../report/model.ts';

/** The metrics of a run of full scope. */
export const measured = (metrics: Metrics, { cluster, operation, summary, findings, incomplete, durationMs }: Report): void => {
  // Two dimensions and six names: each combination is paid for.
  metrics.addDimensions({ Cluster: cluster, Operation: operation });
  metrics.addMetric('RunCompleted', 'Count', 1);
  metrics.addMetric('FindingsCritical', 'Count', summary.critical);
  metrics.addMetric('FindingsWarning', 'Count', summary.warning);
  metrics.addMetric('FindingsNew', 'Count', findings.filter(({ change }) => change === 'new').length);
  metrics.addMetric('ChecksIncomplete', 'Count', incomplete.length);
  metrics.addMetric('DurationSeconds', 'Seconds', durationMs / 1000);
};
