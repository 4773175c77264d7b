/**
 * The CEL conditions of rules in nightshift.yaml: parsed and type-checked when they are read, bounded when they are asked, and an object of
 * which they cannot be told is kept. https://github.com/google/cel-spec/blob/master/doc/langdef.md
 */
import { createContext, Script } from 'node:vm';
import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { oneLine } from '../../health-check/wire.ts';
import { expressionFacts } from './expression.ts';
import { type CelValue, celValueOf } from './values.ts';

/** A condition that cannot be used; the message says why, for whoever wrote it. */
export class ConditionMistake extends Error {
  override readonly name = 'ConditionMistake';
}

/** It cannot be told of this object, which is therefore kept. The message is one line. `tooSlow`: it took longer than it may. */
export class NotTold extends Error {
  override readonly name = 'NotTold';
  readonly tooSlow: boolean;
  constructor(message: string, tooSlow = false) {
    super(message);
    this.tooSlow = tooSlow;
  }
}

/** What a condition is asked of. */
export interface Subject {
  /** As it came over the wire, with apiVersion and kind. */
  readonly object: Readonly<Record<string, unknown>>;
  /** The server's clock in ms. */
  readonly now: number;
  /** Since its creation, in ms; undefined where that is not known, and then `age` cannot be told. */
  readonly age: number | undefined;
  /** Its controller, if it has one. */
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string } | undefined;
}

export interface Condition {
  /** Of the object it looks at the metadata alone. */
  readonly metadataOnly: boolean;
  /** It looks at nothing of the object: true for all, or for none. */
  readonly constant: boolean;
  /** Of each, in their order: whether it holds, or why that cannot be told. Several at once cost less than one at a time. */
  areTrue(subjects: readonly Subject[]): readonly (boolean | NotTold)[];
}

/** How long one object may take where an expression or an object is such that it could take long, in ms. */
const timeLimit = 250;
/** As many values take well under a millisecond, however often one list in them is gone through. */
const manyValues = 5_000;

const environment = new Environment({
  limits: { maxAstNodes: 1_000, maxDepth: 50, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 16 },
})
  .registerVariable('object', 'dyn')
  .registerVariable('now', 'google.protobuf.Timestamp')
  .registerVariable('age', 'google.protobuf.Duration')
  .registerVariable('owner', 'dyn');

/** Throws ConditionMistake. */
export const conditionOf = (expression: string): Condition => {
  const { mistakes, ...facts } = expressionFacts(parsed(expression).ast);
  if (mistakes.length > 0) throw new ConditionMistake(mistakes.join('; '));
  let ask = parsed(expression);
  const tell = (context: Context): boolean | NotTold => {
    if (context instanceof NotTold) return context;
    try {
      return truthOf(ask(context.variables));
    } catch (error) {
      return notTold(error);
    }
  };
  return {
    metadataOnly: facts.metadataOnly,
    constant: facts.constant,
    areTrue(subjects) {
      const contexts = subjects.map(contextOf);
      if (!facts.slow && contexts.every((context) => context instanceof NotTold || context.count <= manyValues)) return contexts.map(tell);
      const told: (boolean | NotTold)[] = [];
      while (told.length < contexts.length) {
        const before = told.length;
        const isDone = withinTime(() => {
          for (const context of contexts.slice(before)) told.push(tell(context));
        });
        if (isDone) break;
        // What was cut off in the middle may have left half of its work in what was parsed.
        ask = parsed(expression);
        // Whoever was cut off after others have used up the time gets all of it next.
        if (told.length === before) told.push(new NotTold(`it took longer than ${timeLimit} ms`, true));
      }
      return told;
    },
  };
};

type Context = { readonly variables: Readonly<Record<string, CelValue | Date | Duration>>; readonly count: number } | NotTold;

const contextOf = ({ object, now, age, owner }: Subject): Context => {
  try {
    const { value, count } = celValueOf(object);
    const aged = age === undefined ? {} : { age: Duration.fromMilliseconds(age) };
    return { variables: { object: value, now: new Date(now), owner: owner ?? null, ...aged }, count };
  } catch (error) {
    return notTold(error);
  }
};

const parsed = (expression: string): ReturnType<Environment['parse']> & { readonly ast: ASTNode } => {
  let program: ReturnType<Environment['parse']>;
  try {
    program = environment.parse(expression);
  } catch (error) {
    throw new ConditionMistake(`no CEL: ${summaryOf(error)}`);
  }
  const { valid, type = 'dyn', error } = program.check();
  if (!valid) throw new ConditionMistake(summaryOf(error));
  if (type !== 'bool' && type !== 'dyn') throw new ConditionMistake(`it gives ${type}; allowed: what is true or false`);
  return program;
};

const truthOf = (result: unknown): boolean => {
  if (typeof result === 'boolean') return result;
  throw new NotTold('it gives neither true nor false');
};

const sandbox: { evaluate: (() => void) | undefined } = { evaluate: undefined };
const call = new Script('evaluate()');
const context = createContext(sandbox);

/** False: the time was up. A regular expression or lists within lists can take for ever, and nothing but this interrupts what does not wait. */
const withinTime = (evaluate: () => void): boolean => {
  sandbox.evaluate = evaluate;
  try {
    call.runInContext(context, { timeout: timeLimit });
    return true;
  } catch (error) {
    if (isTimeout(error)) return false;
    throw error;
  } finally {
    sandbox.evaluate = undefined;
  }
};

/** An Error of the other context, so no instance of ours. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

const notTold = (error: unknown): NotTold => (error instanceof NotTold ? error : new NotTold(oneLine(summaryOf(error), 160)));

/** Without the excerpt of the expression that the library's messages carry in further lines. */
const summaryOf = (error: unknown): string => {
  const summary = error instanceof Error && 'summary' in error ? error.summary : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const where = error instanceof Error && 'range' in error && isRange(error.range) ? ` (at character ${error.range.start + 1})` : '';
  return `${typeof summary === 'string' ? summary : oneLine(message)}${where}`;
};

const isRange = (range: unknown): range is { readonly start: number } =>
  typeof range === 'object' && range !== null && 'start' in range && typeof range.start === 'number';
