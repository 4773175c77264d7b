/** docs/formats.md shows what the command really prints. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { outputFormats } from '../../functions/cli/arguments.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/formats.md'), 'utf8');
const samples = fromMarkdown(page).children.flatMap((node) => (node.type === 'code' && node.lang === 'console' ? [node.value] : []));

describe('docs/formats.md', () => {
  test('speaks of every format and schema', () => {
    for (const format of outputFormats) assert.ok(page.includes(`\n## ${format}\n`), format);
    for (const schema of ['nightshift', 'overrides', 'events', 'report']) assert.ok(page.includes(`(${schema}.schema.json)`), schema);
    assert.ok(samples.length >= 4);
  });

  for (const sample of samples) {
    const [command = '', ...lines] = sample.split('\n');
    test(command, () => {
      const [dollar, npx, name, ...flags] = command.split(' ');
      assert.deepEqual([dollar, npx, name], ['$', 'npx', 'nightshift']);
      const output = execFileSync(process.execPath, ['functions/cli/nightshift.ts', ...flags, '--fail-on', 'never'], {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1' },
      });
      // What lies between [...] stands in the output as it is, in this order.
      let from = 0;
      for (const part of `\n${lines.join('\n')}\n`.split('\n[...]\n')) {
        const text = part.replace(/^\n/, '').replace(/\n$/, '');
        const at = `\n${output}`.indexOf(text === '' ? '' : `\n${text}\n`, from);
        assert.ok(at >= 0, `not printed, or not in this order:\n${text}`);
        from = at + text.length;
      }
    });
  }
});
