/** What a report for a terminal says of actions: what goes and why in one line each, what is held, and the commands to go on. */
import { type ActionGroup, type ActionSection, actionInWords, actionSections, freed, heldByGuard, nextSteps } from './actions.ts';
import { counted, grouped } from './counts.ts';
import type { Report } from './model.ts';
import type { Paper } from './paper.ts';
import { countedKind, pointInTime } from './wording.ts';

/** So many lines of what is planned are shown, and so many of each rule’s that is held or reported. */
const mostPlanned = 1_000;
const mostOthers = 5;
/** So many names of a rule, and of each namespace, where all that is to be said of them is the same. */
const [mostNames, mostNamesEach] = [40, 8];

/** A block for what is planned, held and reported, and one for what to do next. */
export const actionBlocks = (on: Paper, report: Report): string[][] => {
  const sections = actionSections(report);
  return [...sections.map((section) => sectionLines(on, section)), stepLines(on, report)].filter(({ length }) => length > 0);
};

const sectionLines = (on: Paper, { key, title, because, whole, groups, count }: ActionSection): string[] => {
  const held = key === 'held' ? ` (${heldByGuard(groups.flatMap(({ actions }) => actions))})` : '';
  let room = whole ? mostPlanned : Number.POSITIVE_INFINITY;
  return [
    ...on.wrap(0, `${on.paint('bold', title)}: ${grouped(count)}${held}`),
    ...(because === undefined ? [] : on.wrap(2, because)),
    ...groups.flatMap((group) => {
      const most = whole ? room : mostOthers;
      room -= group.actions.length;
      return [...headLines(on, group, whole), ...(sameWords(on, group) ?? eachInWords(on, group, Math.max(most, 0)))];
    }),
  ];
};

const headLines = (on: Paper, { rule, title, actions, risk, lost }: ActionGroup, whole: boolean): string[] => {
  const facts = [rule, whole && `risk ${risk}`, whole && lost.length > 0 && `cannot be undone: ${lost.join(', ')}`].filter(Boolean);
  return [
    ...on.wrap(2, `${title}: ${countedKind(actions.length, actions[0]?.object.kind ?? 'object')}`),
    ...on.wrap(4, on.paint('dim', facts.join(' · '))),
  ];
};

/** Hundreds of lines that say the same are not read: said once, with the names by namespace. Undefined where it is not the same for all. */
const sameWords = (on: Paper, { actions, byNamespace }: ActionGroup): string[] | undefined => {
  const [words, ...others] = new Set(actions.map(actionInWords));
  if (words === undefined || others.length > 0 || actions.length < 3) return undefined;
  let room = mostNames;
  const lines = [...byNamespace].flatMap(([namespace, same]) => {
    const names = same.slice(0, Math.max(Math.min(room, mostNamesEach), 0)).map(({ object }) => object.name);
    room -= names.length;
    const rest = same.length - names.length;
    const listed = [...names, ...(rest > 0 ? [names.length > 0 ? `and ${counted(rest, 'more', 'more')}` : counted(rest, 'object')] : [])];
    return hanging(on, `${namespace ? on.paint('dim', `namespace ${namespace} (${grouped(same.length)}): `) : ''}${listed.join(', ')}`);
  });
  return [...on.wrap(4, words), ...lines];
};

const eachInWords = (on: Paper, { actions, byNamespace }: ActionGroup, most: number): string[] => {
  const lines: string[] = [];
  const left = new Map<string, number>();
  let shown = 0;
  for (const [namespace, same] of byNamespace) {
    const some = same.slice(0, most - shown);
    shown += some.length;
    if (some.length < same.length) left.set(namespace, same.length - some.length);
    if (some.length === 0) continue;
    if (namespace) lines.push(...on.wrap(4, on.paint('dim', `namespace ${namespace} (${grouped(same.length)})`)));
    for (const action of some) lines.push(...hanging(on, `${on.paint('bold', action.object.name)}: ${actionInWords(action)}`));
  }
  const rest = actions.length - shown;
  return [
    ...lines,
    ...(rest > 0 ? hanging(on, on.paint('dim', `and ${counted(rest, 'more', 'more')}${whereLeft(left)}, in the report’s JSON`)) : []),
  ];
};

/** ` (shop 60, data 40, 3 more namespaces)`: where to look, the most first. */
const whereLeft = (left: ReadonlyMap<string, number>): string => {
  const places = [...left].filter(([namespace]) => namespace !== '').toSorted(([, a], [, b]) => b - a);
  if (places.length === 0) return '';
  const named = places.slice(0, 3).map(([namespace, count]) => `${namespace} ${grouped(count)}`);
  const rest = places.length - named.length;
  return ` (${[...named, ...(rest > 0 ? [`${counted(rest, 'more namespace')}`] : [])].join(', ')})`;
};

/** A new object begins further left than the rest of the last. */
const hanging = (on: Paper, text: string): string[] => on.wrap(8, text).map((line, index) => (index === 0 ? line.slice(2) : line));

const stepLines = (on: Paper, report: Report): string[] => {
  const free = freed(report.actions);
  const { journal, plan } = report;
  return [
    ...(free ? on.wrap(0, `Comes free: ${free}`) : []),
    ...(journal?.why ? on.wrap(0, `${on.paint(['bold', 'yellow'], journal.ended)}: ${journal.why}`) : []),
    ...(journal?.warnings ?? []).flatMap((warning) => on.wrap(0, `The API server warns: ${warning}`)),
    ...(plan?.lacks ? lackLines(on, plan.lacks) : []),
    ...nextSteps(report).flatMap(({ what, command, event }) => [
      ...on.wrap(0, `${on.paint('bold', what)}${plan && what !== 'Undo it' ? ` until ${pointInTime(plan.expiresAt)}` : ''}:`),
      `  ${on.paint('cyan', command)}`,
      `  ${on.paint('dim', event)}`,
    ]),
  ];
};

const lackLines = (on: Paper, { rights, manifest }: NonNullable<NonNullable<Report['plan']>['lacks']>): string[] => [
  ...on.wrap(0, `${on.paint(['bold', 'yellow'], 'Applying it would lack')}: ${rights.join(', ')}`),
  ...(manifest
    ? manifest
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`)
    : []),
];
