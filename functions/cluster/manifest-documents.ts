/** The Kubernetes objects of a text: YAML of any number of documents, or JSON; lists unwrapped. */
import { Composer, LineCounter, Parser, type YAMLError } from 'yaml';
import { cleanValue } from './clean.ts';
import { ManifestError } from './manifest-error.ts';
import type { ManifestText } from './manifest-files.ts';

/** An object of which kind and version are known; all else may be missing. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string | null; readonly namespace?: string | null; readonly uid?: string | null } | null;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** The objects one by one, cleaned of control characters. What is no object (values.yaml) is passed over. Throws ManifestError. */
export function* manifests({ file, text }: ManifestText): Generator<Manifest, void, undefined> {
  for (const value of values(file, text)) yield* objectsOf(cleaned(value, file), file);
}

function cleaned(value: unknown, file: string): unknown {
  try {
    return cleanValue(value);
  } catch (cause) {
    throw new ManifestError('a value in it is nested too deep, or holds itself by an alias', file, undefined, { cause });
  }
}

function* values(file: string, text: string): Generator<unknown, void, undefined> {
  if (/^\s*[{[]/.test(text)) {
    const parsed = parsedJson(text);
    if (parsed !== undefined) {
      yield parsed;
      return;
    }
    // Every JSON text is YAML too, and its parser tells the line of a mistake without quoting the text.
  }
  yield* yamlValues(file, text);
}

function parsedJson(text: string): unknown {
  try {
    // Node keeps the byte order mark, which Windows' editors write.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** Document by document: only one syntax tree is in memory at a time. */
function* yamlValues(file: string, text: string): Generator<unknown, void, undefined> {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  // Silent: the library's warnings and pretty errors quote the text.
  const composer = new Composer({ merge: true, lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  for (const document of composer.compose(parser.parse(text), true, text.length)) {
    const [error] = document.errors;
    if (error !== undefined) throw malformed(file, text, lines, error);
    try {
      yield document.toJS();
    } catch (cause) {
      const line = lines.linePos(document.range[0]).line;
      throw new ManifestError('an alias in this document cannot be resolved', file, line, { cause });
    }
  }
}

function malformed(file: string, text: string, lines: LineCounter, error: YAMLError): ManifestError {
  const { line } = lines.linePos(error.pos[0]);
  if (/\{\{[^{}]*\}\}/.test(text)) return template(file, line);
  // Some messages end with the source, which may be a Secret's.
  const [problem = error.code] = error.message.split(/: ["']|: ?\n/, 1);
  return new ManifestError(`not valid ${/^\s*[{[]/.test(text) ? 'JSON' : 'YAML'}: ${problem}`, file, line);
}

function template(file: string, line?: number): ManifestError {
  return new ManifestError('is a template ({{ … }}): render it first, as in helm template CHART | … --manifests -', file, line);
}

function* objectsOf(value: unknown, file: string): Generator<Manifest, void, undefined> {
  if (!isManifest(value)) return;
  if ('items' in value && value.kind.endsWith('List') && (Array.isArray(value.items) || value.items === null)) {
    const items: readonly unknown[] = value.items ?? [];
    const ofList = value.kind === 'List' ? {} : { apiVersion: value.apiVersion, kind: value.kind.slice(0, -'List'.length) };
    // Items of a typed list (PodList) carry neither kind nor version.
    for (const item of items) yield* objectsOf(typeof item === 'object' && item !== null ? { ...ofList, ...item } : item, file);
    return;
  }
  // Without quotes {{ … }} is YAML too, a mapping.
  const name: unknown = value.metadata?.name;
  if (typeof name === 'string' ? name.includes('{{') : typeof name === 'object' && name !== null) throw template(file);
  yield value;
}

function isManifest(value: unknown): value is Manifest & { readonly items?: unknown } {
  if (typeof value !== 'object' || value === null || !('apiVersion' in value && 'kind' in value)) return false;
  const metadata = 'metadata' in value ? value.metadata : undefined;
  return (
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    (metadata === undefined || metadata === null || (typeof metadata === 'object' && !Array.isArray(metadata)))
  );
}
