/** A report of a large fleet's worst night, made by real calls of buildReport: many checks, hundreds of messages, members, consequences. */
import type { Report } from '../../functions/report/model.ts';
import type { Link, Ref } from '../../functions/scan/contracts.ts';
import { checks, facts, found, ref, reportOf, scanOf, yesterday } from './sample-report.ts';

/** Mulberry32: the same numbers at every run. */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
};

interface Dice {
  /** From 0 to below `limit`. */
  number(limit: number): number;
  pick<T>(...all: readonly [T, ...T[]]): T;
  /** Letters and digits as Kubernetes appends them. */
  hash(length: number): string;
}
const dice = (seed: number): Dice => {
  const next = random(seed);
  const number = (limit: number) => Math.floor(next() * limit);
  return {
    number,
    pick: (...all) => all[number(all.length)] ?? all[0],
    hash: (length) => Array.from({ length }, () => 'bcdfghjklmnpqrstvwxz2456789'[number(27)]).join(''),
  };
};

type Found = ReturnType<typeof found>;
type Maker = (dice: Dice, workload: Ref, index: number) => Found;

const podsOf = ({ number, hash }: Dice, { name, namespace = '' }: Ref): [Ref, ...Ref[]] => {
  const replicaSet = hash(10);
  const pod = (): Ref => ref('Pod', `${name}-${replicaSet}-${hash(5)}`, namespace);
  return [pod(), ...Array.from({ length: number(3) }, pod)];
};
const kubectl = ({ namespace = '' }: Ref, command: string): string => `kubectl -n ${namespace} ${command}`;

const makers: readonly [Maker, ...Maker[]] = [
  (dice, workload) => {
    const members = podsOf(dice, workload);
    const exit = dice.pick('1', '2', '137 (OOMKilled)', '139', '143');
    return found('pod-waiting', workload, {
      severity: dice.pick('critical', 'warning'),
      subject: `CrashLoopBackOff ${workload.name}`,
      message: `container ${workload.name} crashes again and again, last with exit code ${exit}`,
      remedy: kubectl(workload, `logs ${members[0].name} -c ${workload.name} --previous`),
      members,
    });
  },
  (dice, workload) => {
    const members = podsOf(dice, workload);
    const image = `registry.example.com/${workload.name}:2.${dice.number(4)}.0`;
    return found('pod-waiting', workload, {
      subject: `ImagePullBackOff ${workload.name}`,
      message: `container ${workload.name} cannot pull ${image}: the registry does not have it`,
      remedy: `${kubectl(workload, `describe pod ${members[0].name}`)}; check the image’s name and tag`,
      members,
    });
  },
  (dice, workload) => {
    const members = podsOf(dice, workload);
    return found('pod-not-ready', workload, {
      message: `running, but not ready for ${dice.number(58) + 2} minutes, though its containers last said that they are`,
      remedy: kubectl(workload, `describe pod ${members[0].name}`),
      members,
    });
  },
  (dice, workload) =>
    found('deployment-unavailable', workload, {
      severity: dice.pick('critical', 'warning', 'warning'),
      message: `${dice.number(4)} of ${dice.number(8) + 4} pods are available for ${dice.number(20) + 2} hours`,
      remedy: kubectl(workload, `describe deployment ${workload.name}`),
    }),
  (dice, workload) =>
    found('cronjob-missed-schedule', ref('CronJob', workload.name, workload.namespace), {
      subject: 'missed',
      message: `missed its schedule ${dice.pick('once', 'twice', '3 times', '12 times')}, last at 2026-11-23 0${dice.number(10)}:30 Europe/Berlin`,
      remedy: kubectl(workload, `describe cronjob ${workload.name}`),
    }),
  (dice, workload) =>
    found('service-without-endpoints', ref('Service', workload.name, workload.namespace), {
      message: dice.pick('none of its endpoints is ready', `its selector app=${workload.name} selects no pod`),
      remedy: kubectl(workload, `get endpointslices -l kubernetes.io/service-name=${workload.name}`),
    }),
  (dice, workload) => {
    const [pod] = podsOf(dice, workload);
    const [reason, text] = dice.pick(
      ['Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503'],
      ['FailedScheduling', `0/${dice.number(90) + 10} nodes are available: ${dice.number(9) + 1} Insufficient memory`],
      ['FailedMount', `MountVolume.SetUp failed for volume "data": timed out waiting for the condition`],
      ['BackOff', `Back-off restarting failed container ${workload.name}`],
    );
    return found('warning-events', workload, {
      severity: 'info',
      subject: reason,
      message: `${reason}, ${dice.number(400) + 2} times, last ${dice.number(50) + 2} minutes ago: ${text}`,
      remedy: kubectl(workload, `get events --field-selector involvedObject.name=${pod.name},reason=${reason}`),
      members: [pod],
    });
  },
];

