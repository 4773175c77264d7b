import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';
import { checks } from '../../functions/health-check/checks/index.ts';

const folder = (path: string) => new URL(`../../functions/${path}`, import.meta.url).pathname;

test('each check’s id is its file’s name, and none is left out', () => {
  const files = readdirSync(folder('health-check/checks')).filter((name) => name !== 'index.ts');
  assert.deepEqual(
    checks.map(({ id }) => `${id}.ts`),
    files.toSorted(),
  );
});

test('each option has a default and a description, and no other is taken', () => {
  for (const { id, options } of checks) {
    const schema = z.toJSONSchema(options, { io: 'input' }) as { properties?: Record<string, { default?: unknown; description?: string }> };
    for (const [name, { default: value, description }] of Object.entries(schema.properties ?? {})) {
      assert.ok(value !== undefined && description, `${id}.${name}`);
    }
    assert.equal(options.safeParse({}).success, true, id);
    assert.equal(options.safeParse({ somethingNew: 1 }).success, false, id);
  }
});

test('each check names its upstream page, and says in one sentence why it matters', () => {
  for (const { id, title, why, upstream } of checks) {
    assert.equal(new URL(upstream).protocol, 'https:', id);
    assert.match(title, /^[A-Z][^.]+$/, id);
    assert.match(why, /^[A-Z].+\.$/, id);
  }
});
