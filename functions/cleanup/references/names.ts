/** Names of objects in texts that people and programs wrote: arguments, values, annotations. */

/** RFC 1123 subdomains: what ConfigMaps, Secrets, claims and ServiceAccounts may be called. A trailing stop ends a sentence and no name. */
const nameInText = /[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/g;
const wholeName = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const placed = /([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\/([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)/g;
/** `system:serviceaccount:NAMESPACE:NAME`: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects */
const account = /system:serviceaccount:([-a-z0-9]+):([-a-z0-9.]+)/g;
const namespaceFlag = /(?:namespace|-n)(?:[=:\s"']|\\)+([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)/gi;

const longestName = 253;

/** Whether the text as a whole could be a name. */
export const isName = (text: string): boolean => text.length <= longestName && wholeName.test(text);

/** What in a text could be a name: `--config-map=shop/web` names `config-map`, `shop` and `web`. */
export const namesIn = (text: string): readonly string[] => {
  if (isName(text)) return [text];
  const names = text.match(nameInText) ?? [];
  return text.length > longestName ? names.filter((name) => name.length <= longestName) : names;
};

/** Of `shop/web` and of `system:serviceaccount:shop:web`: the namespace, and the name in it. */
export const placesIn = (text: string): readonly (readonly [namespace: string, name: string])[] => {
  const places: [string, string][] = [];
  if (text.includes('/')) for (const [, namespace = '', name = ''] of text.matchAll(placed)) places.push([namespace, name]);
  if (text.includes('system:serviceaccount:'))
    for (const [, namespace = '', name = ''] of text.matchAll(account)) places.push([namespace, name]);
  return places;
};

/** The namespaces that arguments speak of: `--secret-namespace=vault`, `-n vault`. */
export const namespacesIn = (text: string): readonly string[] => [...text.matchAll(namespaceFlag)].map(([, namespace = '']) => namespace);
