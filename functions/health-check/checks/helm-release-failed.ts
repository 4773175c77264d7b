import * as z from 'zod';
import { metadataOf, secrets } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refTo } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, startedAt, timeOf } from '../age.ts';

interface Revision {
  readonly secret: Ref;
  readonly number: number;
  readonly status: string;
  /** When Helm last wrote it, in ms. */
  readonly modified: number | undefined;
}
interface Release {
  /**
   * The release as one thing from revision to revision: its Secrets change their names with each, and a fingerprint must not. No such kind is
   * served by a cluster; the newest Secret is the finding's member.
   */
  readonly object: Ref;
  newest: Revision;
  /** The newest revision that is deployed. */
  deployed?: number;
}

const interrupted = new Set(['pending-install', 'pending-upgrade', 'pending-rollback', 'uninstalling']);

/** Helm's own label, in seconds since 1970: pkg/storage/driver/secrets.go */
const secondsOf = (label: string | null | undefined): number | undefined =>
  label && /^\d{1,12}$/.test(label) ? Number(label) * 1000 : undefined;

export default defineCheck({
  id: 'helm-release-failed',
  title: 'Helm releases that failed or were left half way',
  why: 'What is deployed is not what the chart says, and Helm refuses to touch a release that it believes to be at work.',
  upstream: 'https://helm.sh/docs/helm/helm_status/',
  reads: { releases: { ...metadataOf(secrets), labels: 'owner=helm', sensitive: true } },
  options: z.strictObject({
    pendingMinutes: z
      .number()
      .min(0)
      .default(30)
      .describe('Leave releases alone that are being installed, upgraded or rolled back for less than this'),
  }),
  start({ options, now, emit }) {
    const releases = new Map<string, Release>();
    return {
      see: {
        releases({ metadata }) {
          const labels = metadata?.labels ?? {};
          const number = Number(labels.version);
          if (labels.owner !== 'helm' || !labels.name || !labels.status || !Number.isInteger(number)) return;
          const key = `${metadata?.namespace}/${labels.name}`;
          const modified = secondsOf(labels.modifiedAt) ?? secondsOf(labels.createdAt) ?? timeOf(metadata?.creationTimestamp);
          const revision = { secret: refTo(secrets, metadata), number, status: labels.status, modified };
          const object = { apiVersion: 'helm.sh/v1', kind: 'HelmRelease', namespace: metadata?.namespace ?? '', name: labels.name };
          const release: Release = releases.get(key) ?? { object, newest: revision };
          // Older revisions keep what they were, failures too: they say nothing of today (kube-no-trouble #469).
          if (number > release.newest.number) release.newest = revision;
          if (labels.status === 'deployed' && number > (release.deployed ?? 0)) release.deployed = number;
          releases.set(key, release);
        },
      },
      finish() {
        for (const { object, newest, deployed } of releases.values()) {
          const { number, status, modified, secret } = newest;
          const isInterrupted = interrupted.has(status) && isOlder(modified, minutes(options.pendingMinutes), now);
          if (status !== 'failed' && !isInterrupted) continue;
          const still = deployed === undefined ? 'no revision is deployed' : `revision ${deployed} is still the one deployed`;
          const long = forHowLong(modified, now);
          const commands = [`helm -n ${object.namespace} history ${object.name}`];
          if (deployed !== undefined) commands.push(`helm -n ${object.namespace} rollback ${object.name} ${deployed}`);
          else if (status === 'uninstalling') commands.push(`helm -n ${object.namespace} uninstall ${object.name}`);
          else if (isInterrupted) commands.push(`helm -n ${object.namespace} uninstall ${object.name}, and install it again`);
          emit({
            object,
            severity: 'warning',
            message: !isInterrupted
              ? `revision ${number} failed; ${still}`
              : status === 'uninstalling'
                ? `revision ${number} has been uninstalling${long}: what is left of it stays in the cluster`
                : `revision ${number} has been ${status}${long}, so Helm refuses the next upgrade; ${still}`,
            remedy: commands.join(', then '),
            ...startedAt(modified),
            members: [secret],
            details: { revision: number, status },
          });
        }
      },
    };
  },
});
