import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import type { ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import { isUsable, startedAt } from '../../velero/backup.ts';
import { type Held, heldBy, readHistories, type ScheduleHistory, specKey } from '../content/archive-history.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

/** Kinds that come and go by themselves, or with every rollout and run. */
const fluctuating = [
  'pods',
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'replicasets.apps',
  'controllerrevisions.apps',
  'jobs.batch',
  'volumeattachments.storage.k8s.io',
  'backups.velero.io',
  'restores.velero.io',
  'podvolumebackups.velero.io',
  'podvolumerestores.velero.io',
  'deletebackuprequests.velero.io',
  'downloadrequests.velero.io',
  'datauploads.velero.io',
  'datadownloads.velero.io',
  'volumesnapshots.snapshot.storage.k8s.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
  'certificaterequests.cert-manager.io',
  'orders.acme.cert-manager.io',
  'challenges.acme.cert-manager.io',
  'pipelineruns.tekton.dev',
  'taskruns.tekton.dev',
  'workflows.argoproj.io',
];

const options = z.strictObject({
  shrinkPercent: z.number().min(1).max(100).default(50).describe('Tell of a kind that lost this part of its objects, or more'),
  minimum: z.number().int().min(1).default(5).describe('Leave kinds alone that lost fewer objects than this, unless none is left'),
  ignoreKinds: z
    .array(z.string())
    .default(fluctuating)
    .describe('Kinds (resource.group, plural) that come and go by themselves, and are not compared'),
  acceptAfterDays: z.number().min(0).default(7).describe('Backups that hold less for so long are the new measure'),
  examples: z.number().int().min(1).max(50).default(8).describe('How many of the kinds and namespaces to name'),
});
type Pass = CheckPass<z.output<typeof options>>;

/** How many good backups of a schedule are kept as its measure: the smallest of them is. */
const kept = 3;

export default defineArchiveCheck({
  id: 'backup-shrunk',
  title: 'Backups that hold less than the last ones',
  why: 'An API group that could not be discovered, or a filter that was mistyped, leaves out whole kinds, and the backup is Completed.',
  upstream: 'https://github.com/vmware-tanzu/velero/issues/6929',
  level: 'content',
  reads: {},
  options,
  start: (opened, pass) => ({
    finish(end) {
      const { name } = opened.schedule;
      // Backups by hand are made for different things; of one that is damaged it is not known what it holds.
      if (name === '' || !isUsable(opened.backup) || isNotWhole(end, opened, pass)) return;
      if (end.problems.some(({ harmless }) => !harmless)) return;
      const histories = readHistories(pass.memory);
      pass.remember({ ...known(pass, histories), [name]: compare(opened, pass, end, histories[name]) });
    },
  }),
});

/** Without the schedules that are gone. */
const known = ({ location }: Pass, histories: Readonly<Record<string, ScheduleHistory>>): Readonly<Record<string, ScheduleHistory>> =>
  Object.fromEntries(Object.entries(histories).filter(([name]) => location.schedules.some((schedule) => schedule.name === name)));

/** Says what is less than before; returns what the next backup is to be measured by. */
function compare(opened: OpenedBackup, pass: Pass, end: ArchiveEnd, history: ScheduleHistory | undefined): ScheduleHistory {
  const { backup, metadata } = opened;
  const spec = specKey(metadata.spec);
  const ignored = new Set(pass.options.ignoreKinds);
  const now = heldBy(backup, end, (kind) => ignored.has(kind));
  if (history?.spec !== spec) return { spec, good: [now] };
  const others = history.good.filter((each) => each.backup !== backup.name);
  const earlier = others.filter((each) => each.startedAt < now.startedAt);
  const measure = (good: readonly Held[]): ScheduleHistory => ({
    spec,
    good: good.toSorted((a, b) => b.startedAt - a.startedAt).slice(0, kept),
  });
  if (earlier.length === 0) return measure([now, ...others]);
  const less = lessThan(earlier, now, pass.options);
  if (less.kinds.length === 0 && less.namespaces.length === 0) return measure([now, ...others]);
  const since = history.lessSince ?? startedAt(backup);
  if (now.startedAt - since >= pass.options.acceptAfterDays * 86_400_000 && now.startedAt > since) return measure([now]);
  tell(backupVoice(pass), opened, pass, { ...less, now });
  return { ...history, lessSince: Math.min(since, now.startedAt) };
}

interface Less {
  /** With how many there were at least, and are. */
  readonly kinds: readonly { readonly kind: string; readonly before: number; readonly after: number }[];
  readonly namespaces: readonly string[];
  readonly objectsBefore: number;
}

function lessThan(earlier: readonly Held[], now: Held, { shrinkPercent, minimum }: Pass['options']): Less {
  const names = new Set(earlier.flatMap(({ kinds }) => Object.keys(kinds)));
  const kinds = [...names].flatMap((kind) => {
    const before = Math.min(...earlier.map((each) => each.kinds[kind] ?? 0));
    const after = now.kinds[kind] ?? 0;
    const lost = before - after;
    const isLess = before > 0 && (after === 0 || (lost >= minimum && lost * 100 >= shrinkPercent * before));
    return isLess ? [{ kind, before, after }] : [];
  });
  const [first, ...others] = earlier;
  const always = (first?.namespaces ?? []).filter((namespace) => others.every((each) => each.namespaces?.includes(namespace) ?? false));
  return {
    kinds: kinds.toSorted((a, b) => b.before - b.after - (a.before - a.after)),
    namespaces: now.namespaces ? always.filter((namespace) => !now.namespaces?.includes(namespace)) : [],
    objectsBefore: Math.min(...earlier.map(({ objects }) => objects)),
  };
}

function tell(
  voice: BackupVoice,
  { backup, metadata }: OpenedBackup,
  pass: Pass,
  { kinds, namespaces, objectsBefore, now }: Less & { now: Held },
) {
  const { acceptAfterDays, examples } = pass.options;
  const remedy = `velero -n ${metadata.namespace} backup logs ${backup.name} | grep -iE 'discover|exclud': if this was meant, it is the new measure after ${acceptAfterDays} days`;
  if (kinds.length > 0) {
    // Nearly nothing of what there was would come back.
    const isNearlyEmpty = now.objects * 10 <= objectsBefore;
    voice.say(backup, {
      subject: 'kinds',
      severity: isNearlyEmpty ? 'critical' : 'warning',
      message: `holds less than the schedule’s last backups, of ${kinds.length === 1 ? 'one kind' : `${kinds.length} kinds`}: ${some(
        kinds.map(({ kind, before, after }) => `${kind} ${before} -> ${after}`),
        examples,
      )}`,
      remedy,
      details: { objectsBefore, objects: now.objects },
    });
  }
  if (namespaces.length > 0) {
    voice.say(backup, {
      subject: 'namespaces',
      severity: 'warning',
      message: `holds nothing of ${namespaces.length === 1 ? 'a namespace' : `${namespaces.length} namespaces`} that the schedule’s last backups held: ${some(namespaces, examples)}`,
      remedy,
      details: { namespaces: namespaces.length },
    });
  }
}
