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
  /** `only` or `off` of this run keep archive checks of the level from running: nothing is verified by the others alone. */
  readonly isPartial?: boolean;
  /** Asked of another Kubernetes or other namespaces than those that the backup is of: what is found is no property of the backup. */
  readonly isHypothetical?: boolean;
  /** All that is configured, and nothing else: only such a run is what the next one compares with. */
  readonly isWhole?: boolean;
}

const own = z.object({
  only: z.array(z.string()).optional(),
  off: z.array(z.string()).optional(),
  level: z.enum(levels).default('restorability'),
  backup: z.string().optional(),
  targetVersion: z.string().optional(),
  namespaceMapping: z.array(z.string()).default([]),
});

/** The event was validated against the operation's schema; this gives it its shape. */
export function verificationRequest(event: Readonly<Record<string, unknown>>, checks: readonly OperationCheck[]): VerificationRequest {
  const { level, backup, targetVersion, namespaceMapping, only, off } = own.parse(event);
  const isOff = ({ id }: OperationCheck) => (only !== undefined && !only.includes(id)) || off?.includes(id) === true;
  const isHypothetical = targetVersion !== undefined || namespaceMapping.length > 0;
  return {
    isPartial: checks.some((check) => 'start' in check && isWithin(check, level) && isOff(check)),
    isHypothetical,
    isWhole: !isHypothetical && backup === undefined && only === undefined && off === undefined,
    level,
    ...(backup !== undefined && { named: backup, isNamed: glob(backup) }),
    ...(targetVersion !== undefined && { targetVersion: targetVersion.replace(/^v/, '') }),
    namespaceMapping: Object.fromEntries(namespaceMapping.map((pair) => pair.split(':') as [string, string])),
  };
}

/** Does this run look so deep? */
export const isWithin = ({ level }: Pick<OperationCheck, 'level'>, asked: Level): boolean => levels.indexOf(level) <= levels.indexOf(asked);
