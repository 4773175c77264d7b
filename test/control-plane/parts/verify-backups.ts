/** The command `nightshift backup-verification` as its user has it, on the location of a scene. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { Report } from '../../../functions/report/model.ts';
import type { VeleroScene } from './velero-scene.ts';

/** How it is run. */
export interface VerifyOptions {
  /** What the command's clock is ahead by. */
  readonly hoursLater?: number;
  /** Which backups are looked into; the newest usable of each schedule unless told. */
  readonly named?: string;
}

export interface Verified {
  /** The exit code, with --fail-on warning. */
  readonly code: number | null;
  readonly report: Report;
  /** The whole of standard output. */
  readonly out: string;
  /** What a check found about the object, or the folder of the bucket, of this name. */
  said(check: string, name: string): Report['findings'][number] | undefined;
}

export type Verify = (flags?: readonly string[], options?: VerifyOptions) => Promise<Verified>;

const root = join(import.meta.dirname, '../../..');

/** Runs it, from the bucket alone unless the flags name a cluster. */
export async function verifyBackups(
  { bucket, prefix, emulator }: VeleroScene,
  flags: readonly string[] = [],
  { hoursLater = 0, named }: VerifyOptions = {},
): Promise<Verified> {
  const later = ['--import', pathToFileURL(join(import.meta.dirname, 'later.ts')).href];
  const command = [join(root, 'functions/cli/nightshift.ts'), 'backup-verification', '--output', 'json', '--fail-on', 'warning'];
  const location = `s3://${bucket.name}/${prefix}${named === undefined ? '' : `#${named}`}`;
  const child = spawn(process.execPath, [...later, ...command, '--backup', location, ...flags], {
    env: { ...process.env, ...emulator.environment, HOURS_LATER: String(hoursLater), NO_COLOR: '1' },
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert(out.startsWith('{'), err);
  const report = JSON.parse(out) as Report;
  return {
    code: await closed,
    report,
    out,
    said: (check, name) =>
      report.findings.find(
        ({ object, members = [], ...finding }) => finding.check === check && [object, ...members].some((ref) => ref.name === name),
      ),
  };
}

/** What is worse than information, in one line each. */
export const grave = ({ findings }: Report): readonly string[] =>
  findings.filter(({ severity }) => severity !== 'info').map(({ check, object, message }) => `${check} ${object.name}: ${message}`);
