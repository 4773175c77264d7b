import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { progressLine } from '../../functions/cli/progress.ts';

const stream = (isTTY: boolean) => {
  const written: string[] = [];
  return { written, stream: { isTTY, columns: 40, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream };
};

test('one line that writes over itself, only once a scan takes long, and is gone at the end', () => {
  mock.timers.enable({ apis: ['Date'] });
  const { stream: terminal, written } = stream(true);
  const progress = progressLine(terminal, 'prod');
  progress.update({ objects: 250, resource: 'pods' });
  assert.deepEqual(written, []);
  mock.timers.tick(600);
  progress.update({ objects: 12_500, resource: 'pods' });
  progress.update({ objects: 12_750, resource: 'pods' });
  assert.equal(written.length, 1, 'not at every page');
  assert.equal(written[0], '\r\x1b[Kprod: 12,500 objects, reading pods');
  mock.timers.tick(200);
  progress.update({ objects: 1, resource: 'a-resource-with-a-name-that-is-longer-than-the-line' });
  assert((written[1] ?? '').length <= 40 + '\r\x1b[K'.length);
  progress.done();
  assert.equal(written.at(-1), '\r\x1b[K');
  mock.timers.reset();
});

test('nothing at all where standard error is no terminal', () => {
  mock.timers.enable({ apis: ['Date'] });
  const { stream: file, written } = stream(false);
  const progress = progressLine(file, 'prod');
  mock.timers.tick(5_000);
  progress.update({ objects: 1, resource: 'pods' });
  progress.done();
  assert.deepEqual(written, []);
  mock.timers.reset();
});
