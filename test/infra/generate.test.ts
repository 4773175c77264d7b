import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { clusterScoped } from '../../functions/cluster/kinds.ts';
import { allOperations } from '../../functions/operations.ts';
import { readsOf } from '../../functions/scan/reads-of.ts';
import { generateFromDeclarations, generateIndexes } from '../../infra/generate/generate.ts';
import { checkIdsList, operationsIndex } from '../../infra/generate/indexes.ts';

const checks = allOperations.flatMap((operation) => operation.checks);
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

test('a list of few and a list of many are as Biome formats them, or a new operation would not pass its check', async () => {
  const files = ['few', 'many'].map((name, index): [string, string] => [
    `${name}.ts`,
    operationsIndex(Array.from({ length: index === 0 ? 2 : 12 }, (_, number) => `${'auctionhzvybm'[number]}-operation`).sort()),
  ]);
  for (const [path, text] of [...files, ['ids.ts', checkIdsList(['a'])]]) {
    const [program = '', ...flags] = [join(root, 'node_modules/.bin/biome'), 'check', '--write', `--stdin-file-path=${path}`];
    assert.equal(execFileSync(program, flags, { cwd: root, input: text, encoding: 'utf8' }), text);
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
    const wanted = checks.flatMap((check) => readsOf(check));
    for (const { group, resource, namespace = '' } of wanted) {
      assert(granted.has(`${group}/${resource}/${namespace}`) || granted.has(`${group}/${resource}/`), `${group}/${resource}`);
    }
    for (const grant of granted)
      assert(
        wanted.some(({ group, resource }) => grant.startsWith(`${group}/${resource}/`)),
        grant,
      );
  });

  test('the role for one namespace holds what is in a namespace, and nothing else', async () => {
    const [role] = await roles('infra/in-cluster/namespace/rbac.yaml');
    assert.deepEqual([role?.kind, role?.metadata.namespace], ['Role', undefined]);
    const granted = (role?.rules ?? []).flatMap(({ apiGroups = [], resources = [], verbs }) => {
      assert.deepEqual(verbs, ['list']);
      return apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`));
    });
    const outside = new Set(clusterScoped.map(({ group, resource }) => `${group}/${resource}`));
    const wanted = checks
      .flatMap((check) => readsOf(check))
      .filter(({ sensitive, namespace }) => !sensitive && namespace === undefined)
      .map(({ group, resource }) => `${group}/${resource}`);
    assert.deepEqual(granted.toSorted(), [...new Set(wanted)].filter((resource) => !outside.has(resource)).toSorted());
    assert(granted.length > 5 && outside.size > 2);
  });

  test('nothing lies in infra/in-cluster that is not generated', async () => {
    const files = await readdir(join(root, 'infra/in-cluster'), { recursive: true, withFileTypes: true });
    const known = await generateFromDeclarations();
    for (const file of files.filter((each) => each.isFile())) {
      const path = relative(root, join(file.parentPath, file.name));
      assert(known.has(path), `${path}: no declaration leads to it`);
    }
  });
});
