/** Ready events for each operation: shared in the Lambda console by the stack, and written as commands in docs/. The functions do not load this. */
import type { Operation } from './operation.ts';

/** One ready event. */
export interface ExampleEvent {
  /** Letters, digits, hyphens, 25 at most: the console takes no more. No two have the same. */
  readonly name: string;
  /** What it does, for people. */
  readonly title: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A list of more is no help to whoever picks from it; any event can still be typed. */
const mostClusters = 50;

const longestName = 25;

/** Names of that length at most for the clusters: the beginning of a longer one, numbered where it would be another’s. */
const namesFor = (prefix: string, clusters: readonly string[]): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const cluster of clusters) {
    const whole = `${prefix}-${cluster}`;
    let name = whole.slice(0, longestName);
    for (let number = 2; taken.has(name); number += 1) name = `${whole.slice(0, longestName - 1 - String(number).length)}-${number}`;
    taken.add(name);
    names.set(cluster, name);
  }
  return names;
};

/** All clusters, each of the first 50 by itself, and the checks of its nodes alone where the operation has such. */
export const exampleEvents = ({ checks, event }: Operation, clusters: readonly string[]): ExampleEvent[] => {
  const verb = checks.length > 0 ? 'check' : 'run';
  const Verb = checks.length > 0 ? 'Check' : 'Run on';
  const ofNodes = 'only' in event.shape ? checks.map(({ id }) => id).filter((id) => id.startsWith('node-')) : [];
  const some = clusters.slice(0, mostClusters);
  const names = namesFor(verb, some);
  const namesOfNodes = namesFor('nodes', some);
  return [
    { name: `${verb}-all-clusters`, title: `${Verb} all clusters`, event: { clusters: ['*'] } },
    ...some.map((cluster) => ({ name: names.get(cluster) ?? cluster, title: `${Verb} cluster ${cluster} now`, event: { cluster } })),
    ...(ofNodes.length === 0 ? [] : some).map((cluster) => ({
      name: namesOfNodes.get(cluster) ?? cluster,
      title: `${Verb} only the nodes of ${cluster}`,
      event: { cluster, only: ofNodes },
    })),
  ];
};

/** An event as a command: `functionName` is a name or a placeholder for it. The answer is written to answer.json. */
export const invokeCommand = (functionName: string, { event }: Pick<ExampleEvent, 'event'>): string =>
  [
    `aws lambda invoke --function-name ${functionName} --cli-binary-format raw-in-base64-out \\`,
    // The command waits for a minute unless told.
    `  --cli-read-timeout 900 --payload '${JSON.stringify(event)}' answer.json`,
  ].join('\n');
