/** The API server notes who wrote an object. What a program declares it makes again when it is gone, and a Job then runs again. */
import type { GuardedMetadata, Held } from '../contracts.ts';

/** By the beginning of the manager's name in metadata.managedFields: unless told, the beginning of the client's user agent. */
const declaring: readonly (readonly [manager: RegExp, whose: string])[] = [
  [/^argocd/i, 'Argo CD'],
  [/^(kustomize|helm)-controller/i, 'Flux'],
  [/^helm$/i, 'Helm'],
  [/^(terraform|hashicorp|opentofu)/i, 'Terraform'],
  [/^pulumi/i, 'Pulumi'],
  [/crossplane/i, 'Crossplane'],
  [/^fleet/i, 'Rancher Fleet'],
  [/^kapp/i, 'kapp'],
  [/^configsync/i, 'Config Sync'],
];

/** Kept by who declares it: for all that no other object controls. */
export const declaredElsewhere = ({ managers = [], ownerReferences = [] }: GuardedMetadata): Held | undefined => {
  if (ownerReferences.some(({ controller }) => controller === true)) return undefined;
  for (const [pattern, whose] of declaring) {
    const manager = managers.find((each) => pattern.test(each));
    if (manager !== undefined) return { guard: 'declared-elsewhere', because: `${whose} declares it (field manager ${manager})` };
  }
  return undefined;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Who wrote what people declare of an object, each once; a status is its controller's. Empty where managedFields are not told. */
export const managersOf = (managedFields: unknown): readonly string[] => {
  if (!Array.isArray(managedFields)) return [];
  const managers = managedFields.flatMap((entry: unknown) =>
    isRecord(entry) && !entry.subresource && typeof entry.manager === 'string' ? [entry.manager] : [],
  );
  return [...new Set(managers)];
};
