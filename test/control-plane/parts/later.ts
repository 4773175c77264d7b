/**
 * A process's clock, some hours on: `node --import .../later.ts` with HOURS_LATER in the environment. What is young to a test is old to the command.
 */
const RealDate = Date;
const shift = Number(process.env.HOURS_LATER) * 3_600_000;
if (!Number.isFinite(shift)) throw new Error('HOURS_LATER is no number');

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, itself) => Reflect.construct(target, given.length === 0 ? [target.now() + shift] : given, itself),
  apply: (target) => new target(target.now() + shift).toString(),
  get: (target, name) => (name === 'now' ? () => target.now() + shift : Reflect.get(target, name)),
});

export {};
