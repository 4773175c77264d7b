/** What checks say of one location, collected; of one archive it is kept in the state until its round is over. */
import { clean, cleanValue } from '../cluster/clean.ts';
import { type Finding, type Link, NotApplicable, NotReadable, type Ref } from '../scan/contracts.ts';
import { soundFinding } from '../scan/sound-objects.ts';
import type { Backup } from '../velero/backup.ts';
import { StoreError } from '../velero/store/object-store.ts';
import type { CheckPass, LocationFacts, OperationCheck, Verdict } from './contracts.ts';
import type { VerificationRequest } from './request.ts';

export interface Mark {
  readonly backup: string;
  readonly verdict: Verdict;
  readonly what: string;
  readonly check: string;
}
export interface Unknown {
  readonly check: string;
  readonly backup?: string | undefined;
  readonly reason: string;
  readonly remedy: string;
}

/** JSON, as it lies in the state. */
export interface Said {
  readonly findings: (Finding & { readonly observer: string })[];
  readonly links: Link[];
  readonly marks: Mark[];
  readonly unknowns: Unknown[];
  /** By check: how many objects or backups it was shown. */
  readonly looked: Record<string, number>;
  /** By check: why it does not apply here. */
  readonly notApplicable: Record<string, string>;
}

export const nothingSaid = (): Said => ({ findings: [], links: [], marks: [], unknowns: [], looked: {}, notApplicable: {} });

/** Adds what was said elsewhere. */
export function addSaid(to: Said, more: Said): void {
  // One by one: as arguments of one call a hundred thousand are too many.
  for (const finding of more.findings) to.findings.push(finding);
  for (const link of more.links) to.links.push(link);
  for (const mark of more.marks) to.marks.push(mark);
  for (const unknown of more.unknowns) to.unknowns.push(unknown);
  for (const [check, count] of Object.entries(more.looked)) to.looked[check] = (to.looked[check] ?? 0) + count;
  Object.assign(to.notApplicable, more.notApplicable);
}

const verdictOf = ({ severity }: Finding): Verdict => (severity === 'critical' ? 'error' : severity === 'warning' ? 'warning' : 'ok');

/** What a throw of a check means. A bug in one must never stop the others, and is no pass. `where`: the object that it threw at. */
export function noteThrown(said: Said, check: string, error: unknown, { backup, where }: { backup?: string; where?: string } = {}): void {
  if (error instanceof NotApplicable) {
    said.notApplicable[check] = error.message;
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  const isOfStore = error instanceof StoreError || error instanceof NotReadable;
  said.unknowns.push({
    check,
    ...(backup !== undefined && { backup }),
    reason: isOfStore ? message : `the check failed: ${message}${where === undefined ? '' : ` (at ${where})`}`,
    remedy: isOfStore ? error.remedy : 'this is a fault of Nightshift: please report it with this message',
  });
}

export interface Voice {
  readonly said: Said;
  readonly location: LocationFacts;
  readonly request: VerificationRequest;
  readonly now: number;
  readonly signal: AbortSignal;
  /** By check id. Changed by what they remember. */
  readonly memory: Record<string, unknown>;
  /** Told which check asks for what it remembered. */
  readonly onRecall?: (check: string) => void;
  /** Findings are told apart by it where a cluster has several locations. */
  readonly subjectPrefix: string;
  /** The one that is looked into: what is said without naming a backup is said of it. */
  readonly opened?: string;
}

/**
 * The schedule of a backup that stands for it: its deciding or its newest usable one. Findings then keep their identity from night to night.
 */
export function aboutBackup({ schedules }: Pick<LocationFacts, 'schedules'>, { name, metadata }: Backup): Ref {
  const apiVersion = 'velero.io/v1';
  const schedule = schedules.find((each) => each.name !== '' && [each.deciding?.name, each.newestUsable?.name].includes(name));
  if (schedule) return { apiVersion, kind: 'Schedule', namespace: schedule.namespace, name: schedule.name };
  return { apiVersion, kind: 'Backup', ...(metadata && { namespace: metadata.namespace }), name };
}

const cleaned = <T>(value: T): T => cleanValue(structuredClone(value)) as T;

/** What a check is given to speak with. */
export function passOf(check: OperationCheck, options: unknown, voice: Voice): CheckPass {
  const { said, location, request, now, signal, memory, subjectPrefix, opened } = voice;
  const { id } = check;
  const subjectOf = ({ subject }: Finding) => [subjectPrefix, subject].filter(Boolean).join(' ');
  return {
    options,
    now,
    location,
    signal,
    ...(request.targetVersion !== undefined && { targetVersion: request.targetVersion }),
    namespaceMapping: request.namespaceMapping,
    about: (backup) => aboutBackup(location, backup),
    emit({ backup = opened, ...finding }) {
      const subject = subjectOf(finding);
      // Names of an archive's objects are whatever somebody wrote into it.
      const sound = cleaned(soundFinding({ ...finding, ...(subject !== '' && { subject }) }));
      said.findings.push({ ...sound, observer: id });
      if (backup !== undefined) said.marks.push({ backup, verdict: verdictOf(finding), what: sound.message, check: id });
    },
    mark: (backup, verdict, what) => void said.marks.push({ backup, verdict, what: clean(what), check: id }),
    unknown({ backup = opened, reason, remedy }) {
      said.unknowns.push({ check: id, backup, reason: clean(reason), remedy });
    },
    link: (link) => void said.links.push(cleaned(link)),
    get memory() {
      voice.onRecall?.(id);
      return memory[id];
    },
    remember(value) {
      memory[id] = value;
    },
  };
}
