/**
 * AWS's six-field cron, as EventBridge Scheduler takes it: deploying a wrong one fails late and says little.
 * Source of the rules: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Instead of the numbers, the first standing for `from`. */
  readonly names?: readonly string[];
  /** Forms beside numbers, names, lists, ranges and steps; n stands for a number or a name. */
  readonly forms?: readonly ('?' | 'L' | 'nW' | 'nL' | 'n#k')[];
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const fields: readonly Field[] = [
  { name: 'minutes', from: 0, to: 59 },
  { name: 'hours', from: 0, to: 23 },
  { name: 'day-of-month', from: 1, to: 31, forms: ['?', 'L', 'nW'] },
  { name: 'month', from: 1, to: 12, names: months },
  { name: 'day-of-week', from: 1, to: 7, names: weekdays, forms: ['?', 'L', 'nL', 'n#k'] },
  { name: 'year', from: 1970, to: 2199 },
];

/** What is wrong with a cron expression, each mistake naming its field, what was given and what is allowed. Empty: nothing. */
export function cronMistakes(expression: string): string[] {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== fields.length) {
    const names = fields.map(({ name }) => name).join(' ');
    return [`${texts.length} fields; AWS’s cron has six: ${names}, such as 0 6 * * ? * for every day at 6:00`];
  }
  const mistakes = fields.flatMap((field, index) => fieldMistakes(field, texts[index] ?? ''));
  const [dayOfMonth, dayOfWeek] = [texts[2], texts[4]];
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    const given =
      dayOfMonth === '?' ? 'both day-of-month and day-of-week are ?' : `day-of-month is ${dayOfMonth} and day-of-week is ${dayOfWeek}`;
    mistakes.push(`${given}; exactly one of the two must be ?`);
  }
  return mistakes;
}

function fieldMistakes(field: Field, text: string): string[] {
  if (text === '*' || (text === '?' && field.forms?.includes('?'))) return [];
  const parts = text.split(',');
  if (parts.length > 1 && parts.some((part) => part.includes('#'))) {
    return [`${field.name} is ${text}; with # it can hold one expression only`];
  }
  return parts.flatMap((part) => partMistakes(field, part));
}

function partMistakes(field: Field, part: string): string[] {
  if (isSpecial(field, part)) return [];
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0 || (step !== undefined && !isStep(field, step))) {
    return [`${field.name} has the step ${part}; allowed: a number of 1 to ${field.to} after one /`];
  }
  if (range === '*') return step === undefined ? [`${field.name} has * in a list; allowed: * alone`] : [];
  const ends = range.split('-');
  const values = ends.map((end) => numberOf(field, end));
  const [first, last = first] = values;
  if (ends.length > 2 || first === undefined || last === undefined || values.includes(undefined)) {
    return [`${field.name} has ${part || 'an empty part'}; allowed: ${allowedIn(field)}`];
  }
  return first > last ? [`${field.name} has the range ${range}, which ends before it begins; write it as two, joined by a comma`] : [];
}

function isSpecial(field: Field, part: string): boolean {
  const upper = part.toUpperCase();
  return (field.forms ?? []).some((form) => {
    if (form === 'L') return upper === 'L';
    if (form === 'nW') return upper.endsWith('W') && numberOf(field, upper.slice(0, -1)) !== undefined;
    if (form === 'nL') return upper.endsWith('L') && numberOf(field, upper.slice(0, -1)) !== undefined;
    const [day = '', occurrence = ''] = form === 'n#k' ? upper.split('#') : [];
    return numberOf(field, day) !== undefined && /^[1-5]$/.test(occurrence);
  });
}

function isStep(field: Field, step: string): boolean {
  return /^\d+$/.test(step) && Number(step) >= 1 && Number(step) <= field.to;
}

function numberOf(field: Field, text: string): number | undefined {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? field.from + named : /^\d+$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= field.from && value <= field.to ? value : undefined;
}

function allowedIn({ from, to, names, forms = [] }: Field): string {
  const special: Record<string, string> = {
    '?': '?',
    L: 'L (the last)',
    nW: '15W (the weekday nearest the 15th)',
    nL: 'FRIL (the last Friday)',
    'n#k': 'MON#1 (the first Monday)',
  };
  const numbers = `${from} to ${to}${names ? ` or ${names[0]} to ${names.at(-1)}` : ''}`;
  return [numbers, 'lists with ,', 'ranges with -', 'steps with /', '*', ...forms.map((form) => special[form])].join(', ');
}
