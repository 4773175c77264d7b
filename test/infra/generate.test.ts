import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { rules as cleanupRules } from '../../functions/cleanup/rules/index.ts';
import { clusterScoped } from '../../functions/cluster/kinds.ts';
import { allOperations } from '../../functions/operations.ts';
import { readsOf } from '../../functions/scan/reads-of.ts';
import { generateFromDeclarations, generateIndexes } from '../../infra/generate/generate.ts';
import { checkIdsList, operationsIndex } from '../../infra/generate/indexes.ts';
import { actingRules, isOnByDefault } from '../../infra/generate/write-permissions.ts';

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

  describe('to write', () => {
    const acting = actingRules(cleanupRules);
    const rightsOf = async (file: string): Promise<string[]> => {
      const documents = await roles(`infra/in-cluster/write/${file}.yaml`);
      assert.deepEqual(
        documents.map(({ kind }) => kind),
        ['ClusterRole', 'ClusterRoleBinding'],
      );
      const [role, binding] = documents as readonly (Role & { readonly subjects?: unknown; readonly roleRef?: { name: string } })[];
      assert.deepEqual(binding?.subjects, [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'nightshift:writers' }]);
      assert.equal(binding?.roleRef?.name, role?.metadata.name);
      return (role?.rules ?? []).flatMap(({ apiGroups = [], resources = [], nonResourceURLs, verbs }) => {
        assert.equal(nonResourceURLs, undefined);
        return apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)));
      });
    };

    test('a rule’s role gets what it looks at again and deletes or patches its target, and nothing else', async () => {
      assert.deepEqual(acting.map(({ id }) => id).sort(), [
        'finished-jobs',
        'old-events',
        'pods-of-missing-nodes',
        'reclaim-released-volumes',
        'terminated-pods',
      ]);
      for (const rule of acting) {
        const rights = await rightsOf(rule.id);
        const target = `${rule.target.group}/${rule.target.resource}`;
        assert.deepEqual(
          rights.filter((right) => !right.startsWith('get ')),
          [`${rule.does} ${target}`],
          rule.id,
        );
        assert(rights.includes(`get ${target}`), rule.id);
        const read = new Set(readsOf(rule).map(({ group, resource }) => `get ${group}/${resource}`));
        for (const right of rights.filter((each) => each.startsWith('get '))) assert(read.has(right) || right === `get ${target}`, right);
      }
      assert.deepEqual(await rightsOf('base'), ['get /namespaces']);
    });

    test('undo gives back what is deleted and patches what was patched; no pod and no event comes back', async () => {
      const rights = await rightsOf('undo');
      assert.deepEqual(
        rights.filter((right) => !right.startsWith('get ')),
        ['create batch/jobs', 'patch /persistentvolumes'],
      );
      // What it looks at: whether it is there, its namespace, and its owners.
      const looked = ['get /namespaces', 'get /persistentvolumes', 'get batch/cronjobs', 'get batch/jobs'];
      assert.deepEqual(
        looked.filter((right) => !rights.includes(right)),
        [],
      );
    });

    test('no wildcard, no collection, no Secret, in no file', async () => {
      for (const file of ['base', 'undo', ...acting.map(({ id }) => id)]) {
        for (const right of await rightsOf(file))
          assert.doesNotMatch(right, /\*|deletecollection|secrets|update|watch/, `${file}: ${right}`);
      }
    });

    test('the base applies what is on by default and no more', async () => {
      const [kustomization] = await roles('infra/in-cluster/write/kustomization.yaml');
      const on = acting.filter(isOnByDefault).map(({ id }) => `${id}.yaml`);
      assert.deepEqual((kustomization as unknown as { resources: string[] }).resources, ['base.yaml', ...on]);
      assert.deepEqual(on, ['finished-jobs.yaml', 'pods-of-missing-nodes.yaml', 'terminated-pods.yaml']);
    });
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
