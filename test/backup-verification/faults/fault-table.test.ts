/** Every known fault has its test, under the name that the table gives. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planted, untold } from './fault-table.ts';

const quoted = (title: string): string => `'${title.replaceAll("'", "\\'")}'`;

test('the table names tests that there are, and no fault twice', () => {
  const names = [...planted, ...untold].map(({ fault }) => fault);
  assert.equal(new Set(names).size, names.length);
  // The 37 rows of the reference; `existing objects` is here in two parts.
  assert.equal(names.length, 38);
  const texts = new Map<string, string>();
  for (const { fault, tests, noAlarm } of planted) {
    assert.ok(tests.length + noAlarm.length > 0 && noAlarm.length > 0, `${fault} has no test against its false alarm`);
    for (const [file, title] of [...tests, ...noAlarm]) {
      const text = texts.get(file) ?? readFileSync(join(import.meta.dirname, `${file}.test.ts`), 'utf8');
      texts.set(file, text);
      assert.ok(text.includes(quoted(title)), `${fault}: there is no test '${title}' in ${file}.test.ts`);
    }
  }
});
