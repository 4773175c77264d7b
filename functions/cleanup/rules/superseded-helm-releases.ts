import * as z from 'zod';
import { configMaps, type Metadata, metadataOf, secrets } from '../../cluster/kinds.ts';
import { inWords, timeOf } from '../../health-check/age.ts';
import type { Read, Wire } from '../../scan/contracts.ts';
import { defineRule, proposed, ruleOptions } from '../contracts.ts';

/** One stored revision of a release. */
interface Revision {
  readonly number: number;
  readonly status: string;
  readonly known: NonNullable<ReturnType<typeof proposed>>;
  /** When Helm last wrote it, in ms: as it was superseded. */
  readonly modified: number | undefined;
}
interface Release {
  readonly name: string;
  readonly revisions: Revision[];
}

/** Helm's own labels, in seconds since 1970: pkg/storage/driver/secrets.go */
const secondsOf = (label: string | null | undefined): number | undefined =>
  label && /^\d{1,12}$/.test(label) ? Number(label) * 1000 : undefined;

/** As Helm 3 and later label them, and as Helm 2's Tiller did: pkg/storage/driver/{secrets,cfgmaps}.go of both. */
const labelsOf = (metadata: Wire<Metadata>['metadata']) => {
  const { owner, name, status, version, OWNER, NAME, STATUS, VERSION } = metadata?.labels ?? {};
  if (owner === 'helm') return { name, status, version };
  return OWNER === 'TILLER' ? { name: NAME, status: STATUS?.toLowerCase(), version: VERSION } : {};
};

export default defineRule({
  id: 'superseded-helm-releases',
  title: 'Helm release records beyond the history that is kept',
  why: 'Each holds a whole chart and its values: etcd grows, every list of Secrets gets slower, and old values with passwords stay readable.',
  upstream: 'https://helm.sh/docs/helm/helm_upgrade/',
  reads: { secrets: { ...metadataOf(secrets), labels: 'owner=helm', sensitive: true }, configMaps: metadataOf(configMaps) },
  options: ruleOptions({ enabled: true, minimumAgeHours: 168 }).extend({
    // The default of helm upgrade --history-max.
    revisions: z.number().int().min(1).default(10).describe('How many of the newest revisions of a release are left alone'),
  }),
  target: secrets,
  does: 'report',
  start({ options, now, emit }) {
    const releases = new Map<string, Release>();
    const note = (read: Read, { metadata }: Wire<Metadata>) => {
      const { name, status, version } = labelsOf(metadata);
      const number = Number(version);
      const known = proposed(read, metadata);
      if (!name || !status || !version || !Number.isSafeInteger(number) || number < 1 || !known) return;
      const { modifiedAt, createdAt, MODIFIED_AT, CREATED_AT } = metadata?.labels ?? {};
      const key = `${read.kind} ${metadata?.namespace} ${name}`;
      const release = releases.get(key) ?? { name, revisions: [] };
      releases.set(key, release);
      const times = [modifiedAt, MODIFIED_AT, createdAt, CREATED_AT].map(secondsOf);
      const modified = times.find((time) => time !== undefined) ?? timeOf(metadata?.creationTimestamp);
      release.revisions.push({ number, status, known, modified });
    };
    return {
      see: { secrets: (secret) => note(secrets, secret), configMaps: (configMap) => note(configMaps, configMap) },
      finish() {
        for (const { name, revisions } of releases.values()) {
          const inOrder = revisions.toSorted((a, b) => b.number - a.number);
          const newest = inOrder[0]?.number ?? 0;
          const oldestKept = inOrder[options.revisions - 1]?.number ?? 0;
          for (const { number, status, known, modified } of inOrder.slice(options.revisions)) {
            // A revision that is deployed or at work is never too old, whatever came after it; a failed one is what people look for.
            if (status !== 'superseded' || number >= oldestKept) continue;
            const long = modified === undefined ? '' : ` ${inWords(now - modified)} ago`;
            emit({
              ...known,
              reason: `revision ${number} of release ${name} was superseded${long}; ${options.revisions} newer ones are kept`,
              since: modified,
              facts: { release: name, revision: number, status, newestRevision: newest, revisions: revisions.length },
              risk: 'low',
              lost: [`the way back to revision ${number} by helm rollback`],
            });
          }
        }
      },
    };
  },
});
