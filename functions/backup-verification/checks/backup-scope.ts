import { matchesGlob } from 'node:path';
import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import type { ArchivedObject, ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import { isRecord } from '../../velero/archive/archived-object.ts';
import type { BackupSpec, LabelSelector } from '../../velero/backup.ts';
import { isNotWhole } from '../content/not-whole.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

const isAll = (filters: readonly string[]): boolean => filters.length === 0 || filters.includes('*');
const isPattern = (name: string): boolean => /[*?[]/.test(name);

/** Velero takes `*`, `?` and `[...]` in namespaces since 1.18 (pkg/util/wildcard/expand.go). */
const matches = (namespace: string, pattern: string): boolean =>
  isPattern(pattern) ? matchesGlob(namespace, pattern) : namespace === pattern;

const selectorsOf = ({ labelSelector, orLabelSelectors }: BackupSpec): readonly LabelSelector[] => [
  ...(labelSelector ? [labelSelector] : []),
  ...orLabelSelectors,
];

/** It asks for some kinds or labels only: a namespace may rightly have none of them. */
const isNarrowed = (spec: BackupSpec): boolean =>
  selectorsOf(spec).length > 0 || !isAll(spec.includedResources) || !isAll(spec.includedNamespaceScopedResources);

export default defineArchiveCheck({
  id: 'backup-scope',
  title: 'Namespaces and labels that were asked for and are not there',
  why: 'A backup that leaves out what it was made for is Completed all the same.',
  upstream: 'https://velero.io/docs/main/resource-filtering/',
  level: 'content',
  reads: {},
  options: z.strictObject({
    examples: z.number().int().min(1).max(50).default(5).describe('How many of the namespaces to name'),
  }),
  start(opened, pass) {
    const selectors = selectorsOf(opened.metadata.spec);
    const selected = selectors.map(() => 0);
    const namespaceObjects = new Set<string>();
    return {
      see(object: ArchivedObject) {
        if (object.resource === 'namespaces' && object.group === '') namespaceObjects.add(object.name);
        if (selectors.length === 0) return;
        const labels = labelsOf(object);
        selectors.forEach((selector, index) => {
          if (selects(selector, labels)) selected[index] = (selected[index] ?? 0) + 1;
        });
      },
      finish(end) {
        if (isNotWhole(end, opened, pass)) return;
        const voice = backupVoice(pass);
        if (judgeEmpty(voice, opened, end)) return;
        judgeNamespaces(pass, voice, opened, end, namespaceObjects);
        if (selectors.length > 0 && selected.every((count) => count === 0)) judgeLabels(voice, opened, end);
      },
    };
  },
});

const describe = ({ backup, metadata }: OpenedBackup): string => `velero -n ${metadata.namespace} backup describe ${backup.name} --details`;

function judgeEmpty(voice: BackupVoice, opened: OpenedBackup, { objects, problems }: ArchiveEnd): boolean {
  // What is there and cannot be read is another matter.
  if (objects > 0 || problems.some(({ harmless }) => !harmless)) return objects === 0;
  voice.say(opened.backup, {
    subject: 'empty',
    severity: 'critical',
    message: 'holds no object at all: a restore of it brings back nothing',
    remedy: `${describe(opened)}: compare the namespaces, resources and labels that it asks for with what is in the cluster`,
  });
  return true;
}

function judgeNamespaces(
  pass: CheckPass<{ examples: number }>,
  voice: BackupVoice,
  opened: OpenedBackup,
  end: ArchiveEnd,
  namespaceObjects: ReadonlySet<string>,
): void {
  const { spec } = opened.metadata;
  if (isAll(spec.includedNamespaces)) return;
  const present = [...new Set([...Object.keys(end.namespaces), ...namespaceObjects])].filter((namespace) => namespace !== '');
  const excluded = (namespace: string) => spec.excludedNamespaces.some((pattern) => matches(namespace, pattern));
  const asked = spec.includedNamespaces.filter((pattern) => !excluded(pattern));
  const missing = asked.filter((pattern) => !present.some((namespace) => matches(namespace, pattern)));
  if (missing.length === 0) return;
  const all = missing.length === asked.length;
  if (isNarrowed(spec) && !all) return;
  const what = missing.every(isPattern)
    ? 'patterns of namespaces that it asks for match none'
    : 'namespaces that it asks for have no object';
  voice.say(opened.backup, {
    subject: 'namespaces',
    severity: all ? 'critical' : 'warning',
    message: `${missing.length} of ${asked.length} ${what} in its archive: ${some(missing, pass.options.examples)}`,
    remedy: `kubectl get namespaces: take what is gone out of includedNamespaces, and where it is not gone, ${describe(opened)}`,
    details: { asked: asked.length, missing: missing.length },
  });
}

/** Additional items (volumes, namespaces, roles) come along without the labels: that objects do not fit is no fault, that none does is one. */
function judgeLabels(voice: BackupVoice, opened: OpenedBackup, { objects }: ArchiveEnd): void {
  voice.say(opened.backup, {
    subject: 'labels',
    severity: 'warning',
    message: `none of the ${objects} objects in its archive carries the labels that it asks for`,
    remedy: `${describe(opened)}: compare its label selector with the labels in the cluster`,
    details: { objects },
  });
}

function labelsOf({ body }: ArchivedObject): Readonly<Record<string, unknown>> {
  const { metadata } = body;
  return isRecord(metadata) && isRecord(metadata.labels) ? metadata.labels : {};
}

/** k8s.io/apimachinery pkg/apis/meta/v1/helpers.go, LabelSelectorAsSelector. */
function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Readonly<Record<string, unknown>>): boolean {
  const has = (key: string) => Object.hasOwn(labels, key);
  return (
    Object.entries(matchLabels).every(([key, value]) => has(key) && labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      const isIn = has(key) && typeof value === 'string' && values.includes(value);
      if (operator === 'In') return isIn;
      if (operator === 'NotIn') return !isIn;
      return operator === 'Exists' ? has(key) : !has(key);
    })
  );
}