/** Each 50th workload’s trouble explains others, and so do a few nodes. */
const rooted = (dice: Dice, workload: Ref, index: number): { readonly found: readonly Found[]; readonly links: readonly Link[] } => {
  const node = ref('Node', `ip-10-${dice.number(250)}-${index >> 8}-${index % 256}.eu-central-1.compute.internal`);
  const effects = Array.from({ length: dice.number(12) + 2 }, (_, each) =>
    ref('Deployment', `${workload.name}-${each}`, workload.namespace),
  );
  const cause = found('node-not-ready', node, {
    severity: 'critical',
    message: `its kubelet has not reported for ${dice.number(50) + 2} minutes (NodeStatusUnknown)`,
    remedy: `look at the machine itself (aws:///eu-central-1b/i-${dice.hash(17)}): is it running, and does its kubelet reach the API server?`,
  });
  return {
    found: [cause, ...effects.map((effect) => found('deployment-unavailable', effect, { message: '0 of 2 pods are available' }))],
    links: effects.map((effect) => ({ effect, cause: node, because: 'its pods run on this node' })),
  };
};

const names = [
  'api',
  'worker',
  'frontend',
  'gateway',
  'ingest',
  'scheduler',
  'billing',
  'search',
  'cache',
  'exporter',
  'sync',
  'reports',
].flatMap((role) => [
  role,
  `${role}-core`,
  `${role}-batch`,
  `${role}-eu`,
  `${role}-us`,
  `${role}-internal`,
  `${role}-v2`,
  `${role}-canary`,
]);
const namespaces = [
  'payments',
  'checkout',
  'identity',
  'logistics',
  'media',
  'pricing',
  'analytics',
  'platform',
  'mobile',
  'partners',
  'loyalty',
].flatMap((team) => ['prod', 'staging', 'canary', 'perf'].flatMap((stage) => [1, 2, 3].map((number) => `${team}-${stage}-${number}`)));

/** Many teams run the same applications, each in namespaces of its own. */
const workloadOf = (index: number): Ref => {
  const [namespace = '', name = ''] = [namespaces[index % namespaces.length], names[Math.floor(index / namespaces.length) % names.length]];
  const round = Math.floor(index / namespaces.length / names.length);
  return ref('Deployment', round === 0 ? name : `${name}-${round}`, namespace);
};

/** Every tenth was not there yesterday. */
const isNew = (index: number): boolean => index % 10 === 0;
/** Within the last day, or in the five before. */
const began = ({ number }: Dice, today: boolean): string =>
  new Date(Date.UTC(2026, 10, 23, 6) + (today ? number(86_400) : -number(5 * 86_400)) * 1_000).toISOString();

/** A report with `count` findings, the second one: a tenth are new, some are resolved. */
export const largeReport = (count: number): Report => {
  const throwing = dice(20_261_124);
  const all: Found[] = [];
  const links: Link[] = [];
  let rootCauses = 0;
  for (let index = 0; rootCauses < count; index++) {
    const workload = workloadOf(index);
    if (index % 50 === 0) {
      const trouble = rooted(throwing, workload, index);
      all.push(...trouble.found);
      links.push(...trouble.links);
    } else all.push(throwing.pick(...makers)(throwing, workload, index));
    rootCauses++;
  }
  const today = all.map((finding, index) => ({ ...finding, startedAt: began(throwing, isNew(index)) }));
  const gone = Array.from({ length: Math.ceil(count / 100) }, (_, index) =>
    found('pod-waiting', ref('Deployment', `gone-${index}`, 'media-prod-1'), { message: 'container web cannot be created' }),
  );
  const previous = reportOf(scanOf([...today.filter((_, index) => !isNew(index)), ...gone], links), { facts: facts(yesterday), checks });
  return reportOf(scanOf(today, links), { previous });
};
