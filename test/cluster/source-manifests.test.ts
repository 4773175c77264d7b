import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { argoApplications, events as coreEvents, pods, services } from '../../functions/cluster/kinds.ts';
import { ManifestError } from '../../functions/cluster/manifest-error.ts';
import { openManifests } from '../../functions/cluster/source-manifests.ts';
import { type End, NotApplicable, type Read, type Source } from '../../functions/scan/contracts.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory('manifests');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

async function readAll(source: Source, reads: readonly Read[], signal = new AbortController().signal) {
  const objects: { metadata?: { name?: string } }[] = [];
  const ends: End[] = [];
  for await (const said of source.read(reads, signal)) {
    if ('state' in said) ends.push(said);
    else objects.push(...(said.objects as { metadata?: { name?: string } }[]));
  }
  return { names: objects.map(({ metadata }) => metadata?.name), objects, ends };
}

const pod = (name: string, more = '') => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop }\n${more}`;
const fromText = (text: string) => openManifests('-', Readable.from([text]));
async function mistake(open: Promise<Source>): Promise<ManifestError> {
  const error = await open.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ManifestError, String(error));
  return error;
}

describe('what is found', () => {
  test('all files of a folder and below it, several documents, lists unwrapped', async () => {
    const directory = folder({
      'a.yaml': `---\n${pod('one')}\n---\n# nothing\n---\n${pod('two')}`,
      'deep/er/b.yml': JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'three' } }],
      }),
      'c.json': JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'four' } }], metadata: {} }),
      'values.yaml': 'image: x\n',
      'empty.yaml': '',
      'README.md': '{{ not read',
      '.git/config.yaml': 'a: b: c',
      'node_modules/x/y.yaml': 'a: b: c',
    });
    symlinkSync(join(directory, 'a.yaml'), join(directory, 'z.yaml'));
    const { names, ends } = await readAll(await openManifests(directory), [pods]);
    assert.deepEqual(names, ['one', 'two', 'four', 'three']);
    assert.deepEqual(ends, [{ read: pods, objects: 4, state: 'complete' }]);
  });

  test('each object once: the first of the same name or uid', async () => {
    const source = await fromText(
      [
        pod('one', 'spec: { nodeName: first }'),
        pod('one', 'spec: { nodeName: second }'),
        'apiVersion: v1\nkind: Pod\nmetadata: { generateName: x- }',
        'apiVersion: v1\nkind: Pod\nmetadata: { generateName: x- }',
        'apiVersion: v1\nkind: Pod\nmetadata: { name: a, uid: u1 }',
        'apiVersion: v1\nkind: Pod\nmetadata: { name: b, uid: u1 }',
      ].join('\n---\n'),
    );
    const { names, objects } = await readAll(source, [pods]);
    assert.deepEqual(names, ['one', undefined, undefined, 'a']);
    assert.deepEqual((objects[0] as { spec?: unknown }).spec, { nodeName: 'first' });
  });

  test('group and kind are what counts, and each read is given its own', async () => {
    const text = `apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: knative }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: core, namespace: shop }`;
    const inShop: Read = { ...services, namespace: 'shop' };
    const elsewhere: Read = { ...services, namespace: 'elsewhere' };
    const { names, ends } = await readAll(await fromText(text), [services, inShop, elsewhere]);
    assert.deepEqual(names, ['core', 'core']);
    assert.deepEqual(
      ends.map(({ read, state, objects }) => [read, state, objects]),
      [
        [services, 'complete', 1],
        [inShop, 'complete', 1],
        [elsewhere, 'complete', 0],
      ],
    );
  });

  test('Kubernetes’ own kinds need not be there, custom ones are absent unless they are or are defined', async () => {
    const crd =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: applications.argoproj.io }\nspec: { group: argoproj.io, names: { kind: Application } }';
    const without = await readAll(await fromText(pod('one')), [argoApplications, coreEvents]);
    assert.deepEqual(
      without.ends.map(({ state }) => state),
      ['absent', 'complete'],
    );
    const defined = await readAll(await fromText(`${pod('one')}\n---\n${crd}`), [argoApplications]);
    assert.equal(defined.ends[0]?.state, 'complete');
    const held = await readAll(await fromText('apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: shop }'), [
      argoApplications,
    ]);
    assert.deepEqual([held.names, held.ends[0]?.state], [['shop'], 'complete']);
  });

  test('anchors, merges, and a JSON text with a byte order mark', async () => {
    const merged = await readAll(
      await fromText(`x-base: &base { namespace: shop }\napiVersion: v1\nkind: Pod\nmetadata: { <<: *base, name: one }`),
      [pods],
    );
    assert.deepEqual(merged.objects[0]?.metadata, { namespace: 'shop', name: 'one' });
    const marked = await readAll(await fromText(`\ufeff{"apiVersion":"v1","kind":"Pod","metadata":{"name":"two"}}`), [pods]);
    assert.deepEqual(marked.names, ['two']);
  });

  test('control characters are taken out', async () => {
    const { objects } = await readAll(await fromText('apiVersion: v1\nkind: Pod\nmetadata: { name: "a\\e[31mb\\u202ec" }'), [pods]);
    assert.equal(objects[0]?.metadata?.name, 'a[31mbc');
  });

  test('a spent budget ends every read', async () => {
    const { ends } = await readAll(await fromText(pod('one')), [pods, services], AbortSignal.abort());
    assert.deepEqual(
      ends.map((end) => end.state === 'failed' && end.reason),
      ['budget', 'budget'],
    );
  });
});

