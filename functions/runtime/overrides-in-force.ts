/** Which overrides count in this run: those of config/overrides.yaml, or the last good ones. */
import { clean } from '../cluster/clean.ts';
import type { OverridesFacts } from '../report/build-report.ts';
import type { ReportStore } from '../report/store/report-store.ts';
import type { Storage, StoredText } from '../report/store/storage.ts';
import { pointInTime } from '../report/wording.ts';
import { describeOverrides, overridingOptions } from './lay-overrides.ts';
import type { Operation } from './operation.ts';
import type { Overrides } from './overrides.ts';
import type { Underneath } from './read-overrides.ts';

/** What is laid over the configuration, with what the report says of it. */
export interface LaidOver {
  /** None where there is no such file, or never was a good one. */
  readonly overrides?: Overrides;
  readonly facts: OverridesFacts;
}

export interface OverridesContext {
  readonly storage: Storage;
  readonly store: Pick<ReportStore, 'remembered' | 'remember'>;
  readonly operation: Operation;
  readonly cluster: string;
  readonly configuration: Underneath;
  readonly now: Date;
  readonly warn: (message: string) => void;
}

/** The last good text, as it is kept in the state of a cluster and operation. */
interface LastGood extends StoredText {
  /** When a run first read it (RFC 3339). */
  readonly since: string;
}
/** The file's key beside the reports, in a bucket and in a folder. */
const overridesKey = 'config/overrides.yaml';
const stateName = 'overrides';
/** The text is kept with the marks of what was sent, and read at each run. */
const mostBytes = 65_536;
const mistakesTold = 5;
const mistakeLength = 400;

type Problem = NonNullable<OverridesFacts['problem']>;
type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'good'; readonly overrides: Overrides; readonly text: LastGood }
  | { readonly kind: 'broken' | 'unread'; readonly why: string };

/**
 * Looks the file up; one that is unchanged is not transferred. Broken or refused it is a problem for the report to tell, and the last good one
 * counts. Never throws.
 */
export async function overridesInForce(context: OverridesContext): Promise<LaidOver> {
  const file = `${context.storage.location}/${overridesKey}`;
  const last = await lastGood(context);
  const found = await lookUp(context, file, last);
  if (found.kind === 'none') {
    if (last) await keep(context, undefined);
    return { facts: { file } };
  }
  if (found.kind === 'good') {
    if (found.text.version !== last?.version || found.text.text !== last.text) await keep(context, found.text);
    return { overrides: found.overrides, facts: { file, inForce: inForce(context, file, found.overrides, found.text) } };
  }
  // Also what was good once may not fit a newer deployment.
  const before = last && (await parsed(context, file, last).catch(() => undefined));
  const facts: OverridesFacts = {
    file,
    problem: problemOf(found, file, before && last),
    ...(before && last && { inForce: inForce(context, file, before, last) }),
    ...(found.kind === 'unread' && { unread: found.why }),
  };
  return { ...(before && { overrides: before }), facts };
}

async function lookUp(context: OverridesContext, file: string, last: LastGood | undefined): Promise<Outcome> {
  let stored: StoredText | undefined;
  try {
    stored = await context.storage.read(overridesKey, { known: last, mostBytes });
  } catch (error) {
    return { kind: error instanceof Error && error.name === 'TooLong' ? 'broken' : 'unread', why: said(error) };
  }
  if (!stored) return { kind: 'none' };
  // By the text: what is put again as it was has another ETag where it is encrypted.
  const since = stored.text === last?.text ? last.since : context.now.toISOString();
  try {
    return { kind: 'good', overrides: await parsed(context, file, stored), text: { text: stored.text, version: stored.version, since } };
  } catch (error) {
    return { kind: 'broken', why: said(error) };
  }
}

async function parsed({ operation, configuration }: OverridesContext, file: string, { text }: StoredText): Promise<Overrides> {
  const { readOverrides } = await import('./read-overrides.ts');
  return readOverrides(text, file.slice(file.lastIndexOf(overridesKey)), operation, configuration);
}

const inForce = ({ cluster, operation }: OverridesContext, file: string, overrides: Overrides, { since }: LastGood) => ({
  file,
  since,
  says: describeOverrides(overridingOptions(overrides, cluster, operation.name), overrides),
});

/** The mistakes, one a line in the error, in one line; an error of AWS by its name. */
function said(error: unknown): string {
  if (!(error instanceof Error)) return clean(String(error));
  const lines = error.message.split('\n').map((line) => (line.length > mistakeLength ? `${line.slice(0, mistakeLength - 1)}…` : line));
  const more = lines.length - mistakesTold;
  const told = [...lines.slice(0, mistakesTold), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  return clean(['ConfigurationError', 'Error', 'TooLong'].includes(error.name) ? told : `${error.name}: ${told}`);
}

function problemOf(found: Extract<Outcome, { why: string }>, file: string, last: LastGood | undefined): Problem {
  const counts = last
    ? `the last good one, of ${pointInTime(last.since)}, counts`
    : 'no earlier one was good: the configuration counts as it was deployed';
  if (found.kind === 'broken') {
    const put = file.startsWith('s3://') ? `, then aws s3 cp overrides.yaml ${file}` : '';
    return {
      message: `is not understood, so that nothing of it counts: ${found.why}; ${counts}`,
      remedy: `mend what is named (docs/mutes.md says what may stand there)${put}`,
    };
  }
  const look = file.startsWith('s3://')
    ? 'it takes s3:GetObject on it and kms:Decrypt on the bucket’s key, which the stack grants: look for a policy that denies them'
    : `make it a file that can be read: ${file}`;
  return { message: `could not be read, so that a change of it is not known: ${found.why}; ${counts}`, remedy: look };
}

async function lastGood({ store, cluster, operation }: OverridesContext): Promise<LastGood | undefined> {
  const kept: unknown = await store.remembered(cluster, operation.name, stateName).catch(() => undefined);
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { text, version, since } = kept as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string' || typeof version !== 'string' || typeof since !== 'string') return undefined;
  return { text, version, since };
}

async function keep({ store, cluster, operation, warn }: OverridesContext, text: LastGood | undefined): Promise<void> {
  try {
    await store.remember(cluster, operation.name, stateName, text);
  } catch (error) {
    warn(`${overridesKey} counts, but is not remembered for a run that finds it broken: ${said(error)}`);
  }
}
