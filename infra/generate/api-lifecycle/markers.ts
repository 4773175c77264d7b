/**
 * The markers of Kubernetes' API types: the methods APILifecycleIntroduced, -Deprecated, -Removed and -Replacement, which the API server itself
 * obeys (k8s.io/apiserver pkg/server/deleted_kinds.go). Most are generated (zz_generated.prerelease-lifecycle.go), those of v1 Endpoints and
 * ComponentStatus are written by hand (core/v1/lifecycle.go).
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { GroupVersionKind } from '../../../functions/cluster/api-lifecycle.ts';
import type { ReadModule } from './modules.ts';

/** What one module says of one kind. Minors of Kubernetes 1. */
export interface Marker extends GroupVersionKind {
  /** The module: k8s.io/api@v0.37.2. */
  readonly source: string;
  readonly minor: number;
  readonly introduced?: number;
  readonly deprecated?: number;
  /** The first minor that does not serve it. */
  readonly removed?: number;
  readonly replacement?: GroupVersionKind;
}

const method = /^func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed|Replacement)\(\)[^{]*\{\s*return (.*?)\s*\n\}/gms;
const replacementOf = /^schema\.GroupVersionKind\{Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"\}$/;

/** Throws where a marker is written in a way that is not known: one that is skipped would be a kind that never goes. */
export function readMarkers({ path, version, minor, directory }: ReadModule): readonly Marker[] {
  const markers: Marker[] = [];
  for (const folder of new Set(globSync('**/*.go', { cwd: directory }).map((file) => dirname(file)))) {
    const text = globSync('*.go', { cwd: join(directory, folder) })
      .filter((file) => !file.endsWith('_test.go'))
      .map((file) => readFileSync(join(directory, folder, file), 'utf8'))
      .filter((source) => source.includes('APILifecycle'))
      .join('\n');
    if (text === '') continue;
    const group = groupName(directory, folder);
    if (group === undefined) throw new Error(`${path}@${version} names no group for ${folder}`);
    const written = text.match(/^func \(.*\) APILifecycle\w+\(/gm)?.length ?? 0;
    const kinds = kindsOf(text);
    const read = kinds.values().reduce((sum, kind) => sum + kind.size, 0);
    if (read !== written) throw new Error(`${path}@${version} ${folder}: ${written} markers are written, ${read} could be read`);
    for (const [kind, returned] of kinds) {
      markers.push({ group, version: basename(folder), kind, source: `${path}@${version}`, minor, ...valuesOf(returned) });
    }
  }
  return markers;
}

function kindsOf(text: string): Map<string, Map<string, string>> {
  const kinds = new Map<string, Map<string, string>>();
  for (const [, kind = '', name = '', returned = ''] of text.matchAll(method)) {
    kinds.set(kind, (kinds.get(kind) ?? new Map<string, string>()).set(name, returned));
  }
  return kinds;
}

function valuesOf(returned: ReadonlyMap<string, string>): Pick<Marker, 'introduced' | 'deprecated' | 'removed' | 'replacement'> {
  const introduced = minorOf(returned.get('Introduced'));
  const deprecated = minorOf(returned.get('Deprecated'));
  const removed = minorOf(returned.get('Removed'));
  const replacement = returned.get('Replacement');
  return {
    ...(introduced !== undefined && { introduced }),
    ...(deprecated !== undefined && { deprecated }),
    ...(removed !== undefined && { removed }),
    ...(replacement !== undefined && { replacement: kindOf(replacement) }),
  };
}

/** 0, 0 is never. */
function minorOf(returned: string | undefined): number | undefined {
  if (returned === undefined || returned === '0, 0') return undefined;
  const minor = /^1, (\d+)$/.exec(returned)?.[1];
  if (minor === undefined) throw new Error(`a marker returns ${returned}, and not a minor of Kubernetes 1`);
  return Number(minor);
}

function kindOf(returned: string): GroupVersionKind {
  const [, group, version, kind] = replacementOf.exec(returned) ?? [];
  if (group === undefined || version === undefined || kind === undefined) throw new Error(`a marker names the replacement ${returned}`);
  return { group, version, kind };
}

/** Kubernetes' folders are not named as its groups are: flowcontrol is flowcontrol.apiserver.k8s.io. */
export function groupName(directory: string, folder: string): string | undefined {
  for (const file of [join(directory, folder, 'register.go'), join(directory, dirname(folder), 'register.go')]) {
    if (!existsSync(file)) continue;
    const name = /^\s*(?:const )?GroupName\s*=\s*"([^"]*)"/m.exec(readFileSync(file, 'utf8'))?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}
