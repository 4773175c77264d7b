/** The Helm chart of infra/in-cluster, from the same declarations as the Kustomize bases: by default it renders to the same objects. */
import { Document, isMap, isScalar, stringify } from 'yaml';
import * as z from 'zod';
import type { Rule as CleanupRule } from '../../functions/cleanup/contracts.ts';
import { type Grant, readersGroup, roleAndBinding, writersGroup } from '../../functions/cluster/roles.ts';
import type { Declaration } from '../../functions/scan/contracts.ts';
import { declaredGrants, generated, labels } from './permissions.ts';
import { actingRules, baseGrant, undoGrant, writeGrant } from './write-permissions.ts';

const dnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const dnsLabelOrEmpty = z.string().regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$/);

/** What can be set; values.yaml and values.schema.json are made of it. @param rules ids of those that write */
const valuesOf = (rules: readonly string[]) =>
  z.strictObject({
    group: z
      .string()
      .min(1)
      .default(readersGroup)
      .describe('The group that may read: of an EKS access entry (kubernetesGroups), or of a client certificate (its O)'),
    secrets: z
      .strictObject({
        enabled: z.boolean().default(false).describe('The right to list Secrets too. By choice: who may list them may read their contents'),
      })
      .prefault({}),
    namespaces: z
      .array(dnsLabel)
      .meta({ uniqueItems: true })
      .default([])
      .describe(
        'Not empty: Roles in these namespaces in the place of ClusterRoles, for a cluster that nightshift.yaml looks at by namespace alone',
      ),
    serviceAccount: z
      .strictObject({
        create: z.boolean().default(false).describe('For a kubeconfig with a token: create a ServiceAccount and bind it beside the group'),
        name: dnsLabelOrEmpty
          .default('')
          .describe('Its name; nightshift unless told. Given without create: one that is there already is bound'),
        namespace: dnsLabelOrEmpty.default('').describe('Its namespace; the release’s unless told'),
        token: z
          .boolean()
          .default(false)
          .describe('With create: a Secret with a token that does not expire, until the release is uninstalled'),
      })
      .prefault({}),
    write: z
      .strictObject({
        rules: z
          .array(z.enum(rules))
          .meta({ uniqueItems: true })
          .default([])
          .describe(`What cleanup may delete or change, rule by rule; none unless told. There are ${rules.join(', ')}`),
        undo: z.boolean().default(false).describe('The right to give back what they delete or change: npx nightshift undo'),
        group: z
          .string()
          .min(1)
          .default(writersGroup)
          .describe('The group that may write: another identity than the one that reads, as an access entry or a certificate of its own'),
      })
      .prefault({}),
    // Helm hands it to every chart that is part of another.
    global: z.looseObject({}).optional(),
  });

/** The files of the chart, by path below infra/in-cluster. `version`: of Nightshift; `cleanup`: its rules, of which those that write get roles. */
export const inClusterChart = (
  checks: readonly Declaration[],
  cleanup: readonly CleanupRule[],
  version: string,
): ReadonlyMap<string, string> => {
  const writing = actingRules(cleanup);
  const values = valuesOf(writing.map(({ id }) => id));
  const { base, secrets, inNamespace, secretsInNamespace } = declaredGrants(checks);
  const file = (path: string, text: string): [string, string] => [`chart/${path}`, text];
  return new Map([
    file('Chart.yaml', chartFile(version)),
    file('values.yaml', valuesFile(values)),
    file('values.schema.json', `${JSON.stringify(z.toJSONSchema(values, { target: 'draft-7', io: 'input' }), null, 2)}\n`),
    file('templates/_subjects.tpl', subjects),
    file('templates/read.yaml', `${templateHead}${eitherOr(documents(base), inEachNamespace(inNamespace, base))}`),
    file(
      'templates/read-secrets.yaml',
      `${templateHead}{{- if .Values.secrets.enabled }}\n${eitherOr(documents([secrets]), inEachNamespace(secretsInNamespace, []))}{{- end }}\n`,
    ),
    file('templates/write.yaml', `${templateHead}${write(writing)}`),
    file('templates/service-account.yaml', `${templateHead}${serviceAccount}`),
    file('templates/NOTES.txt', notes),
  ]);
};

const chartFile = (version: string): string =>
  generated +
  stringify({
    apiVersion: 'v2',
    name: 'nightshift',
    description: 'Roles by which a cluster’s owner lets Nightshift read it; nothing runs in the cluster',
    type: 'application',
    version,
    appVersion: version,
  });

/** The defaults, each with what it is for above it. */
const valuesFile = (values: ReturnType<typeof valuesOf>): string => {
  const document = new Document(values.parse({}));
  comment(document.contents, values);
  return `${generated}${document.toString({ lineWidth: 0 })}`;
};

const comment = (node: unknown, schema: z.ZodType): void => {
  const inner = schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!isMap(node) || !(inner instanceof z.ZodObject)) return;
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    const field: unknown = inner.shape[String(key.value)];
    if (!(field instanceof z.ZodType)) continue;
    if (field.description) key.commentBefore = ` ${field.description}`;
    comment(value, field);
  }
};

const templateHead = '{{- /* Generated by npm run generate from the declarations of the checks: do not edit. */}}\n';
const namespaceMark = 'NAMESPACE-OF-THE-LOOP';

