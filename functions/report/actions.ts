/** What a report says of actions, the same in every format: how many, by rule and namespace, what holds them, and how to go on. */
import { counted, grouped } from './counts.ts';
import type { Action, ActionOutcome, Report } from './model.ts';

type Facts = Pick<Report, 'actions' | 'journal'>;

const verb: Readonly<Record<Action['kind'], string>> = { delete: 'delete', patch: 'patch', create: 'give back' };

/** Worst last, so that it is read. */
const results: readonly (readonly [ActionOutcome['result'], string])[] = [
  ['deleted', 'deleted'],
  ['patched', 'patched'],
  ['created', 'given back'],
  ['pending-finalizers', 'waiting for finalizers'],
  ['gone-before', 'gone before'],
  ['changed', 'changed since the plan and left alone'],
  ['held', 'held at the last moment'],
  ['conflict', 'there already'],
  ['refused', 'refused'],
  ['forbidden', 'forbidden'],
  ['unknown', 'without a known outcome'],
];

/** `deleted`, `changed since the plan and left alone`: an outcome in words. */
export const resultInWords = (result: ActionOutcome['result']): string => results.find(([each]) => each === result)?.[1] ?? result;

/** `212 to delete, 31 held, 1,204 reported`, or what came of them: `198 deleted, 3 refused, 11 not yet tried`; empty where there are none. */
export const actionTotals = ({ actions, journal }: Facts): string => {
  if (actions.length === 0) return '';
  const count = (matches: (action: Action) => boolean) => actions.filter(matches).length;
  const clause = (number: number, words: string) => (number > 0 ? [`${grouped(number)} ${words}`] : []);
  if (journal) {
    const done = results.flatMap(([result, words]) =>
      clause(
        count(({ outcome }) => outcome?.result === result),
        words,
      ),
    );
    const left = count(({ state, outcome }) => state === 'planned' && !outcome);
    return [...done, ...clause(left, journal.ended === 'interrupted' ? 'still to do' : 'not tried')].join(', ');
  }
  return [
    ...(['delete', 'patch', 'create'] as const).flatMap((kind) =>
      clause(
        count((action) => action.state === 'planned' && action.kind === kind),
        `to ${verb[kind]}`,
      ),
    ),
    ...clause(
      count(({ state }) => state === 'held'),
      'held',
    ),
    ...clause(
      count(({ state }) => state === 'reported'),
      'reported',
    ),
  ].join(', ');
};

/** Actions of one rule in one state, by namespace. */
export interface ActionGroup {
  readonly rule: string;
  readonly title: string;
  readonly actions: readonly Action[];
  /** The empty text: what lies in no namespace. */
  readonly byNamespace: ReadonlyMap<string, readonly Action[]>;
  readonly risk: Action['risk'];
  /** What undo cannot bring back. */
  readonly lost: readonly string[];
}

