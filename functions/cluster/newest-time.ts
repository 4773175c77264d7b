/** The clock of objects without a server: the newest time that they name. */

// metav1.Time and MicroTime.
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** Fields that tell what is still to come. */
const planned = /expir|notAfter|renewalTime|next|until|deadline/i;

/**
 * The newest RFC 3339 time in a JSON value, in ms; undefined where it has none. Times after `present` and those of fields that tell the
 * future (notAfter) do not count: they did not happen yet.
 */
export function newestTime(value: unknown, present: number): number | undefined {
  if (typeof value === 'string') {
    const at = value.length >= 20 && value.length <= 35 && time.test(value) ? Date.parse(value) : Number.NaN;
    return at <= present ? at : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  let newest: number | undefined;
  for (const [key, inner] of Object.entries(value)) {
    const at = planned.test(key) ? undefined : newestTime(inner, present);
    if (at !== undefined && (newest === undefined || at > newest)) newest = at;
  }
  return newest;
}
