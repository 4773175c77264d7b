import * as z from 'zod';
import { type ApiAnswer, apiLife, apiLives, apiVersionOf, kubernetesMinor, servedBy } from '../../cluster/api-lifecycle.ts';
import type { Ref, Severity } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../../velero/archive/archive-facts.ts';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { annotationsOf, fieldsAt, itemsOf, nameOf, placeOf, refOf } from '../restorability/fields.ts';
import { standingOf } from '../restorability/gravity.ts';
import { isRestored } from '../restorability/restored.ts';

/** The objects of one version and kind. */
interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly answer: ApiAnswer;
  count: number;
  /** Of these, those that a controller makes again. */
  recreated: number;
  readonly examples: Ref[];
}

/** The Kubernetes that is restored into. */
interface Target {
  readonly minor: number;
  /** It was asked for; else it is the cluster that the backup is of, which served what is in it. */
  readonly isGiven: boolean;
}

const mostExamples = 5;

export default defineArchiveCheck({
  id: 'backup-api-versions',
  title: 'Backup in API versions that the target does not serve',
  why: 'Velero restores each object in the version that it was backed up in; where the target no longer serves it, the object is refused, and the application comes back without it.',
  upstream: 'https://velero.io/docs/v1.18/enable-api-group-versions-feature/',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const target = targetOf(opened, pass);
    if (target === undefined) return {};
    const stored = new Map<string, Stored>();
    const ofDefinitions = new Set<string>();
    return {
      see(object) {
        if (groupResource(object) === 'customresourcedefinitions.apiextensions.k8s.io') noteDefinition(object, ofDefinitions);
        const key = `${object.apiVersion}/${object.kind}`;
        const known = stored.get(key);
        const { apiVersion, kind } = object;
        const of = known ?? { apiVersion, kind, answer: servedBy(apiVersion, kind, target.minor), count: 0, recreated: 0, examples: [] };
        if (known === undefined) stored.set(key, of);
        if (isFine(of, target) || !isRestored(object)) return;
        of.count += 1;
        if (isRecreated(object)) of.recreated += 1;
        if (of.examples.length < mostExamples) of.examples.push(refOf(object));
      },
      async finish(end) {
        const whole = !isNotWhole(end, opened, pass);
        const suspects = [...stored.values()].filter(
          ({ apiVersion, kind, count }) => count > 0 && !ofDefinitions.has(`${apiVersion.split('/')[0]}/${kind}`),
        );
        for (const suspect of suspects) await tell({ ...suspect, target, whole }, opened, pass);
        if (suspects.length > 0 || !whole) return;
        pass.mark(opened.backup.name, 'ok', `Kubernetes 1.${target.minor} serves every version of its API that is in it`);
      },
    };
  },
});

function targetOf({ backup, metadata }: OpenedBackup, pass: CheckPass): Target | undefined {
  const { targetVersion, location } = pass;
  const version = targetVersion ?? location.cluster.version ?? metadata.kubernetesVersion;
  const minor = version === undefined ? undefined : kubernetesMinor(version);
  if (minor !== undefined) return { minor, isGiven: targetVersion !== undefined };
  const reason =
    version === undefined
      ? 'neither the backup nor its cluster says which Kubernetes it is restored into'
      : `${version} is no version of Kubernetes that is known`;
  pass.unknown({ backup: backup.name, reason, remedy: 'name the Kubernetes that is to be restored into: targetVersion, such as 1.37' });
  return undefined;
}

/** What a definition serves is not Kubernetes' own, even where group and kind are (PodGroup of a scheduler that brings its own). */
function noteDefinition({ body }: ArchivedObject, ofDefinitions: Set<string>): void {
  const spec = fieldsAt(body, 'spec');
  const group = nameOf(spec.group);
  const kind = nameOf(fieldsAt(spec, 'names').kind);
  if (group !== undefined && kind !== undefined) ofDefinitions.add(`${group}/${kind}`);
}

function isFine({ answer: { state, offByDefault }, apiVersion, kind }: Stored, { isGiven }: Target): boolean {
  if (state === 'removed' || state === 'not-yet') return false;
  // A custom resource's versions are the business of its definition. What is Kubernetes' own and unknown is too new for the table.
  if (state === 'unknown') return apiLife(apiVersion, kind) === undefined;
  // The cluster that the backup is of had it turned on.
  return !(offByDefault && isGiven);
}

