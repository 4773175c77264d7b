/** Reading what comes over the wire: anything may be missing, null or of an unknown value, and nothing here throws for it. */

/** A list that may be missing, null or hold nulls. Costs nothing for a whole one. */
export const listOf = <T>(list: readonly (T | null | undefined)[] | null | undefined): readonly T[] => {
  if (!Array.isArray(list)) return [];
  return list.every(isPresent) ? list : list.filter(isPresent);
};
const isPresent = (item: unknown): boolean => item !== null && item !== undefined;

/** A number that one can count with; anything else is undefined. */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined;

/** A text that says something; anything else is undefined. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

interface AnyCondition {
  readonly type?: string | null;
}

/** The condition of this type. */
export const conditionOf = <C extends AnyCondition>(conditions: readonly C[] | null | undefined, type: string): C | undefined => {
  for (const condition of listOf(conditions)) if (condition.type === type) return condition;
  return undefined;
};

/** Someone else's text in one line of at most `limit` characters, without a full stop at its end. */
export const oneLine = (text: unknown, limit = 240): string => {
  // In a custom resource without a schema it may be an object, and one that cannot even be made a text.
  const line = (typeof text === 'object' ? '' : String(text ?? '')).replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  return line.length > limit ? `${line.slice(0, limit - 1).trimEnd()}…` : line;
};

/** `: text`, or nothing where there is none. */
export const because = (text: unknown): string => {
  const line = oneLine(text);
  return line && `: ${line}`;
};

/** At most `limit` of these in words: `a, b and 3 more`. */
export const some = (names: readonly string[], limit = 3): string =>
  names.length > limit
    ? `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`
    : names.length > 1
      ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
      : (names[0] ?? '');