describe('what it says of itself', () => {
  test('its clock is the newest time in it, but never the future', async () => {
    const source = await fromText(
      [
        pod(
          'one',
          'status: { startTime: "2026-01-02T03:04:05Z", conditions: [{ type: Ready, lastTransitionTime: "2026-01-02T05:04:05+01:00" }] }',
        ),
        'apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: { name: l, annotations: { expires-at: "2026-01-09T00:00:00Z" } }\nspec: { renewTime: "2026-01-02T04:05:06.123456Z" }',
        'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: c }\nstatus: { notAfter: "2026-01-03T00:00:00Z" }',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { when: "2999-01-01T00:00:00Z" }',
      ].join('\n---\n'),
    );
    assert.equal(new Date(source.now).toISOString(), '2026-01-02T04:05:06.123Z');
    const before = Date.now();
    const timeless = await fromText(pod('one'));
    assert.ok(timeless.now >= before && timeless.now <= Date.now());
  });

  test('without status and uid it is stateless', async () => {
    assert.match((await fromText(pod('one', 'status: {}'))).stateless ?? '', /no status/);
    assert.equal((await fromText(pod('one', 'status: { phase: Running }'))).stateless, undefined);
    assert.equal((await fromText('apiVersion: v1\nkind: Pod\nmetadata: { name: a, uid: b }')).stateless, undefined);
    const crd =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: a }\nstatus: { storedVersions: [v1] }';
    assert.match((await fromText(crd)).stateless ?? '', /no status/);
  });

  test('it has neither version nor probes', async () => {
    const source = await fromText(pod('one'));
    assert.deepEqual([source.kind, source.name, source.version], ['manifests', 'standard input', undefined]);
    await assert.rejects(source.probe('/readyz', new AbortController().signal), NotApplicable);
    assert.equal(source.traffic().requests, 0);
  });
});

describe('mistakes name the file and the line', () => {
  const broken: readonly (readonly [string, string, number])[] = [
    ['an indent', `${pod('one')}spec:\n   a: 1\n  b: 2\n`, 6],
    ['a colon', 'apiVersion: v1\nkind: a: b\n', 2],
    ['a key twice', 'apiVersion: v1\nkind: Pod\nkind: Service\n', 3],
    ['the second document', `${pod('one')}---\nkind: [a\n`, 6],
    ['an open brace in JSON', '{\n"apiVersion": "v1",\n"kind": "Pod"\n', 4],
    ['a missing comma in JSON', '{\n"apiVersion": "v1"\n"kind": "Pod"}', 3],
  ];
  for (const [name, text, line] of broken) {
    test(name, async () => {
      const directory = folder({ 'a.yaml': pod('fine'), 'broken.yaml': text });
      const error = await mistake(openManifests(directory));
      assert.equal(error.file, join(directory, 'broken.yaml'));
      assert.equal(error.line, line, error.message);
      assert.ok(error.message.startsWith(`${error.file}:${line}: not valid ${name.includes('JSON') ? 'JSON' : 'YAML'}: `), error.message);
    });
  }

  test('a Secret’s value is never quoted', async () => {
    for (const text of [
      'kind: Secret\ndata: "hunter2\n',
      'kind: Secret\ndata: @hunter2\n',
      'data: hunter2: x\n',
      '{"data": "hunter2" "x"}',
      'a: *hunter2\n',
      '- hunter2\nb: c\n',
      '"hunter2" hunter2: x',
    ]) {
      assert.doesNotMatch((await mistake(fromText(text))).message, /hunter2/);
    }
  });

  test('an unknown alias: the line where its document begins', async () => {
    const { line, message } = await mistake(fromText(`${pod('one')}---\na: *none\n`));
    assert.deepEqual([line, /alias/.test(message)], [4, true]);
  });

  test('a chart’s template', async () => {
    for (const text of ['apiVersion: v1\nkind: Pod\nmetadata:\n  {{- include "x" . }}\n', pod('"{{ .Release.Name }}"')]) {
      assert.match((await mistake(fromText(text))).message, /template \(\{\{ … \}\}\): render it first/);
    }
  });

  test('nothing there', async () => {
    assert.match((await mistake(openManifests('/no/such/folder'))).message, /^\/no\/such\/folder: no such file or folder$/);
    assert.match((await mistake(openManifests(folder({ 'a.txt': 'x' })))).message, /no \*\.yaml, \*\.yml or \*\.json/);
    assert.match((await mistake(openManifests(folder({ 'values.yaml': 'a: b' })))).message, /no Kubernetes object/);
    assert.match((await mistake(fromText(''))).message, /^standard input: there is no Kubernetes object/);
  });
});

test('a value that holds itself, or is nested too deep, is a mistake of the file', async () => {
  for (const text of [
    'apiVersion: v1\nkind: Pod\nmetadata: &me { name: a, labels: *me }\n',
    pod('a', `spec: ${'['.repeat(9_000)}${']'.repeat(9_000)}`),
  ]) {
    const { message } = await mistake(fromText(text));
    assert.match(message, /standard input: a value in it is nested too deep|not valid YAML/);
  }
});

test('a template without quotes is one, and nothing of it is printed', async () => {
  const warnings: string[] = [];
  const listen = ({ message }: Error) => warnings.push(message);
  process.on('warning', listen);
  assert.match((await mistake(fromText(pod('x').replace('name: x', 'name: {{ .Values.password }}')))).message, /is a template/);
  await fromText(`${pod('x')}data:\n  ? { password: hunter2 }\n  : 1\n`);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  assert.deepEqual(warnings, []);
});

test('a link that leads nowhere matters only where a manifest should be', async () => {
  const directory = folder({ 'a.yaml': pod('a') });
  symlinkSync('/no/such', join(directory, 'result'));
  assert.deepEqual((await readAll(await openManifests(directory), [pods])).names, ['a']);
  symlinkSync('/no/such', join(directory, 'b.yaml'));
  assert.match((await mistake(openManifests(directory))).message, /b\.yaml: no such file/);
});
