/** How the table of API versions' lives is made, on sources of a few lines: what the real ones say is held by test/control-plane. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Marker, readMarkers } from '../../infra/generate/api-lifecycle/markers.ts';
import { mergeLives } from '../../infra/generate/api-lifecycle/merge.ts';
import type { ReadModule } from '../../infra/generate/api-lifecycle/modules.ts';
import { keyOf, readServed, type Served, type ServedKind } from '../../infra/generate/api-lifecycle/served.ts';

const moduleOf = (context: TestContext, path: string, minor: number, files: Readonly<Record<string, string>>): ReadModule => {
  const directory = mkdtempSync(join(tmpdir(), 'api-lifecycle-test-'));
  context.after(() => rmSync(directory, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  }
  return { path, version: `v0.${minor}.0`, minor, directory };
};

const marker = (kind: string, name: string, returned: string): string =>
  `func (in *${kind}) APILifecycle${name}() (major, minor int) {\n\treturn ${returned}\n}\n`;
const widgets = { group: 'widgets.k8s.io', version: 'v1beta1', kind: 'Widget' };
const stable = { ...widgets, version: 'v1' };

const served = (minor: number, ...kinds: readonly (Partial<ServedKind> & { readonly kind: string })[]): Served => ({
  source: `k8s.io/kubernetes@v1.${minor}.0`,
  minor,
  kinds: new Map(kinds.map((kind) => ({ ...widgets, resource: 'widgets', own: true, ...kind })).map((kind) => [keyOf(kind), kind])),
  ...(minor >= 24 && { onByDefault: new Set<string>() }),
});
const marked = (minor: number, values: Partial<Marker> = {}): Marker => ({
  ...widgets,
  source: `k8s.io/api@v0.${minor}.0`,
  minor,
  ...values,
});
const lifeOf = (markers: readonly Marker[], minors: readonly Served[], { kind, version } = widgets) =>
  mergeLives(markers, minors).lives.find((life) => life.kind === kind && life.version === version);

test('markers are read from generated and hand-written files, by the group that register.go names', (context) => {
  const module = moduleOf(context, 'k8s.io/api', 30, {
    'widgets/v1beta1/register.go': 'package v1beta1\n\nconst GroupName = "widgets.k8s.io"\n',
    'widgets/v1beta1/zz_generated.prerelease-lifecycle.go': `${marker('Widget', 'Introduced', '1, 20')}${marker('Widget', 'Removed', '0, 0')}`,
    'widgets/v1beta1/lifecycle.go': `${marker('Widget', 'Replacement', 'schema.GroupVersionKind{Group: "", Version: "v1", Kind: "Thing"}')}`,
    'widgets/v1beta1/types_test.go': marker('Widget', 'Deprecated', '1, 21'),
  });
  assert.deepEqual(readMarkers(module), [
    { ...widgets, source: 'k8s.io/api@v0.30.0', minor: 30, introduced: 20, replacement: { group: '', version: 'v1', kind: 'Thing' } },
  ]);
});

test('a marker that cannot be read is no missing marker', (context) => {
  const register = { 'widgets/v1beta1/register.go': 'const GroupName = "widgets.k8s.io"\n' };
  const file = 'widgets/v1beta1/zz_generated.prerelease-lifecycle.go';
  const reading = (text: string, files: Readonly<Record<string, string>> = register) =>
    readMarkers(moduleOf(context, 'k8s.io/api', 30, { ...files, [file]: text }));
  assert.throws(() => reading(marker('Widget', 'Removed', 'thisMinor()')), /returns thisMinor/);
  assert.throws(() => reading(marker('Widget', 'Removed', '2, 0')), /returns 2, 0/);
  assert.throws(() => reading(marker('Widget', 'Retired', '1, 30')), /1 markers are written, 0 could be read/);
  assert.throws(() => reading(marker('Widget', 'Removed', '1, 30'), {}), /names no group/);
});

test('what is served: plurals and the bodies of others’ requests', (context) => {
  const operation = (group: string, version: string, kind: string) => ({ 'x-kubernetes-group-version-kind': { group, version, kind } });
  const paths = {
    '/apis/widgets.k8s.io/v1beta1/namespaces/{namespace}/widgets/{name}/status': { get: operation('widgets.k8s.io', 'v1beta1', 'Widget') },
    '/apis/widgets.k8s.io/v1beta1/widgets': { parameters: [], get: operation('widgets.k8s.io', 'v1beta1', 'Widget') },
    '/apis/widgets.k8s.io/v1beta1/watch/widgets': { get: operation('widgets.k8s.io', 'v1beta1', 'Watched') },
    '/api/v1/namespaces/{namespace}/pods/{name}/eviction': { post: operation('policy', 'v1beta1', 'Eviction') },
    '/version/': { get: {} },
  };
  const module = moduleOf(context, 'k8s.io/kubernetes', 20, { 'api/openapi-spec/swagger.json': JSON.stringify({ paths }) });
  assert.deepEqual(
    [...readServed(module, undefined).kinds.values()],
    [
      { ...widgets, resource: 'widgets', own: true },
      { group: 'policy', version: 'v1beta1', kind: 'Eviction', resource: 'pods/eviction', own: false },
    ],
  );
});

test('of the marker and what is served the earlier is right, and the newest module’s marker', () => {
  const before = marked(20, { introduced: 20, deprecated: 21, removed: 29 });
  const promise = marked(22, { introduced: 20, deprecated: 22, removed: 25 });
  const thing = { kind: 'Thing' };
  const gone = lifeOf([promise, before], [served(20, widgets), served(21, widgets), served(22, widgets), served(23, thing)]);
  const { introduced, deprecated, removed, markedRemoved, markers, lastServed } = gone ?? {};
  assert.deepEqual(
    { introduced, deprecated, removed, markedRemoved, markers, lastServed },
    { introduced: '1.20', deprecated: '1.22', removed: '1.23', markedRemoved: '1.25', markers: 'k8s.io/api@v0.22.0', lastServed: '1.22' },
  );
  const stillThere = lifeOf([promise], [served(20, widgets), served(21, widgets)]);
  assert.deepEqual([stillThere?.removed, stillThere?.markedRemoved], ['1.25', undefined]);
  const neverDeprecated = lifeOf([{ ...promise, deprecated: 23 }], [served(21, widgets), served(22, thing)]);
  assert.deepEqual([neverDeprecated?.deprecated, neverDeprecated?.removed], [undefined, '1.22']);
});

test('without a marker the first and last minor tell, but not that a version is older than the oldest that was read', () => {
  const life = lifeOf([], [served(20, { kind: 'Thing' }), served(21, widgets), served(22)]);
  assert.deepEqual([life?.introduced, life?.removed], ['1.21', '1.22']);
  assert.equal(lifeOf([], [served(20, widgets), served(21, widgets)])?.introduced, undefined);
});

test('the body of another version’s requests is not gone because the document names its successor', () => {
  const eviction = { ...widgets, own: false, resource: 'pods/eviction' };
  assert.equal(lifeOf([], [served(20, eviction), served(21)])?.removed, undefined);
});

test('a replacement that is none is repaired or left out', () => {
  const minors = [served(20, widgets, stable)];
  const replacedBy = (kind: string) => lifeOf([marked(20, { replacement: { ...stable, kind } })], minors)?.replacement;
  assert.deepEqual(replacedBy('Widget'), stable);
  assert.deepEqual(replacedBy('WidgetList'), stable);
  assert.equal(replacedBy('Gadget'), undefined);
});

test('alphas are off by default, betas since 1.24 unless listed', () => {
  const off = (minor: number, version: string, onByDefault?: readonly string[]) => {
    const reading = served(minor, { ...widgets, version });
    return (
      lifeOf([], [onByDefault ? { ...reading, onByDefault: new Set(onByDefault) } : reading], { ...widgets, version })?.offByDefault ??
      false
    );
  };
  assert.deepEqual([off(23, 'v1alpha1'), off(23, 'v1beta1'), off(24, 'v1beta1'), off(24, 'v1')], [true, false, true, false]);
  assert.equal(off(24, 'v1beta1', ['widgets.k8s.io/v1beta1/widgets']), false);
});

test('a minor that was not read is no minor that served nothing', () => {
  assert.throws(() => mergeLives([], [served(20, widgets), served(22)]), /the minor before 1\.22 was not read/);
  assert.throws(() => mergeLives([], []), /no minor/);
});
