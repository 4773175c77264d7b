import * as z from 'zod';
import { counted } from '../../report/counts.ts';
import type { ArchivedObject, ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { identityTable } from '../../velero/archive/identity-table.ts';
import type { Messages, ResourceList } from '../../velero/companions/companion-files.ts';
import { backupKey } from '../../velero/layout.ts';
import { identityOf, itemName, listedKind } from '../content/identities.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { type ArchiveReducer, type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { backupVoice } from '../inventory/standing.ts';

/** Marks of an identity: the list names it; it was counted as missing, or told of, already. */
const listed = 1;
const seen = 2;
const told = 4;

const mostNamed = 1000;

export default defineArchiveCheck({
  id: 'backup-items',
  title: 'Items that Velero lists and the archive lacks',
  why: 'Velero calls a backup Completed by what it listed; what is not in the archive will not come back.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.1/pkg/backup/item_backupper.go',
  level: 'content',
  reads: {},
  options: z.strictObject({
    examples: z.number().int().min(1).max(50).default(5).describe('How many of the items to name'),
  }),
  start: (opened, pass) => compareItems(opened, pass),
});

type Pass = CheckPass<{ examples: number }>;

/** The archive passes first, and is kept as 64 bits an object; the list is gone through at the end. */
function compareItems(opened: OpenedBackup, pass: Pass): ArchiveReducer {
  const table = identityTable();
  const groups = new Map<string, string>();
  return {
    see({ group, kind, namespace, name, resource }: ArchivedObject) {
      table.mark(table.slot(identityOf(group, kind, itemName({ name, ...(namespace !== undefined && { namespace }) }))), seen);
      groups.set(`${group}/${kind}`, groupResource({ resource, group }));
    },
    async finish(end) {
      const { backup, companions } = opened;
      if (isNotWhole(end, opened, pass)) return;
      const list = await companions.resourceList();
      if (list.state === 'unknown' || list.state === 'damaged') {
        const reason = `what is in the archive could not be compared with what Velero listed: ${list.message}`;
        pass.unknown({ backup: backup.name, reason, remedy: list.remedy });
        return;
      }
      if (list.state === 'absent') {
        const reason = `it has no list of its items (${backupKey(backup.name, 'resourceList')}): what its archive lacks cannot be told`;
        pass.unknown({
          backup: backup.name,
          reason,
          remedy: 'look for an earlier version of it, if the bucket keeps versions; else take a new backup',
        });
        return;
      }
      const missing = compare(list.value, table);
      await judgeMissing(opened, pass, end, missing);
      await judgeExtra(opened, pass, groups, missing, table);
      if (missing.count === 0) pass.mark(backup.name, 'ok', `all ${missing.listed} items that Velero listed are in its archive`);
    },
  };
}

interface Missing {
  /** Different identities in the list. */
  readonly listed: number;
  readonly count: number;
  /** The first of them, `Kind NAMESPACE/NAME`. */
  readonly named: readonly { readonly kind: string; readonly item: string }[];
  /** Listed and in the archive. */
  readonly met: number;
}

function compare(list: ResourceList, table: ReturnType<typeof identityTable>): Missing {
  const named: { kind: string; item: string }[] = [];
  let [all, count, met] = [0, 0, 0];
  for (const [key, items] of Object.entries(list)) {
    const of = listedKind(key);
    for (const item of items) {
      const slot = table.slot(of ? identityOf(of.group, of.kind, item) : `${key} ${item}`);
      const before = table.marks(slot);
      if (before & listed) continue;
      all += 1;
      table.mark(slot, listed);
      if (before & seen) {
        met += 1;
        continue;
      }
      table.mark(slot, told);
      count += 1;
      if (named.length < mostNamed) named.push({ kind: of?.kind ?? key, item });
    }
  }
  return { listed: all, count, named, met };
}

const shown = (named: Missing['named'], count: number, most: number): string => {
  const told = named.slice(0, most).map(({ kind, item }) => `${kind} ${item}`);
  return count > told.length ? `${told.join(', ')} and ${count - told.length} more` : told.join(', ');
};

/** Only the name in an error line tells which item it is about: `name: /web-1 message: ...` (velero pkg/util/logging/log_counter_hook.go). */
function isTold(errors: Messages, item: string): boolean {
  const slash = item.indexOf('/');
  const [namespace, name] = slash < 0 ? ['', item] : [item.slice(0, slash), item.slice(slash + 1)];
  const lines = [
    ...(Object.hasOwn(errors.namespaces, namespace) ? (errors.namespaces[namespace] ?? []) : []),
    ...errors.velero,
    ...errors.cluster,
  ];
  return lines.some((line) => line.split(/[^\w.:-]+/).some((word) => word === name || word.replace(/[.:]+$/, '') === name));
}

/** An item is listed before it is written: one whose action, hook or snapshot failed is not in the archive, and an error says so. */
async function judgeMissing({ backup, metadata, companions }: OpenedBackup, pass: Pass, end: ArchiveEnd, missing: Missing): Promise<void> {
  const { problemCounts } = end;
  const unreadable = (problemCounts['not-json'] ?? 0) + (problemCounts['wrong-name'] ?? 0) + (problemCounts['twin-missing'] ?? 0);
  // archive-damaged says which they are.
  if (missing.count <= unreadable) return;
  const voice = backupVoice(pass);
  const details = { listed: missing.listed, missing: missing.count };
  const results = metadata.phase === 'PartiallyFailed' || metadata.errors > 0 ? await companions.results() : undefined;
  const errors = results?.state === 'read' ? results.value.errors : undefined;
  const told = errors ? missing.named.filter(({ item }) => isTold(errors, item)) : [];
  const untold = missing.named.filter((each) => !told.includes(each));
  const untoldCount = missing.count - told.length;
  if (told.length > 0) {
    voice.say(backup, {
      subject: 'known losses',
      severity: 'warning',
      message: `lost ${told.length} of ${missing.listed} items to errors that Velero tells of: ${shown(told, told.length, pass.options.examples)}`,
      remedy: `velero -n ${metadata.namespace} backup describe ${backup.name} --details: mend what failed, and take a new backup`,
      details,
    });
  }
  if (untoldCount <= unreadable) return;
  const key = backupKey(backup.name, 'resourceList');
  voice.say(backup, {
    subject: 'missing',
    severity: 'critical',
    message: `lacks ${untoldCount} of ${missing.listed} items that Velero listed (${key}), which are not in its archive as objects that can be read: ${shown(untold, untoldCount, pass.options.examples)}${foreign(missing, end)}`,
    remedy: 'take a new backup; compare the list with the archive: the one may be of another backup than the other',
    details,
  });
}

const foreign = ({ met, listed: all }: Missing, { objects }: ArchiveEnd): string =>
  objects === 0
    ? '; there is no object in the archive at all'
    : all > 0 && met === 0
      ? '; nothing of the list is in the archive, so one of them is of another backup'
      : '';

/** Items that operations add when they end (DataUploads) are in no list. */
async function judgeExtra(
  { backup, companions }: OpenedBackup,
  pass: Pass,
  groups: ReadonlyMap<string, string>,
  missing: Missing,
  table: ReturnType<typeof identityTable>,
): Promise<void> {
  const extra = table.count(seen);
  if (extra === 0) return;
  const operations = await companions.itemOperations();
  const added = operations.state === 'read' ? operations.value.flatMap(({ postOperationItems }) => postOperationItems) : [];
  const kinds = new Map([...groups].map(([groupKind, resource]) => [resource, groupKind]));
  let expected = 0;
  for (const item of added) {
    const [group = '', kind = ''] = (kinds.get(groupResource(item)) ?? '').split('/');
    const slot = table.slot(identityOf(group, kind, itemName(item)));
    if (table.marks(slot) !== seen) continue;
    table.mark(slot, told);
    expected += 1;
  }
  if (extra === expected) return;
  // An archive of another backup is told of by what it lacks.
  if (missing.met === 0 && missing.listed > 0) return;
  // A few may come of what Velero adds at the end; more than it listed come of another archive.
  const isForeign = extra - expected > missing.met;
  const key = backupKey(backup.name, 'contents');
  backupVoice(pass).say(backup, {
    subject: 'extra',
    severity: isForeign ? 'warning' : 'info',
    message: `has ${counted(extra - expected, 'object')} in its archive (${key}) that Velero listed nowhere${isForeign ? `, and ${missing.met} that it listed: it may be the archive of another backup` : ''}; a restore brings them too`,
    remedy: isForeign
      ? `compare ${key} with its earlier version, if the bucket keeps versions: a restore brings back what this backup was never to hold`
      : 'nothing to do, unless nobody knows where they come from: then compare the archive with an older version of it',
    details: { extra: extra - expected, listed: missing.listed },
  });
}
