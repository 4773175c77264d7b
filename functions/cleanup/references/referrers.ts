/** Who may refer to what: the reads of the rules about unused objects, and how each is looked at. */
import {
  apiServices,
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  controllerRevisions,
  cronJobs,
  customResourceDefinitions,
  daemonSets,
  deployments,
  ingressClasses,
  ingresses,
  jobs,
  metadataOf,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicaSets,
  replicationControllers,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  storageClasses,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
} from '../../cluster/kinds.ts';
import type { Pass, Read } from '../../scan/contracts.ts';
import { noteBinding, noteRole } from './access.ts';
import { noteCustomResource } from './custom-resource.ts';
import {
  noteClaim,
  noteConfigMap,
  noteIngress,
  noteIngressClass,
  noteInjected,
  noteNode,
  notePolicyBinding,
  noteService,
  noteServiceAccount,
  noteTokenSecret,
} from './objects.ts';
import { noteControllerRevision, noteCronJob, notePod, notePodTemplate, noteStatefulSet, noteWorkload } from './pod-templates.ts';
import { type ReferenceSet, references } from './reference-set.ts';
import { noteParameters, noteSnapshotClass, noteVolume, storageSecrets, type TemplatedSecrets } from './volumes.ts';

/** What is gathered over one scan. */
export interface Gathered {
  readonly references: ReferenceSet;
  readonly templated: TemplatedSecrets;
}
export const gathered = ({ shared }: Pick<Pass<never, never, never>, 'shared'>): Gathered => ({
  references: shared(references),
  templated: shared(storageSecrets),
});

/** One kind that may refer to others. */
export interface Referrer {
  readonly read: Read;
  readonly note: (object: unknown, gathered: Gathered) => void;
}
export type Referrers = Readonly<Record<string, Referrer>>;

const by = (read: Read, note: (object: unknown, references: ReferenceSet) => void): Referrer => ({
  read,
  note: (object, { references: found }) => note(object, found),
});
/** Needed where it is served: older clusters have none. */
const whereServed = (read: Read): Read => ({ ...read, whereServed: true });

/** Every pod and every template of pods, and what may name any kind. */
export const commonReferrers: Referrers = {
  pods: by(pods, notePod),
  deployments: by(deployments, noteWorkload),
  statefulSets: by(statefulSets, noteStatefulSet),
  daemonSets: by(daemonSets, noteWorkload),
  replicaSets: by(replicaSets, noteWorkload),
  jobs: by(jobs, noteWorkload),
  cronJobs: by(cronJobs, noteCronJob),
  replicationControllers: by(replicationControllers, noteWorkload),
  podTemplates: by(podTemplates, notePodTemplate),
  controllerRevisions: by(controllerRevisions, noteControllerRevision),
  roles: by(roles, noteRole),
  clusterRoles: by(clusterRoles, noteRole),
  configMaps: by(configMaps, noteConfigMap),
  claims: {
    read: persistentVolumeClaims,
    note: (object, { references: found, templated }) => {
      noteClaim(object, found);
      templated.noteClaim(object);
    },
  },
};

/** What names ConfigMaps or Secrets beside pods. */
const configurationReferrers: Referrers = {
  ingresses: by(ingresses, noteIngress),
  ingressClasses: by(ingressClasses, noteIngressClass),
  services: by(services, noteService),
  validatingPolicyBindings: by(whereServed(validatingAdmissionPolicyBindings), notePolicyBinding),
  mutatingPolicyBindings: by(whereServed(mutatingAdmissionPolicyBindings), notePolicyBinding),
};

export const configMapReferrers: Referrers = {
  ...commonReferrers,
  ...configurationReferrers,
  nodes: by(nodes, noteNode),
};

export const secretReferrers: Referrers = {
  ...commonReferrers,
  ...configurationReferrers,
  serviceAccounts: by(serviceAccounts, noteServiceAccount),
  volumes: by(persistentVolumes, noteVolume),
  storageClasses: {
    read: storageClasses,
    note: (object, { references: found, templated }) => {
      noteParameters(object, found);
      templated.noteClass(object);
    },
  },
  validatingWebhooks: by(metadataOf(validatingWebhookConfigurations), noteInjected),
  mutatingWebhooks: by(metadataOf(mutatingWebhookConfigurations), noteInjected),
  apiServices: by(metadataOf(apiServices), noteInjected),
  definitions: by(metadataOf(customResourceDefinitions), noteInjected),
};

export const serviceAccountReferrers: Referrers = {
  ...commonReferrers,
  roleBindings: by(roleBindings, noteBinding),
  clusterRoleBindings: by(clusterRoleBindings, noteBinding),
  // The annotation is enough: no token is asked for.
  tokenSecrets: by({ ...metadataOf(secrets), sensitive: true, fields: 'type=kubernetes.io/service-account-token' }, noteTokenSecret),
};

/** Of a resource that only discovery knows. */
export const customReferrer = (read: Read): Referrer => {
  const note = (object: unknown, found: ReferenceSet) => noteCustomResource(read.group, read.kind, object, found);
  if (read.group !== 'snapshot.storage.k8s.io' || read.kind !== 'VolumeSnapshotClass') return by(read, note);
  return by(read, (object, found) => {
    note(object, found);
    noteParameters(object, found);
    noteSnapshotClass(object, found);
  });
};
