/** Which finding explains which: the graph of findings and objects, and what follows from it. Findings are numbers here: their rank. */
import { type Finding, type Link, refKey } from '../scan/contracts.ts';
import { stronglyConnectedComponents } from './strongly-connected.ts';

/** A finding as far as causes go. */
interface Ranked extends Finding {
  readonly check: string;
}

interface LinkTo {
  readonly target: number;
  readonly because: string;
}

interface Objects {
  /** By object: where its links lead. */
  readonly links: readonly (readonly LinkTo[])[];
  /** By object: the findings that cover it and may be the cause of something, best first. */
  readonly causes: readonly (readonly number[])[];
  /** By object: the findings of other checks than symptoms that cover it, best first. */
  readonly specific: readonly (readonly number[])[];
}

export interface CausalGraph {
  /** By node, the findings first and then the objects: a finding points to what may explain it, an object to what is behind it. */
  readonly edges: readonly (readonly number[])[];
  /** By finding: the links that its search begins with. */
  readonly firstLinks: readonly (readonly LinkTo[])[];
  /** By object: the best of the findings that a search which comes to it finds. */
  readonly entries: readonly (number | undefined)[];
}

export interface Explanation {
  /** The finding that explains this one in the end; itself where none does. */
  readonly root: number;
  /** How many findings lie on the way. */
  readonly depth: number;
  readonly because?: string;
}

const startsOf = ({ object, members }: Finding): string[] => (members && members.length > 0 ? members.map(refKey) : [refKey(object)]);

/** Each key's own small number. */
const numbering = () => {
  const numbers = new Map<string, number>();
  const numberOf = (key: string): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  return { numberOf, count: () => numbers.size };
};

const lists = <T>(count: number): T[][] => Array.from({ length: count }, () => []);

/**
 * @param ranked the findings, best cause first
 * @param symptoms checks whose findings only restate what another says
 */
export function causalGraph(ranked: readonly Ranked[], links: readonly Link[], symptoms: ReadonlySet<string>): CausalGraph {
  const { numberOf, count } = numbering();
  const numbered = links.map(({ effect, cause, because }) => ({
    from: numberOf(refKey(effect)),
    target: numberOf(refKey(cause)),
    because,
  }));
  const starts = ranked.map((finding) => [...new Set(startsOf(finding))].map(numberOf));
  const own = ranked.map(({ object }) => numberOf(refKey(object)));

  const linksOf = lists<LinkTo>(count());
  for (const { from, target, because } of numbered) if (from !== target) linksOf[from]?.push({ target, because });
  const causes = lists<number>(count());
  const specific = lists<number>(count());
  for (const [index, { check, severity }] of ranked.entries()) {
    if (symptoms.has(check)) continue;
    for (const object of new Set([own[index] ?? 0, ...(starts[index] ?? [])])) {
      specific[object]?.push(index);
      if (severity !== 'info') causes[object]?.push(index);
    }
  }
  const objects: Objects = { links: linksOf, causes, specific };

  const behind = causesBehind(objects);
  const firstLinks = lists<LinkTo>(ranked.length);
  const edges = lists<number>(ranked.length + count());
  for (const [index, finding] of ranked.entries()) {
    const from = starts[index] ?? [];
    const restated = (object: number): readonly number[] =>
      symptoms.has(finding.check)
        ? (specific[object] ?? []).filter((cause) => finding.severity === 'info' || ranked[cause]?.severity !== 'info')
        : [];
    const ofOwn = restated(own[index] ?? 0);
    const explained = (start: number) => behind[start]?.some((cause) => cause !== index) || restated(start).length > 0;
    if (ofOwn.length === 0 && !from.every(explained)) continue;
    firstLinks[index] = from.flatMap((start) => linksOf[start] ?? []);
    edges[index] = [...firstLinks[index].map(({ target }) => ranked.length + target), ...ofOwn, ...from.flatMap(restated)];
  }
  for (let object = 0; object < count(); object++) {
    const covering = causes[object] ?? [];
    edges[ranked.length + object] =
      covering.length > 0 ? [...covering] : (linksOf[object] ?? []).map(({ target }) => ranked.length + target);
  }
  return { edges, firstLinks, entries: causes.map((covering, object) => covering[0] ?? behind[object]?.[0]) };
}

/**
 * By object: the best two of the findings that cover the first covered objects behind it, best first. Two, since a finding that asks must
 * find another than itself.
 */
function causesBehind({ links, causes }: Objects): readonly (readonly number[])[] {
  const effects = lists<number>(links.length);
  for (const [from, to] of links.entries()) for (const { target } of to) effects[target]?.push(from);
  const behind = lists<number>(links.length);
  const told = causes.flatMap((covering, object) => covering.slice(0, 2).map((cause) => ({ cause, object })));
  for (const { cause, object: start } of told.toSorted((a, b) => a.cause - b.cause)) {
    const reached = [start];
    for (let object = reached.pop(); object !== undefined; object = reached.pop()) {
      for (const effect of effects[object] ?? []) {
        const known = behind[effect];
        if (!known || known.length === 2 || known.includes(cause)) continue;
        known.push(cause);
        if (causes[effect]?.length === 0) reached.push(effect);
      }
    }
  }
  return behind;
}

/** What explains each finding: the best cause outside its circle of findings that explain each other, else the best of the circle. */
export function explain({ edges, firstLinks, entries }: CausalGraph): Explanation[] {
  const findings = firstLinks.length;
  const none = Number.POSITIVE_INFINITY;
  const component = stronglyConnectedComponents(edges);
  const componentOf = (node: number): number => component[node] ?? 0;
  const nodes = lists<number>(edges.length);
  for (const node of edges.keys()) nodes[componentOf(node)]?.push(node);
  const causeAt = (node: number): number => (node < findings ? node : (entries[node - findings] ?? none));

  /** By component: the best cause outside of it. */
  const causeOf: number[] = [];
  const roots: { root: number; depth: number }[] = [];
  // A component points only to lower numbers: what is behind it is already known.
  for (const [number, members] of nodes.entries()) {
    let best = none;
    let cause = none;
    for (const node of members) {
      if (node < findings) best = Math.min(best, node);
      for (const target of edges[node] ?? []) if (componentOf(target) !== number) cause = Math.min(cause, causeAt(target));
    }
    causeOf.push(cause);
    const behind = cause === none ? undefined : roots[componentOf(cause)];
    roots.push(behind ? { root: behind.root, depth: behind.depth + 1 } : { root: best, depth: 0 });
  }

  return firstLinks.map((first, index) => {
    const own = componentOf(index);
    const { root, depth } = roots[own] ?? { root: index, depth: 0 };
    if (root === index) return { root, depth: 0 };
    const texts = (leads: (node: number) => boolean) => first.flatMap(({ target, because }) => (leads(findings + target) ? [because] : []));
    const outwards = texts((node) => componentOf(node) !== own && causeAt(node) === causeOf[own]);
    return {
      root,
      depth: Math.max(depth, 1),
      ...firstOf(
        outwards,
        texts((node) => componentOf(node) === own),
      ),
    };
  });
}

/** The first text of the first list that has any, in alphabetical order, so that the order of links does not show. */
const firstOf = (...texts: readonly (readonly string[])[]): { because?: string } => {
  const because = texts.find(({ length }) => length > 0)?.toSorted()[0];
  return because === undefined ? {} : { because };
};
