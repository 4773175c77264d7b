/** Pods, and all that makes pods, with given labels: what a selector of pods can mean. */
import { ago } from '../../health-check/objects.ts';

type Labels = Readonly<Record<string, string>>;

const object = (apiVersion: string, kind: string, name: string, rest: object, metadata: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', creationTimestamp: ago({ days: 30 }), ...metadata },
  ...rest,
});
const template = (labels: Labels) => ({ metadata: { labels }, spec: { containers: [] } });

/** By what it is: one object each, none of them with a pod. */
export const podMakers = (labels: Labels, name = 'web'): Readonly<Record<string, object>> => ({
  'a Deployment that is scaled to zero': object('apps/v1', 'Deployment', name, { spec: { replicas: 0, template: template(labels) } }),
  'a StatefulSet that is scaled to zero': object('apps/v1', 'StatefulSet', name, { spec: { replicas: 0, template: template(labels) } }),
  'a DaemonSet for which there is no node': object('apps/v1', 'DaemonSet', name, { spec: { template: template(labels) } }),
  'a ReplicaSet of zero': object('apps/v1', 'ReplicaSet', name, { spec: { replicas: 0, template: template(labels) } }),
  'a ReplicationController of zero': object('v1', 'ReplicationController', name, { spec: { replicas: 0, template: template(labels) } }),
  'a suspended Job': object('batch/v1', 'Job', name, { spec: { suspend: true, template: template(labels) } }),
  'a CronJob between two runs': object('batch/v1', 'CronJob', name, { spec: { jobTemplate: { spec: { template: template(labels) } } } }),
  'a PodTemplate': object('v1', 'PodTemplate', name, { template: template(labels) }),
});

export const podWith = (labels: Labels, namespace = 'shop', phase = 'Running') =>
  object('v1', 'Pod', 'web-1', { spec: {}, status: { phase } }, { labels, namespace });
