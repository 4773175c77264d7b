import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { cronJobs, deployments, pods, secrets } from '../../functions/cluster/kinds.ts';
import type { RbacObject } from '../../functions/cluster/roles.ts';
import type { Grantee } from '../../functions/connect/granting.ts';
import type { Right } from '../../functions/connect/rights.ts';
import { rightsSaid } from '../../functions/connect/rights-said.ts';
import type { Read } from '../../functions/scan/contracts.ts';

const list = (read: Read, changes: Partial<Extract<Right, { verb: 'list' }>> = {}): Right => ({
  verb: 'list',
  read,
  sensitive: false,
  optional: false,
  neededBy: [`reads-${read.resource}`],
  state: 'missing',
  ...changes,
});
const path = (state: Right['state']): Right => ({ verb: 'get', path: '/readyz', optional: false, neededBy: ['api-server-health'], state });
const reader: Grantee = { identity: { user: 'night', groups: ['nightshift:readers'] }, entry: undefined, namespaces: undefined };
const stranger: Grantee = { ...reader, identity: { user: 'ann', groups: [] } };
const documentsOf = (manifest: string | undefined) => parseAllDocuments(manifest ?? '').map((document) => document.toJS() as RbacObject);

test('rules are joined by API group and sorted, whatever the order in which they were found missing', () => {
  const rights = [list(cronJobs), list(pods), path('missing'), list(deployments)];
  const { manifest } = rightsSaid(rights, reader);
  const [role] = documentsOf(manifest);
  assert.deepEqual(role?.rules, [
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] },
    { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['list'] },
    { nonResourceURLs: ['/readyz'], verbs: ['get'] },
  ]);
  assert.equal(rightsSaid(rights.toReversed(), reader).manifest, manifest);
});

test('a role’s name tells what is in it: what another day is missing never replaces it', () => {
  const names = [
    rightsSaid([list(pods)], reader),
    rightsSaid([list(cronJobs)], reader),
    rightsSaid([list(pods)], stranger),
    rightsSaid([list(pods, { namespace: 'shop' })], reader),
  ].map(({ manifest }) => documentsOf(manifest)[0]?.metadata.name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name ?? '', /^nightshift-read-[0-9a-f]{8}$/);
});

test('who is in the group applies the base; who is not, the rules for that user, or joins the group', () => {
  assert.deepEqual(rightsSaid([list(pods)], reader).commands, ['kubectl apply -k infra/in-cluster/base']);
  const alone = rightsSaid([list(pods)], stranger);
  assert.deepEqual(alone.commands, []);
  assert.match(alone.remedy ?? '', /to this user, or make it a member of nightshift:readers and apply infra\/in-cluster\/base/);
  assert.deepEqual(documentsOf(alone.manifest)[1]?.subjects, [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }]);
  const hostile = rightsSaid([list(pods)], { ...stranger, identity: { user: '"\n- kind: Group #', groups: [] } });
  assert.deepEqual(
    documentsOf(hostile.manifest)[1]?.subjects?.map(({ kind, name }) => [kind, name]),
    [['User', '"\n- kind: Group #']],
  );
});

test('in namespaces: a line a right, the command for each of them', () => {
  const missing = ['shop', 'payments'].map((namespace) => list(pods, { namespace }));
  const said = rightsSaid(missing, { ...reader, namespaces: ['shop', 'payments'] });
  assert.deepEqual(said.facts, ['missing: list pods in shop, payments, for reads-pods']);
  assert.deepEqual(said.commands, ['for namespace in shop payments; do kubectl apply -n $namespace -k infra/in-cluster/namespace; done']);
  assert.deepEqual(
    documentsOf(said.manifest).map(({ kind, metadata }) => `${kind} ${metadata.namespace}`),
    ['Role shop', 'RoleBinding shop', 'Role payments', 'RoleBinding payments'],
  );
});

test('Secrets alone are a choice: all is there; optional ones alone are a warning', () => {
  const choice = rightsSaid([list(pods, { state: 'granted' }), list(secrets, { sensitive: true, optional: true })], reader);
  assert.deepEqual([choice.state, choice.message, choice.manifest], ['ok', 'all 1 that are needed', undefined]);
  assert.equal(choice.facts?.at(-1), 'not granted, by choice: list secrets, for reads-secrets: kubectl apply -k infra/in-cluster/secrets');
  assert.equal(rightsSaid([list(pods, { optional: true }), path('granted')], reader).state, 'warning');
  assert.equal(rightsSaid([list(pods, { optional: true }), path('missing')], reader).state, 'failed');
});
