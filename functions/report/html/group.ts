/** A group of findings that say the same: closed at first, with one short row for each, its own command in it. */
import { html } from 'hono/html';
import { counted, grouped } from '../counts.ts';
import type { ReportedFinding } from '../model.ts';
import { countedKind, countedKinds, pointInTime } from '../wording.ts';
import { anchor, changeMark, consequenceList, namespacesOf } from './finding.ts';
import { byMessage, commandsOf, explained, type FindingGroup, sentencesOf } from './grouping.ts';
import { beginning, inJson, type Markup, qualifiedName, severityLabel } from './parts.ts';
import { type Listed, listAll, listOne, type Room } from './room.ts';

/** Of a message that stands whole further below. */
const headlineLength = 200;

export interface PageFacts {
  /** A first report, in which all is new and need not be marked so. */
  readonly first: boolean;
  /** By check. */
  readonly titles: ReadonlyMap<string, string>;
}

/** A group, with as many whole rows as there is room for. */
export function findingGroup(group: FindingGroup, facts: PageFacts, room: Room): Listed<ReportedFinding> {
  const [{ severity, check, object }] = group.findings;
  const before = html`<details class="group ${severity}" data-severity="${severity}" data-check="${check}"><summary>${severityLabel(severity)} <h3><span class="count">${countedKind(group.findings.length, object.kind)}</span>: ${headline(group, facts)}</h3> <span class="extent">${extent(group, facts)}</span></summary>
`;
  const after = (leftOut: number): Markup => html`${leftOut > 0 && html`<p class="rest">and ${inJson(leftOut)}</p>`}</details>
`;
  return listAll(byMessage(group), { room, before, after }, ({ said, findings }) => {
    const list = { room, before: html`<div class="same">${said && statement(said)}<ul>`, after: () => html`</ul></div>\n` };
    return listAll(findings, list, (finding) => listOne(finding, room, (each) => row(each, facts, said === undefined)));
  });
}

/** What is wrong, and what to do where that is a sentence. */
const statement = (finding: ReportedFinding): Markup[] => [finding.message, ...sentencesOf(finding)].map((text) => html`<p>${text}</p>`);

/** What all of a group say: their message, its shape where they differ in what belongs to the one object, or what their check is called. */
export const headline = ({ findings, shape }: FindingGroup, { titles }: PageFacts): string => {
  const [{ message, check }] = findings;
  const said = findings.every((finding) => finding.message === message) ? message : shape;
  return beginning(said || (titles.get(check) ?? check), headlineLength);
};

const extent = ({ findings }: FindingGroup, { first }: PageFacts): string => {
  const namespaces = new Set(findings.flatMap(({ object }) => object.namespace ?? [])).size;
  const told = first ? 0 : findings.filter(({ change }) => change === 'new').length;
  const hanging = findings.reduce((sum, finding) => sum + explained(finding), 0);
  return [
    findings[0].check,
    namespaces > 1 && `in ${counted(namespaces, 'namespace')}`,
    told > 0 && `${grouped(told)} new`,
    hanging > 0 && `explains ${counted(hanging, 'more', 'more')}`,
  ]
    .filter(Boolean)
    .join(', ');
};

/** One finding of the group. An end tag that HTML does not need is left out: ten thousand of them weigh. */
const row = (finding: ReportedFinding, { first }: PageFacts, withMessage: boolean): Markup => {
  const { object, subject } = finding;
  const commands = commandsOf(finding);
  return html`<li id="${anchor(finding)}"${namespaces(finding)}><b>${qualifiedName(object)}</b>${subject !== undefined && html` <i>(${beside(subject, object)})</i>`}${changeMark(finding, first)}
${withMessage && statement(finding)}${commands.map((command) => html`<code>${command}</code>\n`)}${provenance(finding, commands)}${consequenceList(finding)}
`;
};

/** A container is often called like what it is in, whose name stands before it. */
const beside = (subject: string, { name }: ReportedFinding['object']): string =>
  subject.endsWith(` ${name}`) ? subject.slice(0, -name.length - 1) : subject;

/** The script reads a namespaced object’s namespace from its name; only where that does not tell all is it said. */
const namespaces = (finding: ReportedFinding): Markup | undefined => {
  const own = finding.object.namespace ?? '';
  const all = namespacesOf(finding);
  return own !== '' && !own.includes('/') && all.length === 1 ? undefined : html` data-namespaces="${JSON.stringify(all)}"`;
};

/** Which objects it was seen on, and since when at the latest: by the object’s own account, or since a report first had it. */
const provenance = ({ object, members = [], change, since, startedAt, location }: ReportedFinding, commands: readonly string[]): string => {
  const inCommands = new Set(commands.flatMap((command) => command.split(/[\s/,='"]+/)));
  const others = members.filter(({ name }) => !inCommands.has(name));
  const names = others.map((member) => (member.namespace === object.namespace ? member.name : qualifiedName(member)));
  const seen =
    members.length > 0 &&
    `${countedKinds(members)}${names.length > 0 ? `${others.length < members.length ? ', also' : ':'} ${names.join(', ')}` : ''}`;
  const reported = change !== 'new' && (startedAt === undefined || since < startedAt);
  const parts = [
    seen,
    reported && `since ${inRow(since)}`,
    startedAt && `began ${inRow(startedAt)}`,
    location && `${location.file}:${location.line}`,
  ];
  return parts.filter((part) => typeof part === 'string').join('; ');
};

/** That times are UTC stands at the foot of the page. */
const inRow = (time: string): string => pointInTime(time).replace(/ UTC$/, '');
