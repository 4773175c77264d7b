// Plain JavaScript: it runs before anything is installed, on whatever Node the machine has.
// npm 10 does not link the bin of node-linux-*; without the link, scripts would get the machine's own, older Node.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const link = join(root, 'node_modules', '.bin', 'node');
const shipped = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');

if (!existsSync(link) && existsSync(shipped)) {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), shipped), link);
}
const version = existsSync(link) ? execFileSync(link, ['--version'], { encoding: 'utf8' }).trim() : process.version;
if (Number(version.slice(1).split('.')[0]) < 24) {
  console.error(
    `Nightshift runs on Node 24, but scripts here get ${version} and no packaged Node exists for ${process.platform}-${process.arch}.\n` +
      'Install Node 24 or newer (https://nodejs.org) and run npm ci again. (On Linux do not pass --omit=optional.)',
  );
  process.exit(1);
}
