import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { checks } from '../../functions/health-check/checks/index.ts';
import { generateFromDeclarations, generateIndexes } from '../../infra/generate/generate.ts';
import { readsOf } from '../../infra/generate/permissions.ts';

const root = join(import.meta.dirname, '..', '..');
interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly {
    readonly apiGroups?: string[];
    readonly resources?: string[];
    readonly nonResourceURLs?: string[];
    readonly verbs: string[];
  }[];
}
const roles = async (path: string): Promise<Role[]> =>
  parseAllDocuments(await readFile(join(root, path), 'utf8')).map((document) => document.toJS() as Role);

test('what is generated is what is committed: run npm run generate', async () => {
  for (const [path, text] of [...(await generateIndexes()), ...(await generateFromDeclarations())]) {
    assert.equal(await readFile(join(root, path), 'utf8'), text, path);
  }
});

describe('permissions', () => {
  test('only to list and to get paths; no wildcard; no Secrets in the base', async () => {
    for (const { rules = [] } of [
      ...(await roles('infra/in-cluster/base/rbac.yaml')),
      ...(await roles('infra/in-cluster/secrets/rbac.yaml')),
    ]) {
      for (const rule of rules) {
        assert.deepEqual(rule.verbs, rule.nonResourceURLs ? ['get'] : ['list']);
        assert(![...(rule.resources ?? []), ...(rule.apiGroups ?? []), ...(rule.nonResourceURLs ?? [])].some((name) => name.includes('*')));
      }
    }
    const base = (await roles('infra/in-cluster/base/rbac.yaml')).flatMap(({ rules = [] }) => rules);
    assert(!base.some(({ resources = [] }) => resources.includes('secrets')));
    const secrets = (await roles('infra/in-cluster/secrets/rbac.yaml')).flatMap(({ rules = [] }) => rules);
    assert.deepEqual(secrets, [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }]);
  });

  test('every read of every check is granted, and nothing else', async () => {
    const documents = [...(await roles('infra/in-cluster/base/rbac.yaml')), ...(await roles('infra/in-cluster/secrets/rbac.yaml'))];
    const granted = new Set(
      documents.flatMap(({ rules = [], metadata: { namespace = '' } }) =>
        rules.flatMap(({ apiGroups = [], resources = [] }) =>
          apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}/${namespace}`)),
        ),
      ),
    );
    const wanted = checks.flatMap(readsOf);
    for (const { group, resource, namespace = '' } of wanted) {
      assert(granted.has(`${group}/${resource}/${namespace}`) || granted.has(`${group}/${resource}/`), `${group}/${resource}`);
    }
    for (const grant of granted)
      assert(
        wanted.some(({ group, resource }) => grant.startsWith(`${group}/${resource}/`)),
        grant,
      );
  });
});
