/** Names of plans and journals, which tell where they lie: `20261124T173000Z-0123456789abcdef`. */
import { configurationHash } from './configuration-hash.ts';

const form = /^(\d{4})(\d\d)(\d\d)T\d{6}Z-[0-9a-f]{16}$/;

/** @param at ms since 1970 @param runId the run that makes it: a retry of the same run gives the same name */
export const timedId = (at: number, runId: string): string =>
  `${new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${runId}`;

/**
 * A plan is named by what it says: whoever asks for the plan of this name gets what was shown to them, or nothing, whatever became of the text
 * where it is kept.
 */
export const planIdOf = (saying: { readonly createdAt: string }): string =>
  timedId(Date.parse(saying.createdAt), configurationHash({ ...saying }).slice(0, 16));

export const isTimedId = (id: string): boolean => form.test(id);

/** `plans/prod/2026/11/24/20261124T173000Z-0123456789abcdef`. Throws TypeError for what is no such name. */
export const folderOf = (top: 'plans' | 'journal', cluster: string, id: string): string => {
  const [, year, month, day] = form.exec(id) ?? [];
  if (day === undefined)
    throw new TypeError(`${JSON.stringify(id)} names no plan or journal: it looks like 20261124T173000Z-0123456789abcdef`);
  return `${top}/${cluster}/${year}/${month}/${day}/${id}`;
};
