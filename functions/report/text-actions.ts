/** What a report for a terminal says of actions: what goes and why in one line each, what is held, and the commands to go on. */
import { type ActionGroup, type ActionSection, actionInWords, actionSections, freed, heldByGuard, nextSteps } from './actions.ts';
import { counted, grouped } from './counts.ts';
import type { Report } from './model.ts';
import type { Paper } from './paper.ts';
import { countedKind, pointInTime } from './wording.ts';

/** So many lines of what is planned are shown, and so many of each rule’s that is held or reported. */
const mostPlanned = 1_000;
const mostOthers = 5;

/** A block for what is planned, held and reported, and one for what to do next. */
export const actionBlocks = (on: Paper, report: Report): string[][] => {
  const sections = actionSections(report);
  return [...sections.map((section) => sectionLines(on, section)), stepLines(on, report)].filter(({ length }) => length > 0);
};

const sectionLines = (on: Paper, section: ActionSection): string[] => {
  const { title, state, groups, count } = section;
  const held = state === 'held' ? ` (${heldByGuard(groups.flatMap(({ actions }) => actions))})` : '';
  let room = state === 'planned' ? mostPlanned : Number.POSITIVE_INFINITY;
  return [
    ...on.wrap(0, `${on.paint('bold', title)}: ${grouped(count)}${held}`),
    ...groups.flatMap((group) => {
      const most = state === 'planned' ? room : mostOthers;
      room -= group.actions.length;
      return groupLines(on, group, Math.max(most, 0), state);
    }),
  ];
};

const groupLines = (on: Paper, { rule, title, actions, byNamespace, risk, lost }: ActionGroup, most: number, state: string): string[] => {
  const facts = [
    rule,
    state === 'planned' && `risk ${risk}`,
    state === 'planned' && lost.length > 0 && `cannot be undone: ${lost.join(', ')}`,
  ].filter(Boolean);
  const lines: string[] = [];
  let shown = 0;
  for (const [namespace, same] of byNamespace) {
    const some = same.slice(0, most - shown);
    if (some.length === 0) break;
    if (namespace) lines.push(...on.wrap(4, on.paint('dim', `namespace ${namespace} (${grouped(same.length)})`)));
    for (const action of some) lines.push(...on.wrap(6, `${on.paint('bold', action.object.name)} ${actionInWords(action)}`));
    shown += some.length;
  }
  const rest = actions.length - shown;
  return [
    ...on.wrap(2, `${title}: ${countedKind(actions.length, actions[0]?.object.kind ?? 'object')}`),
    ...on.wrap(4, on.paint('dim', facts.join(' · '))),
    ...lines,
    ...(rest > 0 ? on.wrap(6, on.paint('dim', `and ${counted(rest, 'more', 'more')}, in the report’s JSON`)) : []),
  ];
};

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
