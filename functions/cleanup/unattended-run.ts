/**
 * Which plan the last run that nobody watched took to be applied. A retry or a duplicate of that run goes on with it instead of planning, and
 * applying, another on top; and the next run tells of one that was cut off, whose journal nobody else would hear of.
 */
import * as z from 'zod';
import { folderOf } from '../actions/ids.ts';
import { consumptionOf } from '../actions/plan-store.ts';
import { parseJson } from '../report/store/state.ts';
import type { Storage } from '../report/store/storage.ts';
import { clusterRef, type Finding } from '../scan/contracts.ts';

const noteSchema = z.object({ runId: z.string(), plan: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/) });
type Note = z.infer<typeof noteSchema>;

const keyOf = (cluster: string): string => `state/${cluster}/cleanup/unattended.json`;

/** To be written before the plan is taken. Throws what the storage throws. */
export const noteTaken = async (storage: Storage, cluster: string, { runId, plan }: Note): Promise<void> => {
  await storage.write(keyOf(cluster), `${JSON.stringify({ runId, plan })}\n`, 'application/json');
};

/** Undefined: there was none, or it is not understood. */
export const lastTaken = async (storage: Storage, cluster: string): Promise<Note | undefined> =>
  noteSchema.safeParse(parseJson((await storage.read(keyOf(cluster)))?.text ?? '')).data;

/** What is to be told of the run before, where its journal was begun and has no end. */
export const cutOff = async (
  storage: Storage,
  cluster: string,
  { plan }: Note,
  observer: string,
): Promise<readonly (Finding & { readonly observer: string })[]> => {
  const taken = await consumptionOf(storage, { cluster, id: plan });
  if (!taken) return [];
  const folder = folderOf('journal', cluster, taken.journal);
  const [begun, ended] = await Promise.all(['journal.json', 'end.json'].map((part) => storage.read(`${folder}/${part}`)));
  if (!begun || ended) return [];
  return [
    {
      observer,
      object: clusterRef(cluster),
      subject: `journal ${taken.journal}`,
      severity: 'warning',
      message: `the run ${taken.runId} of ${taken.at} did not come to the end of the plan ${plan}: its journal ${taken.journal} tells what was done`,
      remedy: `npx nightshift undo ${taken.journal} --cluster ${cluster} gives back what went; within a day npx nightshift cleanup --cluster ${cluster} --apply ${plan} goes on`,
    },
  ];
};
