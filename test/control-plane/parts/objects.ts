/** Writes Kubernetes objects of any kind, custom ones too, at the path that discovery gives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, expectGood } from './api-client.ts';

/** The least that names an object; everything else of it is sent as it is. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** The writes of a control plane, all as admin. Each throws with the server's message when it was not accepted. */
export interface ObjectWrites {
  /** Creates the object, or brings the one that is there to this shape (server-side apply). A CRD is served when this returns. */
  apply(object: KubernetesObject): Promise<unknown>;
  /** Writes only the status, through the status subresource: what a kubelet or controller would report. */
  applyStatus(object: KubernetesObject & { readonly status: unknown }): Promise<unknown>;
  /** Deletes it with what it owns, in the background; an object that is not there is fine. */
  delete(object: KubernetesObject): Promise<unknown>;
}

type Request = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;
interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** The writes over `request`, which sends as admin. */
export function objectWrites(request: Request): ObjectWrites {
  const collections = new Map<string, { readonly resource: string; readonly namespaced: boolean }>();

  async function collection(object: KubernetesObject): Promise<string> {
    const { apiVersion, kind } = object;
    const prefix = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = collections.get(`${apiVersion} ${kind}`) ?? (await discover(request, prefix, object));
    collections.set(`${apiVersion} ${kind}`, known);
    const namespace = known.namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : '';
    return `${prefix}${namespace}/${known.resource}`;
  }

  async function apply(object: KubernetesObject): Promise<unknown> {
    const path = await collection(object);
    let answer = await request('POST', path, object);
    if (answer.status === 409 && object.metadata.name !== undefined) {
      const manager = 'fieldManager=nightshift-test&force=true';
      answer = await request('PATCH', `${path}/${object.metadata.name}?${manager}`, object, 'application/apply-patch+yaml');
    }
    const applied = expectGood(`apply ${name(object)}`, answer);
    if (object.kind === 'CustomResourceDefinition') await untilServed(request, object);
    return applied;
  }

  return {
    apply,
    applyStatus: async (object) => {
      const path = `${await collection(object)}/${object.metadata.name}/status`;
      const answer = await request('PATCH', path, { status: object.status }, 'application/merge-patch+json');
      return expectGood(`apply the status of ${name(object)}`, answer);
    },
    delete: async (object) => {
      const answer = await request('DELETE', `${await collection(object)}/${object.metadata.name}`, { propagationPolicy: 'Background' });
      return answer.status === 404 ? answer.body : expectGood(`delete ${name(object)}`, answer);
    },
  };
}

/** Looks a kind up; a group that was only just applied takes a moment to appear. */
async function discover(request: Request, prefix: string, object: KubernetesObject) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const { status, body } = await request('GET', prefix);
    const list: ResourceList = status === 200 && typeof body === 'object' && body !== null ? body : {};
    const found = list.resources?.find((resource) => resource.kind === object.kind && !resource.name.includes('/'));
    if (found !== undefined) return { resource: found.name, namespaced: found.namespaced };
    await sleep(100);
  }
  throw new Error(`the API server serves no ${object.apiVersion} ${object.kind}`);
}

interface Definition {
  readonly spec?: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

async function untilServed(request: Request, definition: KubernetesObject & Definition): Promise<void> {
  const { spec } = definition;
  for (const version of spec?.versions.filter((each) => each.served) ?? []) {
    const path = `/apis/${spec?.group}/${version.name}/${spec?.names.plural}?limit=1`;
    let answer = await request('GET', path);
    for (let attempt = 0; attempt < 100 && answer.status !== 200; attempt++) {
      await sleep(50);
      answer = await request('GET', path);
    }
    expectGood(`GET ${path} after applying its definition`, answer);
  }
}

function name(object: KubernetesObject): string {
  const { name: own, generateName, namespace } = object.metadata;
  return `${object.apiVersion} ${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${own ?? `${generateName}*`}`;
}
