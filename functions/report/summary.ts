import { configurationOverrides, type Report } from './model.ts';

/** `1,204`. Not by Intl, whose data takes 11 ms to load: a fiftieth of a whole run. */
export const grouped = (value: number): string => {
  const [whole = '', ...fraction] = String(value).split('.');
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), ...fraction].join('.');
};

/** `1 check`, `1,204 objects`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${grouped(count)} ${count === 1 ? one : many}`;

type Facts = Pick<Report, 'findings' | 'resolved' | 'settling' | 'incomplete' | 'checks' | 'scanned' | 'ignored' | 'comparedWith'>;

/**
 * How many there are of each severity, and the whole in one sentence: `2 critical, 3 warnings (1 new), 2 resolved; 1 check could not run`,
 * or `healthy: 21 checks on 1,204 objects found nothing`. The word healthy is kept for a report that is complete.
 */
export function summarize(facts: Facts): Report['summary'] {
  const count = (severity: string) => facts.findings.filter((finding) => finding.severity === severity).length;
  const [critical, warning, info] = [count('critical'), count('warning'), count('info')];
  const clauses = [facts.findings.length === 0 ? nothingFound(facts) : foundList(facts), coverage(facts)];
  return { critical, warning, info, text: clauses.filter(Boolean).join('; ') };
}

const foundList = ({ findings, resolved, settling = [], comparedWith }: Facts): string => {
  const group = (severity: string, one: string, many: string): string | undefined => {
    const all = findings.filter((finding) => finding.severity === severity);
    if (all.length === 0) return undefined;
    const marked = (change: string, word: string) => {
      const count = all.filter((finding) => finding.change === change).length;
      return count > 0 && `${grouped(count)} ${word}`;
    };
    const marks = [comparedWith && marked('new', 'new'), marked('unverified', 'not verified')].filter(Boolean);
    return `${counted(all.length, one, many)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
  };
  return [
    group('critical', 'critical', 'critical'),
    group('warning', 'warning', 'warnings'),
    group('info', 'info', 'info'),
    settling.length > 0 && `${grouped(settling.length)} settling`,
    resolved.length > 0 && `${grouped(resolved.length)} resolved`,
  ]
    .filter(Boolean)
    .join(', ');
};

const nothingFound = ({ checks, scanned, resolved, settling = [], incomplete, ignored }: Facts): string => {
  const ran = checks.filter((check) => check.ran && check.check !== configurationOverrides).length;
  if (ran === 0) return 'nothing was checked';
  const all = `${counted(ran, 'check')} on ${counted(scanned.objects, 'object')} found nothing${ignored.some(({ count }) => count > 0) ? ' that is not ignored' : ''}`;
  const gone = [
    settling.length > 0 && `${grouped(settling.length)} settling`,
    resolved.length > 0 && `${grouped(resolved.length)} resolved`,
  ];
  return [`${incomplete.length === 0 ? 'healthy: ' : ''}${all}`, ...gone.filter(Boolean)].join(', ');
};

const coverage = ({ incomplete }: Facts): string => (incomplete.length > 0 ? `${counted(incomplete.length, 'check')} could not run` : '');
