import { actionTotals } from './actions.ts';
import { counted, grouped } from './counts.ts';
import { configurationOverrides, type Report } from './model.ts';

type Facts = Pick<
  Report,
  'actions' | 'journal' | 'findings' | 'resolved' | 'settling' | 'incomplete' | 'checks' | 'scanned' | 'ignored' | 'comparedWith'
>;

/**
 * How many there are of each severity, and the whole in one sentence: `2 critical, 3 warnings (1 new), 2 resolved; 1 check could not run`,
 * or `healthy: 21 checks on 1,204 objects found nothing`. The word healthy is kept for a report that is complete.
 */
export function summarize(facts: Facts): Report['summary'] {
  const count = (severity: string) => facts.findings.filter((finding) => finding.severity === severity).length;
  const [critical, warning, info] = [count('critical'), count('warning'), count('info')];
  const actions = actionTotals(facts);
  const clauses = [actions, facts.findings.length > 0 ? foundList(facts) : actions ? '' : nothingFound(facts), coverage(facts)];
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
