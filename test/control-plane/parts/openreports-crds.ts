/** The CustomResourceDefinitions of OpenReports as their makers publish them: taken out of the Go module that openreports/go.mod pins. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const module = 'github.com/openreports/reports-api';

/** Each definition as YAML. Throws where the module cannot be had: never a reason to skip. */
export function openReportsDefinitions(): string[] {
  const answer = execFileSync('go', ['mod', 'download', '-json', module], {
    cwd: join(import.meta.dirname, 'openreports'),
    env: { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    encoding: 'utf8',
  });
  const { Dir: directory } = JSON.parse(answer) as { readonly Dir: string };
  const folder = join(directory, 'config', 'crd');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}
