import type { ObserverEnd, ScanResult } from './contracts.ts';

/** The result of a run that looked at nothing by its observers; each says how it ended for that. */
export const noScan = (observers: readonly ObserverEnd[]): ScanResult<never> => ({
  out: [],
  links: [],
  ends: [],
  observers,
  memory: {},
  labelled: new Map(),
  annotated: new Map(),
  annotationsUnseen: [],
  objects: 0,
  requests: 0,
  bytes: 0,
});
