import * as z from 'zod';
import { inWords } from '../../health-check/age.ts';
import type { Severity } from '../../scan/contracts.ts';
import { startedAt } from '../../velero/backup.ts';
import type { BucketFacts, LifecycleRule } from '../../velero/bucket/bucket-facts.ts';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { bucketOf, day, foldersOf, known, longestKept, reach } from '../inventory/bucket.ts';

/** What a GET refuses until somebody thaws it; GLACIER_IR, the infrequent-access classes and INTELLIGENT_TIERING answer at once. */
const archives = ['GLACIER', 'DEEP_ARCHIVE'];

/** What a rule does to the current version of an object, and when: so many days after it was written, or on a day. */
interface Effect {
  readonly does: 'deletes' | 'archives';
  readonly days?: number;
  readonly date?: string;
}

export default defineLocationCheck({
  id: 'bucket-lifecycle',
  title: 'Lifecycle rules that take backups away',
  why: 'Velero deletes by itself when a backup’s time is up. A rule by age takes repositories’ blobs that tonight’s backup still needs, or archives what a restore then cannot read, and no backup says so.',
  upstream: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.lifecycle],
  options: z.strictObject({
    allow: z.array(z.string().min(1)).default([]).describe('Ids of rules that are meant as they are'),
  }),
  look(pass) {
    const facts = bucketOf(pass);
    const lifecycle = known(pass, facts.lifecycle);
    if (lifecycle?.state !== 'set') return;
    for (const rule of lifecycle.value) {
      if (!rule.enabled || pass.options.allow.includes(rule.id ?? '')) continue;
      for (const effect of effectsOf(rule)) lookAt(pass, facts, rule, effect);
    }
  },
});

/** Rules for noncurrent versions alone have none. Of several archives the first. */
function effectsOf({ expirationDays, expirationDate, transitions }: LifecycleRule): readonly Effect[] {
  const expires = expirationDays !== undefined || expirationDate !== undefined;
  const archived = transitions.filter(({ storageClass }) => archives.includes(storageClass));
  const [first] = archived.toSorted((one, other) => (one.days ?? 0) - (other.days ?? 0));
  return [
    ...(expires ? [effectOf('deletes', expirationDays, expirationDate)] : []),
    ...(first ? [effectOf('archives', first.days, first.date)] : []),
  ];
}

const effectOf = (does: Effect['does'], days: number | undefined, date: string | undefined): Effect => ({
  does,
  ...(days !== undefined && { days }),
  ...(date !== undefined && { date }),
});

function lookAt(pass: CheckPass, facts: BucketFacts, rule: LifecycleRule, effect: Effect): void {
  for (const { name, key } of foldersOf(facts, pass.location.topFolders)) {
    const reached = reach(rule.prefix, key);
    if (reached === 'none') continue;
    const hurt = name === 'backups' ? ofBackups(pass, rule, effect, key) : ofRepository(effect);
    if (!hurt) continue;
    const narrowed = rule.narrowed ? ', as far as its tags or sizes reach' : '';
    const what = reached === 'all' ? `${name}/` : `what begins with ${rule.prefix}`;
    pass.emit({
      object: pass.location.object,
      subject: `${rule.id ?? rule.prefix} ${effect.does} ${name}`,
      severity: gravityOf(rule, effect, hurt.severity, pass.now),
      message: `lifecycle rule ${rule.id ?? `for ${rule.prefix || 'everything'}`} ${effect.does} ${what} ${whenOf(effect)}${narrowed}: ${hurt.so}`,
      remedy: `turn the rule off, or give it a prefix that reaches nothing of Velero’s (what it does to noncurrent versions may stay): aws s3api get-bucket-lifecycle-configuration --bucket ${facts.bucket}`,
    });
  }
}

/** What is so far off (ms) is to be mended, and wakes nobody. */
const farOff = 1000 * day;

/** Kopia and restic give no tags, and Velero only those that its location asks for: a rule for tags is mostly meant for others. */
function gravityOf({ narrowed, byTags }: LifecycleRule, { days, date }: Effect, severity: Severity, now: number): Severity {
  if (byTags) return 'info';
  const isFar = (days ?? 0) * day > farOff || (date !== undefined && Date.parse(date) - now > farOff);
  return severity === 'critical' && (narrowed || isFar) ? 'warning' : severity;
}

const whenOf = ({ days, date }: Effect): string =>
  days !== undefined ? `${inWords(days * day)} after it was written` : `on ${date?.slice(0, 10) ?? 'a day'}`;

interface Hurt {
  readonly severity: Severity;
  readonly so: string;
}

/** Backups share blobs: one that was written with the first backup may be needed by the newest. */
const ofRepository = ({ does }: Effect): Hurt => ({
  severity: 'critical',
  so:
    does === 'deletes'
      ? 'newer backups share what older ones wrote, so the data of volumes goes missing from all of them'
      : 'no volume is restored, and none backed up, until all of it is thawed',
});

function ofBackups(
  { location, now }: CheckPass,
  { prefix }: LifecycleRule,
  { does, days, date }: Effect,
  folder: string,
): Hurt | undefined {
  const touched = location.backups.filter(({ name }) => reach(prefix, `${folder}${name}/`) !== 'none');
  const longest = longestKept(touched);
  // Where no backup says how long it is kept, nothing is known to be taken too soon.
  if (!longest) return undefined;
  const kept = `${longest.backup.name} is to be kept for ${inWords(longest.lifetime)}`;
  if (date !== undefined) {
    const from = `from then on everything goes, whatever its age, and ${kept}`;
    return { severity: 'critical', so: does === 'deletes' ? from : `${kept}, and ${thawing}` };
  }
  const age = (days ?? 0) * day;
  if (age >= longest.lifetime) return undefined;
  if (does === 'deletes') return { severity: 'critical', so: kept };
  const newest = location.schedules.flatMap(({ newestUsable }) => newestUsable ?? []).filter((backup) => touched.includes(backup));
  const isReached = newest.some((backup) => now - startedAt(backup) >= age);
  return { severity: isReached ? 'critical' : 'warning', so: `${kept}, and ${thawing}` };
}

const thawing = 'Velero reads nothing that is archived: a restore waits for hours until somebody has thawed it';
