/**
 * Label selectors as kubectl's -l takes them, told of labels that are at hand. Nothing that is kept parses them for Node; the grammar and its
 * corners (an empty value, `in` as a value) are those of k8s.io/apimachinery/pkg/labels/selector.go and held against a real API server.
 */
import type { Labels } from '../../health-check/selected.ts';
import { isFulfilled, type Requirement } from '../label-selector.ts';

export type Selector = (labels: Labels | null | undefined) => boolean;

/** A selector that is none; the message says what was found and what is allowed. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

type Asked = (labels: Labels) => boolean;

interface Token {
  readonly text: string;
  readonly kind: 'symbol' | 'word' | 'end';
}
const end: Token = { text: 'the end', kind: 'end' };

/** Parses `app=web,tier in (a, b),!keep`. Throws SelectorError. One that is empty is refused: it would select everything. */
export const selectorOf = (text: string): Selector => {
  const tokens = tokensOf(text);
  if (tokens.length === 0) throw new SelectorError('it is empty, which would select everything: leave it out for that');
  const asked: Asked[] = [];
  do asked.push(requirement(tokens));
  while (separator(tokens));
  return (labels) => asked.every((asks) => asks(labels ?? {}));
};

const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  for (const [found] of text.matchAll(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g))
    tokens.push({ text: found, kind: /^[=!(),<>]/.test(found) ? 'symbol' : 'word' });
  return tokens;
};

const next = (tokens: Token[]): Token => tokens.shift() ?? end;
const peek = (tokens: readonly Token[], symbol: string): boolean => tokens[0]?.kind === 'symbol' && tokens[0].text === symbol;
const found = ({ text, kind }: Token, allowed: string): SelectorError =>
  new SelectorError(`found ${kind === 'end' ? text : JSON.stringify(text)}, where ${allowed} is allowed`);

/** Is there a further requirement? */
const separator = (tokens: Token[]): boolean => {
  if (tokens.length === 0) return false;
  const token = next(tokens);
  if (token.text !== ',') throw found(token, 'a comma or the end');
  return true;
};

const requirement = (tokens: Token[]): Asked => {
  const asks = (key: string, operator: Requirement['operator'], values: readonly string[] = []): Asked => {
    return (labels) => isFulfilled({ key, operator, values }, labels);
  };
  if (peek(tokens, '!')) {
    next(tokens);
    return asks(keyOf(next(tokens)), 'DoesNotExist');
  }
  const key = keyOf(next(tokens));
  if (tokens.length === 0 || peek(tokens, ',')) return asks(key, 'Exists');
  const token = next(tokens);
  switch (token.text) {
    case '=':
    case '==':
      return asks(key, 'In', [oneValue(tokens)]);
    case '!=':
      return asks(key, 'NotIn', [oneValue(tokens)]);
    case 'in':
      return asks(key, 'In', manyValues(tokens));
    case 'notin':
      return asks(key, 'NotIn', manyValues(tokens));
    case '>':
      return compared(key, oneValue(tokens), (value, limit) => value > limit);
    case '<':
      return compared(key, oneValue(tokens), (value, limit) => value < limit);
    default:
      throw found(token, 'one of =, ==, !=, in, notin, > and <');
  }
};

/** As Go's ParseInt with 64 bits; undefined for what is none. */
const int64 = (text: string): bigint | undefined => {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
};

const compared = (key: string, text: string, holds: (value: bigint, limit: bigint) => boolean): Asked => {
  const limit = int64(text);
  if (limit === undefined) throw new SelectorError(`${JSON.stringify(text)} after > or <, where a whole number is allowed`);
  return (labels) => {
    const value = Object.hasOwn(labels, key) ? int64(labels[key] ?? '') : undefined;
    return value !== undefined && holds(value, limit);
  };
};

const oneValue = (tokens: Token[]): string => {
  if (tokens.length === 0 || peek(tokens, ',')) return '';
  const token = next(tokens);
  if (token.kind !== 'word') throw found(token, 'a value');
  return checkedValue(token.text);
};

/** `(a, b)`; nothing between two commas, or none at all, is the empty value. */
const manyValues = (tokens: Token[]): readonly string[] => {
  const opening = next(tokens);
  if (opening.text !== '(') throw found(opening, '(');
  const values: string[] = [];
  for (;;) {
    const [token = end] = tokens;
    values.push(token.kind === 'word' ? checkedValue(next(tokens).text) : '');
    const closing = next(tokens);
    if (closing.text === ')') return values;
    if (closing.text !== ',') throw found(closing, 'a comma or )');
  }
};

const name = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const prefix = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const keyOf = (token: Token): string => {
  if (token.kind !== 'word') throw found(token, 'a label’s key');
  const parts = token.text.split('/');
  const before = parts.length > 1 ? parts[0] : undefined;
  const isKey =
    parts.length <= 2 && name.test(parts.at(-1) ?? '') && (before === undefined || (before.length <= 253 && prefix.test(before)));
  if (!isKey) throw new SelectorError(`${JSON.stringify(token.text)} is no label’s key, such as app or example.org/team`);
  return token.text;
};

const checkedValue = (text: string): string => {
  if (!name.test(text)) throw new SelectorError(`${JSON.stringify(text)} is no label’s value: up to 63 of A-Z, a-z, 0-9, -, _ and .`);
  return text;
};
