/**
 * What a cluster holds is written by many hands and ends on terminals, in mails and pages: control characters, which can
 * forge a terminal's output, and characters that turn the direction of text around are taken out where the text enters.
 */

// Every control character but tab and line feed (messages are set in lines), and what embeds, overrides or isolates a direction.
const unwanted = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
// The same in JSON's text: escaped, or raw where JSON allows it.
const escapedOrRaw = /\\(?:[bfr]|u(?:00(?:0[0-8b-fB-F]|1|7[fF]|[89])|20(?:2[a-eA-E]|6[6-9])))|[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** The text without them. */
export function clean(text: string): string {
  return text.replaceAll(unwanted, '');
}

/**
 * Whether a JSON text may hold some, escaped or not: one look at the page instead of one at each of its strings.
 * May be wrong in saying yes (an escaped backslash before an r), never in saying no.
 */
export function mayBeUnclean(json: string): boolean {
  return escapedOrRaw.test(json);
}

/** Cleans every string and key of a parsed JSON value, in place where it is an object or a list, and gives it back. */
export function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) value[index] = cleanValue(value[index]);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    const cleaned = clean(key);
    const inner = cleanValue(object[key]);
    if (cleaned === key && inner === object[key]) continue;
    delete object[key];
    // Not by assignment: a key may be __proto__.
    Object.defineProperty(object, cleaned, { value: inner, writable: true, enumerable: true, configurable: true });
  }
  return value;
}
