/** Live objects, as a recheck gets them: only what is whole may be concluded from. */
import type { Read, Wire } from '../scan/contracts.ts';
import { soundObjects } from '../scan/sound-objects.ts';
import { isRecord } from '../velero/archive/archived-object.ts';

/** Is it an object of this read, with metadata as Kubernetes types it? What is not is left alone: `unreadable` says so. */
export const isLive = <T>({ kind, group }: Read<T>, object: unknown): object is Wire<T> =>
  isRecord(object) &&
  object.kind === kind &&
  typeof object.apiVersion === 'string' &&
  (object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '') === group &&
  isRecord(object.metadata) &&
  // What had to be mended comes back as another object.
  soundObjects([object])[0] === object;

/** Why an object stays that `isLive` does not know. */
export const unreadable = 'the live object is not as expected';
