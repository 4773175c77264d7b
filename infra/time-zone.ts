/** What is wrong with a time zone's name for EventBridge Scheduler, and for maintenance windows; undefined: nothing. */
export function timeZoneMistake(name: string): string | undefined {
  const advice = 'allowed: a name of the IANA time zone database, such as Europe/Berlin or UTC';
  let known: string;
  try {
    known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return `"${name}" is no known time zone; ${advice}`;
  }
  // Intl also takes offsets and any case; EventBridge Scheduler takes neither.
  if (/^[+-]/.test(name)) return `"${name}" is an offset; ${advice}`;
  return known !== name && known.toLowerCase() === name.toLowerCase() ? `"${name}" is written ${known}` : undefined;
}
