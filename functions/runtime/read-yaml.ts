/** YAML against a schema, with every mistake told by its line. */
import { type Document, isCollection, isMap, isNode, isPair, isSeq, LineCounter, type Pair, parseDocument, type YAMLError } from 'yaml';
import type * as z from 'zod';
import { type ConfigurationPath, configurationError, type Mistake } from './configuration-error.ts';
import { mistakesOf } from './schema-mistakes.ts';

/**
 * What `text` holds, validated, defaults filled in, and the line that a path stands in, for whoever checks more than the schema can. `file` is
 * named in messages only. Throws ConfigurationError with every mistake: YAML syntax, duplicate and unknown keys, wrong values.
 */
export function readYaml<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
): { readonly value: z.output<Schema>; readonly lineOf: (path: ConfigurationPath) => number } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (path: ConfigurationPath): number => lines.linePos(offsetOf(document, path)).line;
  const syntax = [...document.errors, ...document.warnings].map((error) => syntaxMistake(error, text, lines));
  if (syntax.length > 0) throw configurationError(file, syntax);
  const parsed = schema.safeParse(plainValue(document, file), { reportInput: true });
  if (parsed.success) return { value: parsed.data, lineOf };
  const mistakes = mistakesOf(schema, parsed.error);
  throw configurationError(
    file,
    mistakes.map((mistake) => ({ ...mistake, line: lineOf(mistake.path) })),
  );
}

function syntaxMistake({ code, message, pos: [start] }: YAMLError, text: string, lines: LineCounter): Mistake {
  const { line } = lines.linePos(start);
  if (code !== 'DUPLICATE_KEY') return { line, path: [], message: `not valid YAML: ${message}` };
  const key = /^[^:\s]+/.exec(text.slice(start))?.[0] ?? '';
  return { line, path: [], message: `the key ${key} is given twice; a key may stand in a mapping once` };
}

function plainValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases are followed only here: one without its anchor, or so many that they look like an attack.
    throw configurationError(file, [{ path: [], message: `not valid YAML: ${error instanceof Error ? error.message : String(error)}` }]);
  }
}

/** The offset of the deepest key or item on the path: where something is missing, that of what lacks it. */
function offsetOf(document: Document.Parsed, path: ConfigurationPath): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node);
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item): item is Pair => isPair(item) && keyText(item.key) === String(key)) : undefined;
    const item: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(key)] : undefined;
    if (pair === undefined && item === undefined) break;
    offset = rangeStart(pair?.key ?? item) ?? offset;
    node = isNode(item) && !isCollection(item) && 'resolve' in item ? item.resolve(document) : item;
  }
  return offset ?? 0;
}

const rangeStart = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
const keyText = (key: unknown): string => String(isNode(key) && 'value' in key ? key.value : key);
