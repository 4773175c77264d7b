/** What can be told of a condition from its text, before any object is seen: what type-checking misses, as the object's type is not known. */
import type { ASTNode } from '@marcbachmann/cel-js';

export interface ExpressionFacts {
  /** Of the object it looks at the metadata alone, and at what it is. */
  readonly metadataOnly: boolean;
  /** It looks at nothing of the object. */
  readonly constant: boolean;
  /** It can take long: a regular expression, lists gone through within lists, values named and doubled. */
  readonly slow: boolean;
  readonly mistakes: readonly string[];
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ without managedFields, which conditions are not shown. */
const metadataFields = [
  ...['name', 'generateName', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences', 'uid', 'resourceVersion'],
  ...['generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink'],
];
/** Also of an object of which only the metadata is read. */
const alwaysThere = new Set<string | undefined>(['metadata', 'apiVersion', 'kind']);
const ownerFields = ['apiVersion', 'kind', 'name'];
const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const variables = new Set(['object', 'age', 'owner']);

export const expressionFacts = (ast: ASTNode): ExpressionFacts => {
  const found = { whole: false, constant: true, slow: false, mistakes: new Set<string>() };
  const visit = (node: ASTNode, depth: number): void => {
    const chain = pathOf(node);
    if (chain) {
      const [variable = '', first, second] = chain;
      if (variables.has(variable)) found.constant = false;
      if (variable === 'object' && !alwaysThere.has(first)) found.whole = true;
      if (variable === 'object' && first === 'metadata') tellField(second, metadataFields, 'object.metadata', found.mistakes);
      if (variable === 'owner') tellField(first, ownerFields, 'owner', found.mistakes);
      return;
    }
    if (node.op === 'rcall') {
      const [called] = node.args;
      if (called === 'matches') tellPattern(node.args[2][0], found.mistakes);
      if (called === 'matches' || called === 'bind' || (macros.has(called) && depth > 0)) found.slow = true;
      for (const child of childrenOf(node)) visit(child, depth + (macros.has(called) ? 1 : 0));
      return;
    }
    for (const child of childrenOf(node)) visit(child, depth);
  };
  visit(ast, 0);
  return { metadataOnly: !found.whole, constant: found.constant, slow: found.slow, mistakes: [...found.mistakes] };
};

/** `has(object.metadata.lables)` is false for every object there is, and `!has(...)` true. */
const tellField = (field: string | undefined, known: readonly string[], of: string, mistakes: Set<string>): void => {
  if (field !== undefined && !known.includes(field)) mistakes.add(`${of} has no field ${field}; it has ${known.join(', ')}`);
};

const tellPattern = (node: ASTNode | undefined, mistakes: Set<string>): void => {
  if (node?.op !== 'value' || typeof node.args !== 'string') return;
  try {
    new RegExp(node.args);
  } catch (error) {
    mistakes.add(`matches(${JSON.stringify(node.args)}): ${error instanceof Error ? error.message : String(error)}; allowed: JavaScript’s`);
  }
};

/** `object.metadata["name"].size` as a list of names, from a variable on, as far as they are written out. */
const pathOf = (node: ASTNode): readonly string[] | undefined => {
  if (node.op === 'id') return [node.args];
  if (node.op === '.') {
    const before = pathOf(node.args[0]);
    return before && [...before, node.args[1]];
  }
  if (node.op !== '[]') return undefined;
  const [outer, index] = node.args;
  const before = pathOf(outer);
  return before && index.op === 'value' && typeof index.args === 'string' ? [...before, index.args] : undefined;
};

const childrenOf = (node: ASTNode): readonly ASTNode[] => {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
};
