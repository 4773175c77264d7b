import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, cleanValue, mayBeUnclean } from '../../functions/cluster/clean.ts';
import fc from '../fuzz.ts';

const escapeCharacter = String.fromCharCode(0x1b);

test('control characters and turned directions go, lines and tabs stay', () => {
  assert.equal(clean(`a${escapeCharacter}[31mb\r\nc\td\u0085e\u202ef\u2066g\u007f`), 'a[31mb\nc\tdefg');
  assert.equal(clean('Grüße, 世界 👩‍🚀 é\u00a0'), 'Grüße, 世界 👩‍🚀 é\u00a0');
});

test('a value is cleaned in its strings and keys, however deep, and everything else stays', () => {
  const value = JSON.parse(`{"a":["x\\u0007",1,null,{"k\\u001b":"v\\r","__proto__":"p\\u0000"}],"b":true}`);
  assert.deepEqual(JSON.parse(JSON.stringify(cleanValue(value))), JSON.parse('{"a":["x",1,null,{"k":"v","__proto__":"p"}],"b":true}'));
});

const anyText = fc.string({ unit: 'binary' });

test('cleaning twice is cleaning once', () => {
  fc.assert(fc.property(anyText, (text) => clean(clean(text)) === clean(text)));
});

/** As Go’s encoder writes it: control characters, <, > and & escaped. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** With everything escaped, in capitals. */
function escapedJson(text: string): string {
  return `"${Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0').toUpperCase()}`).join('')}"`;
}

test('a text that the one look calls clean is clean', () => {
  const suspicious = fc.constantFrom(
    '\u0000',
    '\b',
    '\f',
    '\r',
    '\u000b',
    '\u001f',
    '\u007f',
    '\u009f',
    '\u202a',
    '\u202e',
    '\u2066',
    '\u2069',
  );
  fc.assert(
    fc.property(anyText, suspicious, anyText, (before, unwanted, after) => {
      const text = before + unwanted + after;
      return mayBeUnclean(JSON.stringify({ text })) && mayBeUnclean(goJson([text])) && mayBeUnclean(escapedJson(text));
    }),
  );
});

test('ordinary pages are not walked', () => {
  const page = { annotations: { 'last-applied': '{"a":"b\\n"}\n' }, message: 'a\tb\nc <d> é 世界', path: 'C:\\windows' };
  assert.equal(mayBeUnclean(JSON.stringify(page)), false);
  assert.equal(mayBeUnclean(goJson(page)), false);
});