export interface ActionSection {
  readonly key: 'planned' | 'too-much' | 'held' | 'reported';
  readonly title: string;
  /** Why nothing of it is planned, where that is the same for all. */
  readonly because?: string;
  /** What somebody has to decide about is shown whole, however much it is. */
  readonly whole: boolean;
  readonly groups: readonly ActionGroup[];
  readonly count: number;
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const riskOrder = ['high', 'medium', 'low'] as const;

/** By limits all of a plan is held at once, and is to be looked at as the plan that it would have been. */
const isTooMuch = ({ state, heldBy }: Action): boolean => state === 'held' && heldBy?.guard === 'limits';

/** What is planned (or was done) or would be too much, what is held, what is only reported; within, by rule and namespace. */
export const actionSections = ({ actions, journal, checks }: Facts & Pick<Report, 'checks'>): readonly ActionSection[] => {
  const titles = new Map(checks.map(({ check, title }) => [check, title]));
  const headings: readonly (readonly [ActionSection['key'], string, (action: Action) => boolean])[] = [
    ['planned', journal ? 'Applied' : 'Planned', ({ state }) => state === 'planned'],
    ['too-much', 'Not planned, as it would be too much', isTooMuch],
    ['held', 'Held by a guard', (action) => action.state === 'held' && !isTooMuch(action)],
    ['reported', 'Reported, never applied', ({ state }) => state === 'reported'],
  ];
  return headings.flatMap(([key, title, belongs]) => {
    const mine = actions.filter(belongs);
    const [first] = mine;
    if (!first) return [];
    const groups = [...Map.groupBy(mine, ({ rule }) => rule)]
      .toSorted(([a], [b]) => byName(a, b))
      .map(([rule, same]): ActionGroup => {
        const namespaces = [...Map.groupBy(same, ({ object }) => object.namespace ?? '')].toSorted(([a], [b]) => byName(a, b));
        return {
          rule,
          title: titles.get(rule) ?? rule,
          actions: same,
          byNamespace: new Map(namespaces),
          risk: riskOrder.find((risk) => same.some((action) => action.risk === risk)) ?? 'low',
          lost: [...new Set(same.flatMap(({ lost = [] }) => lost))],
        };
      });
    const because = key === 'too-much' ? first.heldBy?.because : undefined;
    const whole = key === 'planned' || key === 'too-much';
    return [{ key, title, whole, groups, count: mine.length, ...(because !== undefined && { because }) }];
  });
};

/** What a guard says of it; nothing where its section says it of all. */
const guardInWords = ({ state, heldBy }: Action): string | undefined => {
  if (!heldBy || heldBy.guard === 'limits') return undefined;
  if (state !== 'reported') return `kept by ${heldBy.guard}: ${heldBy.because}`;
  // Nothing would have been done with it anyway: it tells who would bring it back.
  return heldBy.guard === 'report-only' ? `only reported: ${heldBy.because}` : `belongs to another: ${heldBy.because}`;
};

/** `finished 3 days ago (Complete)`, with what comes free, what holds it or what came of it. */
export const actionInWords = (action: Action): string => {
  const { reason, outcome, kind, state, frees } = action;
  const disk = [frees?.bytes !== undefined && bytesInWords(frees.bytes), frees?.disk !== undefined && `disk ${frees.disk}`];
  const free = disk.filter(Boolean).join(', ');
  const notes = [
    guardInWords(action),
    outcome && `${resultInWords(outcome.result)}${outcome.message ? `: ${outcome.message}` : ''}`,
  ].filter(Boolean);
  const does = kind === 'delete' || state === 'reported' ? reason : `${verb[kind]}: ${reason}`;
  return [free ? `${does} (${free})` : does, ...notes].join('; ');
};

/** `keep-keys 12, minimum-age 19`: how many each guard holds. */
export const heldByGuard = (actions: readonly Action[]): string =>
  [...Map.groupBy(actions, ({ heldBy }) => heldBy?.guard ?? 'no guard')]
    .toSorted(([a, one], [b, other]) => other.length - one.length || byName(a, b))
    .map(([guard, held]) => `${guard} ${grouped(held.length)}`)
    .join(', ');

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
/** `1.5 GiB`, as Kubernetes counts. */
export const bytesInWords = (bytes: number): string => {
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
};

/** `3 disks, 1.2 TiB`: what comes free by what is planned; undefined where nothing does. */
export const freed = (actions: readonly Action[]): string | undefined => {
  const planned = actions.filter(({ state, frees }) => state === 'planned' && frees);
  if (planned.length === 0) return undefined;
  const disks = planned.filter(({ frees }) => frees?.disk !== undefined).length;
  const bytes = planned.reduce((sum, { frees }) => sum + (frees?.bytes ?? 0), 0);
  return [disks > 0 && counted(disks, 'disk'), bytes > 0 && bytesInWords(bytes)].filter(Boolean).join(', ') || undefined;
};

/** What to do next with the plan or the journal: each with the command and the event that do it. */
export interface NextStep {
  readonly what: string;
  readonly command: string;
  readonly event: string;
}

/** Exact commands: to apply the plan, to go on with what was interrupted, to undo what was done. */
export const nextSteps = ({
  cluster,
  plan,
  journal,
  actions,
}: Pick<Report, 'cluster' | 'plan' | 'journal' | 'actions'>): readonly NextStep[] => {
  const step = (what: string, key: 'apply' | 'undo', id: string): NextStep => ({
    what,
    command:
      key === 'undo' ? `npx nightshift undo ${id} --cluster ${cluster}` : `npx nightshift cleanup --cluster ${cluster} --apply ${id}`,
    event: JSON.stringify({ cluster, [key]: id }),
  });
  const written = actions.some(({ outcome }) => outcome && ['deleted', 'pending-finalizers', 'patched'].includes(outcome.result));
  return [
    ...(plan ? [step(plan.undoes ? 'Give it back' : 'Apply this plan', 'apply', plan.id)] : []),
    ...(journal?.ended === 'interrupted' ? [step('Go on with it', 'apply', journal.plan)] : []),
    ...(journal && written ? [step('Undo it', 'undo', journal.id)] : []),
  ];
};
