import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesIn, placesIn } from '../../../functions/cleanup/references/names.ts';
import { toldNames } from '../../../functions/cleanup/references/told-names.ts';
import fc from '../../fuzz.ts';

const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ab0-./: ="\nAé'), maxLength: 60 }));

test('every name that stands in a text is there, in each namespace, and so is a namespace’s name', () =>
  fc.assert(
    fc.property(texts, (text) => {
      const told = toldNames();
      told.addText(text, ['shop', 'data'], 'itself');
      for (const name of namesIn(text)) for (const place of ['shop', 'data']) assert.ok(told.has(place, name), name);
      for (const [place, name] of placesIn(text)) assert.ok(told.has(place, name), `${place}/${name}`);
    }),
    { numRuns: 200 },
  ));

test('its own name speaks for itself only of another namespace', () => {
  const told = toldNames();
  told.addText('name: web, namespace: data, secret: web-tls', ['shop', 'data'], 'web');
  told.addText('shop/web', ['shop'], 'web');
  const by = (alone: boolean) => [told.has('shop', 'web', alone), told.has('data', 'web', alone), told.has('shop', 'web-tls', alone)];
  assert.deepEqual(
    [by(true), by(false)],
    [
      [false, true, true],
      [true, true, true],
    ],
  );
  told.addText('shop/web', ['shop'], 'another');
  assert.deepEqual(by(true), [true, true, true]);
});

test('nothing is there before anything was told, and of a million words hardly any other', () => {
  const told = toldNames();
  assert.equal(told.has('shop', 'web'), false);
  for (let at = 0; at < 100; at += 1)
    told.addText(Array.from({ length: 10_000 }, (_, word) => `word-${(at * 10_000 + word).toString(36)}`).join(' '), ['shop'], 'itself');
  const wrong = (place: string) => Array.from({ length: 10_000 }, (_, at) => `other-${at}`).filter((name) => told.has(place, name)).length;
  assert.ok(wrong('shop') < 100, `${wrong('shop')} of 10,000`);
  assert.ok(wrong('data') < 100, `${wrong('data')} of 10,000`);
  assert.equal(told.has('shop', `word-${(999_999).toString(36)}`), true);
});
