/** Names of plans and journals, which tell where they lie: `20261124T173000Z-0123456789abcdef`. */
const form = /^(\d{4})(\d\d)(\d\d)T\d{6}Z-[0-9a-f]{16}$/;

/** @param at ms since 1970 @param runId the run that makes it: a retry of the same run gives the same name */
export const timedId = (at: number, runId: string): string =>
  `${new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${runId}`;

export const isTimedId = (id: string): boolean => form.test(id);

/** `plans/prod/2026/11/24/20261124T173000Z-0123456789abcdef`. Throws TypeError for what is no such name. */
export const folderOf = (top: 'plans' | 'journal', cluster: string, id: string): string => {
  const [, year, month, day] = form.exec(id) ?? [];
  if (day === undefined)
    throw new TypeError(`${JSON.stringify(id)} names no plan or journal: it looks like 20261124T173000Z-0123456789abcdef`);
  return `${top}/${cluster}/${year}/${month}/${day}/${id}`;
};