/** Made again by whatever made it: EndpointSlices, a Deployment's ReplicaSets, leases, the API server's own FlowSchemas. */
function isRecreated(object: ArchivedObject): boolean {
  if (object.kind === 'Lease' || annotationsOf(object)['apf.kubernetes.io/autoupdate-spec'] === 'true') return true;
  return itemsOf(fieldsAt(object.body, 'metadata').ownerReferences).some(({ controller }) => controller === true);
}

interface Suspect extends Stored {
  readonly target: Target;
  readonly whole: boolean;
}

async function tell(suspect: Suspect, opened: OpenedBackup, pass: CheckPass): Promise<void> {
  const { apiVersion, kind, answer, count, examples, target, whole } = suspect;
  const { name } = opened.backup;
  const kubernetes = `Kubernetes 1.${target.minor}`;
  if (answer.state === 'unknown') {
    const reason = `whether ${kubernetes} serves ${apiVersion} ${kind} is not known: the table of API versions ends at ${apiLives.newest}`;
    return pass.unknown({ backup: name, reason, remedy: 'ask a cluster of that version: kubectl api-resources' });
  }
  const copies = await otherVersion(suspect, opened);
  const { fault, remedy } = copies ? restoredFrom(copies) : faultOf(suspect, name);
  pass.emit({
    object: pass.about(opened.backup),
    subject: `${apiVersion} ${kind}`,
    severity: copies ? 'info' : severityOf(suspect, opened),
    message: `${whole ? '' : 'at least '}${count === 1 ? '1 object is' : `${count} objects are`} stored as ${apiVersion} ${kind}, which ${kubernetes} ${fault}`,
    remedy,
    members: examples,
    details: { objects: count, targetVersion: `1.${target.minor}` },
    backup: name,
  });
}

const restoredFrom = (copies: string): { readonly fault: string; readonly remedy: string } => ({
  fault: `does not serve; copies of ${copies} lie in the backup`,
  remedy: 'restore with a Velero server that was started with --features=EnableAPIGroupVersions: it takes the version that is served',
});

function faultOf(
  { answer: { state, since, replacement, offByDefault }, target, count }: Suspect,
  backup: string,
): { readonly fault: string; readonly remedy: string } {
  const lost = `a restore leaves ${count === 1 ? 'it' : 'them'} out`;
  if (state === 'not-yet') {
    return {
      fault: `does not serve yet (before ${since}): ${lost}`,
      remedy: `restore into Kubernetes ${since} or newer`,
    };
  }
  if (offByDefault) {
    return {
      fault: 'serves only where --runtime-config turns it on',
      remedy: 'turn it on in the cluster that is restored into, as it was where the backup is from',
    };
  }
  const older = `restore into a Kubernetes before ${since}`;
  const fault = `no longer serves (since ${since}): ${lost}`;
  if (replacement === undefined) return { fault, remedy: `1.${target.minor} has nothing in its place: do without them, or ${older}` };
  const instead = `${apiVersionOf(replacement)} ${replacement.kind}`;
  return { fault, remedy: `velero backup download ${backup}, rewrite them as ${instead} and apply them after the restore; or ${older}` };
}

function severityOf({ answer: { state, replacement }, count, recreated }: Suspect, opened: OpenedBackup): Severity {
  if (count === recreated) return 'info';
  // What is off by default may have been turned on. What nothing took the place of (PodSecurityPolicy) is not missed by what else is restored.
  const isMissed = state === 'not-yet' || (state === 'removed' && replacement !== undefined);
  return isMissed && standingOf(opened).isNewest ? 'critical' : 'warning';
}

/**
 * The version, if any, that the same objects were stored in as well and that the target serves: with the feature EnableAPIGroupVersions the list
 * names each under every version. One that lacks the stored version is of a backup without it (actions such as RemapCRDVersion change objects
 * after they were listed).
 */
async function otherVersion(
  { apiVersion, kind, count, examples, target }: Suspect,
  { companions }: OpenedBackup,
): Promise<string | undefined> {
  const list = await companions.resourceList();
  if (list.state !== 'read') return undefined;
  const isListed = (items: readonly string[]): boolean => {
    const places = new Set(items);
    return places.size >= count && examples.every((example) => places.has(placeOf(example)));
  };
  if (!isListed(list.value[`${apiVersion}/${kind}`] ?? [])) return undefined;
  const group = apiLife(apiVersion, kind)?.group;
  return apiLives.lives
    .filter((life) => life.kind === kind && life.group === group)
    .map(apiVersionOf)
    .filter((other) => other !== apiVersion && isListed(list.value[`${other}/${kind}`] ?? []))
    .find((other) => {
      const { state, offByDefault } = servedBy(other, kind, target.minor);
      return (state === 'served' || state === 'deprecated') && !offByDefault;
    });
}
