import type { Observer, Read } from './contracts.ts';

/** All reads of an observer with these options, its defaults unless told. Throws ZodError for options that it does not take. */
export const readsOf = <Out>(observer: Pick<Observer<Out>, 'reads' | 'options'>, options: unknown = {}): readonly Read[] =>
  Object.values(typeof observer.reads === 'function' ? observer.reads(observer.options.parse(options)) : observer.reads);
