/** What is wrong with a value by a zod schema, in words for whoever wrote the value. */
import type * as z from 'zod';
import type { ConfigurationPath, Mistake } from './configuration-error.ts';

type Issue = z.core.$ZodIssue;

/**
 * The mistakes that `error` has, from `schema.safeParse(value, { reportInput: true })`: each with its path and a message that says what was
 * given and what is allowed. zod's own messages do not say what was given, nor which keys there are.
 */
export function mistakesOf(schema: z.core.$ZodType, error: z.core.$ZodError): Mistake[] {
  return error.issues.flatMap((issue) => mistakesOfIssue(schema, issue));
}

function mistakesOfIssue(schema: z.core.$ZodType, issue: Issue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schemaAt(schema, issue.path));
    const allowed = known.length > 0 ? `; allowed: ${known.join(', ')}` : '';
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: `unknown key${allowed}` }));
  }
  if (issue.code === 'invalid_key') {
    return [
      { path: issue.path, message: `${given(issue.input)} cannot be a key here; ${issue.issues.map(({ message }) => message).join('; ')}` },
    ];
  }
  if (issue.code === 'custom') return [{ path: issue.path, message: `${given(issue.input)}; ${issue.message}` }];
  return [{ path: issue.path, message: `${given(issue.input)}; allowed: ${allowedBy(schema, issue)}` }];
}

function allowedBy(schema: z.core.$ZodType, issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map(String).join(', ');
    case 'too_small':
      if (issue.origin === 'array' || issue.origin === 'string') return 'not an empty one';
      return issue.inclusive === false ? `more than ${issue.minimum}` : `${issue.minimum} or more`;
    case 'too_big':
      return `${issue.maximum} or less`;
    case 'invalid_format':
      return issue.format === 'date' ? 'a date, such as 2026-12-31' : (unionMessage(schema, issue) ?? issue.message);
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'a string',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

/** Where no alternative of a union fits, zod may tell the failure of the nearest one alone: the union's own message says all. */
function unionMessage(root: z.core.$ZodType, issue: Issue): string | undefined {
  const schema = schemaAt(root, issue.path);
  const message = is<z.core.$ZodUnion>(schema, 'union') ? schema._zod.def.error?.(issue as never) : undefined;
  return typeof message === 'string' ? message : message?.message;
}

/** What was given, short enough for a message. Of mappings and lists only keys and length: the values may be long or a pasted secret. */
function given(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object')
    return Object.keys(value).length === 0 ? 'an empty mapping' : `a mapping with ${Object.keys(value).join(', ')}`;
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 60)}... (${text.length} characters)`;
}

/** By what it says of itself: zod's classes would bring all of zod into what a function loads first. */
const is = <Schema extends z.core.$ZodType>(schema: z.core.$ZodType | undefined, type: Schema['_zod']['def']['type']): schema is Schema =>
  schema?._zod.def.type === type;

/** The part of the schema that a path leads to. */
function schemaAt(schema: z.core.$ZodType, path: ConfigurationPath): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((outer, key) => {
    const inner = unwrapped(outer);
    if (is<z.core.$ZodObject>(inner, 'object')) return inner._zod.def.shape[String(key)] ?? inner._zod.def.catchall;
    if (is<z.core.$ZodRecord>(inner, 'record')) return inner._zod.def.valueType;
    return is<z.core.$ZodArray>(inner, 'array') ? inner._zod.def.element : undefined;
  }, schema);
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const wraps =
    is<z.core.$ZodOptional>(schema, 'optional') ||
    is<z.core.$ZodDefault>(schema, 'default') ||
    is<z.core.$ZodPrefault>(schema, 'prefault') ||
    is<z.core.$ZodNullable>(schema, 'nullable');
  return wraps ? unwrapped(schema._zod.def.innerType) : schema;
}

function knownKeys(schema: z.core.$ZodType | undefined): string[] {
  const inner = unwrapped(schema);
  if (is<z.core.$ZodObject>(inner, 'object')) return Object.keys(inner._zod.def.shape);
  return is<z.core.$ZodRecord>(inner, 'record') ? [...(inner._zod.def.keyType._zod.values ?? [])].map(String) : [];
}