/** Static YAML, but for the subjects. */
const documents = (grants: readonly Grant[], whom = 'subjects'): string =>
  grants
    .flatMap((grant) => roleAndBinding(grant))
    .map(
      (object) =>
        `---\n${stringify('subjects' in object ? { ...object, subjects: undefined } : object)}${'subjects' in object ? subjectsCall(whom) : ''}`,
    )
    .join('');
const subjectsCall = (whom: string) => `subjects:\n  {{- include "nightshift.${whom}" $ | nindent 2 }}\n`;

const eitherOr = (clusterWide: string, byNamespace: string): string =>
  `{{- if not .Values.namespaces }}\n${clusterWide}{{- else }}\n${byNamespace}{{- end }}\n`;

/** One Role and binding in each of the namespaces; `base` has what is read in one namespace alone, such as Leases in kube-system. */
const inEachNamespace = (grant: Grant, base: readonly Grant[]): string => {
  const [role = '', binding = ''] = documents([{ ...grant, namespace: namespaceMark }])
    .replaceAll(namespaceMark, '{{ . | quote }}')
    .split(/(?<=\n)(?=---\n)/);
  const more = base.filter(({ namespace }) => namespace !== undefined);
  const ruleOfOne = ({ namespace, rules }: Grant) =>
    `{{- if eq . ${JSON.stringify(namespace)} }}\n${stringify(rules).replaceAll(/^(?=.)/gm, '  ')}{{- end }}\n`;
  return `{{- range .Values.namespaces }}\n${role}${more.map(ruleOfOne).join('')}${binding}{{- end }}\n`;
};

/** Plans are made of a whole cluster, which alone can be told from another: looked at by namespace nothing is ever applied to it. */
const write = (rules: readonly CleanupRule[]): string => {
  const when = (condition: string, grant: Grant) => `{{- if ${condition} }}\n${documents([grant], 'writers')}{{- end }}\n`;
  const refusal = 'write: what is looked at by namespace alone is never written to; leave out namespaces, or write';
  return [
    '{{- if or .Values.write.rules .Values.write.undo }}\n',
    `{{- if .Values.namespaces }}\n{{- fail ${JSON.stringify(refusal)} }}\n{{- end }}\n`,
    documents([baseGrant()], 'writers'),
    ...rules.map((rule) => when(`has ${JSON.stringify(rule.id)} .Values.write.rules`, writeGrant(rule))),
    when('.Values.write.undo', undoGrant(rules)),
    '{{- end }}\n',
  ].join('');
};

const subjects = `${templateHead}
{{- define "nightshift.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default "nightshift" }}
{{- end }}

{{- define "nightshift.serviceAccountNamespace" -}}
{{ .Values.serviceAccount.namespace | default .Release.Namespace }}
{{- end }}

{{- define "nightshift.subjects" -}}
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: {{ .Values.group | quote }}
{{- if or .Values.serviceAccount.create .Values.serviceAccount.name }}
- kind: ServiceAccount
  namespace: {{ include "nightshift.serviceAccountNamespace" . | quote }}
  name: {{ include "nightshift.serviceAccountName" . | quote }}
{{- end }}
{{- end }}

{{- define "nightshift.writers" -}}
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: {{ .Values.write.group | quote }}
{{- end }}
`;

const labelled = stringify({ labels }).replaceAll(/^(?=.)/gm, '  ');
const serviceAccount = `{{- if .Values.serviceAccount.create }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "nightshift.serviceAccountName" . | quote }}
  namespace: {{ include "nightshift.serviceAccountNamespace" . | quote }}
${labelled}automountServiceAccountToken: false
{{- if .Values.serviceAccount.token }}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: {{ printf "%s-token" (include "nightshift.serviceAccountName" .) | quote }}
  namespace: {{ include "nightshift.serviceAccountNamespace" . | quote }}
${labelled}  annotations:
    kubernetes.io/service-account.name: {{ include "nightshift.serviceAccountName" . | quote }}
{{- end }}
{{- end }}
`;

const notes = `The group {{ .Values.group }} may read
{{- if .Values.namespaces }} the namespaces {{ join ", " .Values.namespaces }}{{ else }} the cluster{{ end }}
{{- if .Values.secrets.enabled }}, Secrets included{{ else }}, but no Secrets (secrets.enabled){{ end }}.

Who is in it:
  EKS          aws eks create-access-entry --cluster-name CLUSTER --principal-arn ROLE --kubernetes-groups {{ .Values.group }}
  certificate  one whose O is {{ .Values.group }}
{{- if or .Values.serviceAccount.create .Values.serviceAccount.name }}

The ServiceAccount {{ include "nightshift.serviceAccountNamespace" . }}/{{ include "nightshift.serviceAccountName" . }} may read too.
{{- if and .Values.serviceAccount.create .Values.serviceAccount.token }} Its token, for a kubeconfig:
  kubectl get secret -n {{ include "nightshift.serviceAccountNamespace" . }} {{ include "nightshift.serviceAccountName" . }}-token -o jsonpath='{.data.token}' | base64 -d
{{- end }}
{{- end }}
{{- if or .Values.write.rules .Values.write.undo }}

The group {{ .Values.write.group }} may write{{ if .Values.write.rules }}, for {{ join ", " .Values.write.rules }}{{ end }}{{ if .Values.write.undo }}; it may undo{{ end }}.
It is no other than the one that write of nightshift.yaml names: give that role its own access entry, or that kubeconfig its own certificate.
{{- end }}

Does it work: npx nightshift connect --kubeconfig FILE (or --cluster NAME of nightshift.yaml)
`;
