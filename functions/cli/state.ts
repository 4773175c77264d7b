/** --state: where the command keeps reports in the bucket's layout, and looks the last one up. */
import { stat } from 'node:fs/promises';
import type { OperationName, Report } from '../report/model.ts';
import type { Storage } from '../report/store/storage.ts';
import type { Operation } from '../runtime/operation.ts';
import type { LaidOver } from '../runtime/overrides-in-force.ts';
import type { Underneath } from '../runtime/read-overrides.ts';
import { UsageError } from './arguments.ts';
import { tell } from './tell.ts';

export interface State {
  /** Where operations keep what they cache between runs; undefined where no state is kept. */
  readonly storage?: Storage;
  readonly latest: (cluster: string, operation: OperationName) => Promise<Report | undefined>;
  readonly save: (report: Report) => Promise<void>;
  /** config/overrides.yaml there; undefined where no state is kept. */
  readonly laidOver: (operation: Operation, cluster: string, configuration: Underneath) => Promise<LaidOver | undefined>;
}
const none: State = { latest: async () => undefined, save: async () => undefined, laidOver: async () => undefined };

const storageOf = async (state: string): Promise<Storage> => {
  const s3 = /^s3:\/\/([^/]+)(?:\/(.*?)\/?)?$/.exec(state);
  if (s3) {
    const [, bucket = '', prefix = ''] = s3;
    const { s3Storage } = await import('../report/store/s3.ts');
    const { s3Client } = await import('../runtime/aws/s3.ts');
    return s3Storage(s3Client(), bucket, prefix);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(state))
    throw new UsageError(`--state ${state}: not known; give a folder, s3://bucket/prefix or none.`);
  const existing = await stat(state).catch(() => undefined);
  if (existing && !existing.isDirectory()) throw new UsageError(`--state ${state}: is a file; give a folder, s3://bucket/prefix or none.`);
  const { directoryStorage } = await import('../report/store/directory.ts');
  return directoryStorage(state);
};

/** Opens what --state names; nothing is kept without it. Throws UsageError. */
export const openState = async (state: string | undefined): Promise<State> => {
  if (state === undefined || state === 'none') return none;
  const { reportStore } = await import('../report/store/report-store.ts');
  const { renderHtml } = await import('../report/html/render-html.ts');
  const { overridesInForce } = await import('../runtime/overrides-in-force.ts');
  const storage = await storageOf(state);
  const store = reportStore(storage, tell);
  return {
    storage,
    latest: store.latest,
    laidOver: (operation, cluster, configuration) =>
      overridesInForce({ storage, store, operation, cluster, configuration, now: new Date(), warn: tell }),
    save: async (report) => {
      const saved = await store.save(report, renderHtml(report));
      for (const problem of saved.problems) tell(problem);
      tell(`kept as ${saved.location}/${saved.json}`);
    },
  };
};
