import * as z from 'zod';
import type { Messages } from '../../velero/companions/companion-files.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

/** How much of one message is shown: some quote whole answers of a server. */
const mostCharacters = 300;

export default defineArchiveCheck({
  id: 'backup-messages',
  title: 'What Velero says went wrong',
  why: 'Errors name what the backup lacks; warnings often name volumes whose data are not in it.',
  upstream: 'https://velero.io/docs/main/troubleshooting/',
  level: 'content',
  reads: {},
  options: z.strictObject({
    messages: z.number().int().min(1).max(20).default(3).describe('How many of the messages to show'),
  }),
  start: (opened, pass) => ({ finish: () => judge(opened, pass) }),
});

async function judge(opened: OpenedBackup, pass: CheckPass<{ messages: number }>): Promise<void> {
  const { backup, metadata, companions } = opened;
  const { errors, warnings } = metadata;
  if (errors === 0 && warnings === 0) return;
  const results = await companions.results();
  if (results.state === 'unknown') {
    pass.unknown({ backup: backup.name, reason: results.message, remedy: results.remedy });
    return;
  }
  const voice = backupVoice(pass);
  const told = results.state === 'read' ? results.value : undefined;
  say(opened, voice, {
    severity: 'warning',
    what: 'error',
    count: errors,
    lines: told && linesOf(told.errors),
    most: pass.options.messages,
  });
  say(opened, voice, {
    severity: 'info',
    what: 'warning',
    count: warnings,
    lines: told && linesOf(told.warnings),
    most: pass.options.messages,
  });
}

interface Told {
  readonly severity: 'warning' | 'info';
  readonly what: 'error' | 'warning';
  /** As velero-backup.json has it: more than the lines is legal, failed operations are counted later (velero backup_operations_controller.go). */
  readonly count: number;
  readonly lines: readonly string[] | undefined;
  readonly most: number;
}

function say({ backup, metadata }: OpenedBackup, voice: BackupVoice, { severity, what, count, lines, most }: Told): void {
  if (count === 0) return;
  const counted = `${count} ${what}${count === 1 ? '' : 's'}`;
  const shown = (lines ?? []).slice(0, most).map((line) => (line.length > mostCharacters ? `${line.slice(0, mostCharacters)}...` : line));
  const said =
    shown.length > 0
      ? `: ${shown.join('; ')}${count > shown.length ? `; and ${count - shown.length} more` : ''}`
      : ', and its messages are not in the bucket';
  voice.say(backup, {
    subject: `${what}s`,
    severity,
    message: `was made with ${counted}${said}`,
    remedy: `velero -n ${metadata.namespace} backup describe ${backup.name} --details, and: velero -n ${metadata.namespace} backup logs ${backup.name}`,
    details: { count },
  });
}

/** Each with where it belongs; the same line once. */
const linesOf = ({ velero, cluster, namespaces }: Messages): readonly string[] => [
  ...new Set([
    ...velero,
    ...cluster,
    ...Object.entries(namespaces).flatMap(([namespace, lines]) => lines.map((line) => `${namespace}: ${line}`)),
  ]),
];
