/** What a run is asked for, out of the operation's own event keys. */
import * as z from 'zod';
import { glob } from '../report/glob.ts';
import { type Level, levels, type OperationCheck } from './contracts.ts';

export interface VerificationRequest {
  readonly level: Level;
  /** Which backups are looked into; absent: the newest usable one of each schedule. */
  readonly isNamed?: (backup: string) => boolean;
  /** As it was given. */
  readonly named?: string;
  readonly targetVersion?: string;
  readonly namespaceMapping: Readonly<Record<string, string>>;
}

const own = z.object({
  level: z.enum(levels).default('restorability'),
  backup: z.string().optional(),
  targetVersion: z.string().optional(),
  namespaceMapping: z.array(z.string()).default([]),
});

/** The event was validated against the operation's schema; this gives it its shape. */
export function verificationRequest(event: Readonly<Record<string, unknown>>): VerificationRequest {
  const { level, backup, targetVersion, namespaceMapping } = own.parse(event);
  return {
    level,
    ...(backup !== undefined && { named: backup, isNamed: glob(backup) }),
    ...(targetVersion !== undefined && { targetVersion: targetVersion.replace(/^v/, '') }),
    namespaceMapping: Object.fromEntries(namespaceMapping.map((pair) => pair.split(':') as [string, string])),
  };
}

/** Does this run look so deep? */
export const isWithin = ({ level }: Pick<OperationCheck, 'level'>, asked: Level): boolean => levels.indexOf(level) <= levels.indexOf(asked);
