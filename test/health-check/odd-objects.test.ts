/**
 * Objects with odd fields in every kind read: the embedded example's, some of them spoiled at random. No check throws, what the sound
 * objects beside them say is said, and the report is one.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { manifests } from '../../functions/cluster/manifest-documents.ts';
import { manifestTexts } from '../../functions/cluster/manifest-files.ts';
import { checks } from '../../functions/health-check/checks/index.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import { reportSchema } from '../../functions/report/model.ts';
import { renderText } from '../../functions/report/render-text.ts';
import { runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import fc from '../fuzz.ts';
import { memorySource } from '../scan/memory-source.ts';
import { type Path, placesIn, replaced } from './holes.ts';

const example = new URL('../../functions/cli/example', import.meta.url).pathname;
/** The example's own newest time. */
const now = Date.parse('2026-03-18T09:00:00.218Z');

interface Sound {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string };
}

/** What no folder of manifests holds. */
const scheduler = {
  apiVersion: 'v1',
  kind: 'ComponentStatus',
  metadata: { name: 'scheduler' },
  conditions: [{ type: 'Healthy', status: 'False', message: 'connection refused' }],
};

const huge = 'x'.repeat(100_000);
/** What may stand where something else is expected. JSON.parse makes own properties of __proto__ and constructor, as it does on the wire. */
const oddValues: readonly unknown[] = [
  null,
  '',
  ' ',
  'SomethingNew',
  'not a time',
  '9999-99-99T99:99:99Z',
  '+275760-09-13T00:00:00.000Z',
  '0001-01-01T00:00:00Z',
  huge,
  '\ud800\u0007\n\u202e<script>',
  0,
  -1,
  -0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  true,
  false,
  [],
  [null],
  [[]],
  [1, 'two', { three: 3 }],
  Array.from({ length: 5_000 }, (_, index) => ({ name: `n${index % 7}`, type: 'Ready', status: 'False' })),
  {},
  JSON.parse('{"__proto__":{"name":"x"},"constructor":"y","hasOwnProperty":null}'),
  { name: {}, type: [], status: 1, kind: 7 },
];

/** Only in a custom resource without a schema may a field hold what cannot even be made a text. */
const hostile: unknown = JSON.parse('{"toString":1,"valueOf":2,"toJSON":3}');
const custom = new Set(['Application', 'Kustomization']);

type Spoil = readonly ['missing' | 'twice' | 'alien-keys'] | readonly ['odd', number];
const spoils: fc.Arbitrary<Spoil> = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: oddValues.length - 1 }).map((index): Spoil => ['odd', index]) },
  { weight: 1, arbitrary: fc.constant<Spoil>(['odd', oddValues.length]) },
  { weight: 2, arbitrary: fc.constantFrom<Spoil>(['missing'], ['twice'], ['alien-keys']) },
);

const spoiled = (object: Sound, path: Path, [how, index = 0]: Spoil): Sound =>
  replaced(object, path, (old) => {
    if (how === 'missing') return [];
    if (how === 'odd') return [index < oddValues.length || !custom.has(object.kind) ? oddValues[index % oddValues.length] : hostile];
    // Names that are there twice, and a map with the names of what every JavaScript object has.
    if (how === 'twice') return [Array.isArray(old) ? [...old, ...old] : old];
    return [typeof old === 'object' && !Array.isArray(old) ? { ...old, ...JSON.parse('{"__proto__":"p","constructor":"c"}') } : old];
  }) as Sound;

/** The same object elsewhere, with other uids: what is odd about it is not about the sound one. */
const elsewhere = (object: Sound): Sound => {
  const copy: Sound = JSON.parse(JSON.stringify(object).replaceAll(/"(uid|namespace)":"/g, '"$1":"odd-'));
  const { name, namespace } = copy.metadata;
  return { ...copy, metadata: { ...copy.metadata, ...(namespace === undefined && { name: `odd-${name}` }) } };
};

let runs = 0;
const run = async (objects: readonly object[]) => {
  runs += 1;
  const report = await runOnCluster({
    operation: healthCheck,
    cluster: 'prod',
    options: { ignore: [{ check: 'pod-waiting', label: 'sandbox=yes', reason: 'labels are looked at' }] },
    own: {},
    runId: `run-${runs}`,
    eventTime: '2026-03-18T09:00:00Z',
    open: async () => memorySource({ now, objects }),
    previous: undefined,
    signal: AbortSignal.timeout(60_000),
  });
  // As the next run reads it.
  return reportSchema.parse(JSON.parse(JSON.stringify(report)));
};
const fingerprintsOf = ({ findings }: Awaited<ReturnType<typeof run>>) =>
  new Set(findings.flatMap(({ fingerprint, consequences = [] }) => [fingerprint, ...consequences.map((each) => each.fingerprint)]));

describe('objects with odd fields', () => {
  let sound: Sound[];
  let said: ReadonlySet<string>;
  before(async () => {
    sound = [];
    for await (const file of manifestTexts(example, process.stdin))
      for (const each of manifests(file)) sound.push(each as unknown as Sound);
    // No manifest holds one.
    sound.push(scheduler);
    said = fingerprintsOf(await run(sound));
  });

  test('every kind that a check reads is among them', () => {
    const kinds = new Set(sound.map(({ kind }) => kind));
    const read = checks.flatMap(({ reads, options }) => Object.values(typeof reads === 'function' ? reads(options.parse({})) : reads));
    assert.deepEqual(
      [...new Set(read.map(({ kind }) => kind))].filter((kind) => !kinds.has(kind)),
      [],
    );
    assert.ok(said.size > 30);
  });

  test('no check throws, sound objects beside them are reported, and the report is one', { timeout: 240_000 }, async () => {
    // A few of all objects, each with up to three odd places.
    const places = sound.map((object) => placesIn(object));
    const oddOnes = fc.array(
      fc
        .nat({ max: sound.length - 1 })
        .chain((index) =>
          fc
            .array(fc.tuple(fc.constantFrom(...(places[index] ?? [])), spoils), { minLength: 1, maxLength: 3 })
            .map((spoilings) =>
              spoilings.reduce<Sound>((object, [path, spoil]) => spoiled(object, path, spoil), elsewhere(sound[index] as Sound)),
            ),
        ),
      { minLength: 1, maxLength: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(oddOnes, async (odd) => {
        // The odd ones first: whoever gives up at one of them would miss the sound ones.
        const report = await run([...(odd as object[]), ...sound]);
        assert.deepEqual(report.incomplete, []);
        const seen = fingerprintsOf(report);
        for (const fingerprint of said) assert.ok(seen.has(fingerprint), `${fingerprint} is still said`);
        renderText(report, { color: false, columns: 100 });
        renderHtml(report);
      }),
      { numRuns: 100 },
    );
  });
});
