import * as z from 'zod';
import { inWords } from '../../health-check/age.ts';
import { because } from '../../health-check/wire.ts';
import { type Backup, type BackupMetadata, phaseMeaning, startedAt } from '../../velero/backup.ts';
import { mayWorkUntil } from '../../velero/inventory/backup-rhythm.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

export default defineLocationCheck({
  id: 'backup-phase',
  title: 'Backups that are stuck, failed or not to be understood',
  why: 'Only a backup that Velero finished can be restored from; one that is stuck never will be, and nobody is told.',
  upstream: 'https://velero.io/docs/main/api-types/backup/',
  level: 'inventory',
  reads: {},
  options: z.strictObject({}),
  look(pass) {
    const voice = backupVoice(pass);
    for (const backup of pass.location.backups) {
      if (backup.trouble) judgeTrouble(pass, voice, backup, backup.trouble);
      else if (backup.metadata) judgePhase(pass, voice, backup, backup.metadata);
    }
  },
});

const describe = ({ name, metadata }: Backup): string => `velero -n ${metadata?.namespace ?? 'velero'} backup describe ${name} --details`;

function judgeTrouble(pass: CheckPass, voice: BackupVoice, backup: Backup, { unknown, message, remedy }: NonNullable<Backup['trouble']>) {
  if (!unknown)
    voice.say(backup, { subject: 'metadata', severity: 'critical', message: `cannot be restored from: its ${message}`, remedy });
  else if (voice.isCurrent(backup)) pass.unknown({ backup: backup.name, reason: message, remedy });
  else pass.mark(backup.name, 'unknown', message);
}

function judgePhase(pass: CheckPass, voice: BackupVoice, backup: Backup, metadata: BackupMetadata): void {
  const { phase } = metadata;
  const meaning = phaseMeaning(phase);
  if (meaning === 'in-progress' && pass.now > mayWorkUntil(backup)) judgeStuck(pass, voice, backup, metadata);
  else if (meaning === 'strange') judgeStrange(pass, voice, backup, phase);
  // What became of the backups of a schedule is for schedule-failing to say.
  else if (meaning !== 'in-progress' && !voice.scheduleOf(backup)) judgeByHand(voice, backup, metadata);
}

function judgeStuck(
  { now }: CheckPass,
  voice: BackupVoice,
  backup: Backup,
  { phase, operationsAttempted, operationsCompleted }: BackupMetadata,
) {
  const operations = operationsAttempted > 0 ? `, ${operationsCompleted} of ${operationsAttempted} operations done` : '';
  voice.say(backup, {
    subject: 'stuck',
    severity: 'warning',
    message: `is in the phase ${phase} for ${inWords(now - startedAt(backup))}${operations}: it will not be finished any more, and cannot be restored from`,
    remedy: `${describe(backup)}; then see whether Velero’s server was restarted, and make a new backup`,
    startedAt: new Date(startedAt(backup)).toISOString(),
    details: { phase, operationsAttempted, operationsCompleted },
  });
}

/** Velero never writes it into a bucket, or a newer one does: it would not bring such a backup into a cluster. */
function judgeStrange(pass: CheckPass, voice: BackupVoice, backup: Backup, phase: string): void {
  const reason = phase ? `its phase ${phase} is none that Velero leaves in a bucket` : 'its velero-backup.json says no phase';
  if (voice.isCurrent(backup)) pass.unknown({ backup: backup.name, reason, remedy: describe(backup) });
  else pass.mark(backup.name, 'unknown', reason);
}

function judgeByHand(voice: BackupVoice, backup: Backup, { phase, failureReason, errors, warnings }: BackupMetadata): void {
  const details = { errors, warnings };
  const counted = errors === 1 ? '1 error' : `${errors} errors`;
  if (phase === 'Failed')
    voice.say(backup, {
      subject: 'failed',
      severity: 'warning',
      message: `failed and cannot be restored from${because(failureReason)}`,
      remedy: `${describe(backup)}; delete it once a new one is made: velero backup delete ${backup.name}`,
      details,
    });
  if (phase === 'PartiallyFailed')
    voice.say(backup, {
      subject: 'failed',
      severity: 'warning',
      message: `failed in part, with ${counted}: what they name is missing or incomplete in it${because(failureReason)}`,
      remedy: describe(backup),
      details,
    });
}
